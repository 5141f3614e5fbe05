"""A run that asks a person: it ends its process, waits in the UI as *Suspended*, and begins anew with the answer.

So nothing is held while it waits, be it for a week, and a restart of the servers does no harm. A run begins at its
first line after the answer, and comes to `asked` again: whatever is before that must come out the same, or is asked
about again, since an answer is one to what was shown.
"""

from typing import Literal

from prefect import get_run_logger, runtime
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.choices import Words
from lineage.core.errors import LineageError
from lineage.core.files import sha256_of


class Reply(RunInput):
    """What the page asks for when a run is resumed."""

    answer: Literal["no", "yes"] = Field("no", description="No changes nothing.")
    name: Words = Field(description="Your name: it stands beside the answer.")
    because: str = Field("", description="Why: it stands beside the answer.")

    @property
    def yes(self) -> bool:
        """Whether it is a yes."""
        return self.answer == "yes"


def asked(question: str, shown: str) -> Reply:
    """A person's answer; where there is none yet, the run is suspended here.

    question: the first line of what is shown. shown: Markdown, all that the answer is about.

    Raises:
        LineageError: this run has no page that it could be answered on.
    """
    if not runtime.deployment.id:
        raise LineageError("only a run of a deployment can ask: start it from the UI (`lineage ui`)")
    form = Reply.with_initial_data(description=f"{question}\n\n{shown}")
    get_run_logger().info("%s Answer it in the page of this run, by Resume.", question)
    return suspend_flow_run(wait_for_input=form, key=sha256_of([question, shown])[:16])
