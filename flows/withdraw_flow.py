"""The withdrawal flow: `lineage withdraw` from a browser. What it would reach is shown first, and a person asked."""

import sys
from typing import Annotated, Any

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed
from pydantic import Field

from flows.alone import after_a_kill, alone
from flows.asking import asked
from flows.choices import NOTHING, SourceOrNothing
from flows.guarded import compute
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.plain_text import for_markdown
from lineage.planning.dvc_graph import complaint
from lineage.withdrawal.reach import Reach
from lineage.withdrawal.withdraw import plan

SHOWN = 30  # raw files that are named
Sha256 = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]


def _run_name() -> str:
    given = runtime.flow_run.get_parameters()
    return f"withdraw {_subject(given.get('source', NOTHING), given.get('document', ''))[:20]}"


@flow(name="withdraw", flow_run_name=_run_name, on_crashed=[after_a_kill])
def withdraw_subject(source: SourceOrNothing = NOTHING, document: Sha256 = "") -> Any:
    """Take a source or a document out of everything made from it, and prove it. First shows what that is, and asks.

    Args:
        source: The source to withdraw, or none if it is a document.
        document: Or one document, by the SHA-256 of its file.
    """
    name = _subject(source, document)
    if not name or (source != NOTHING and document):
        raise LineageError("choose a source, or give the SHA-256 of a document; one of the two")
    c = load_curriculum()
    text = reached(c, name, plan(c, name))
    create_markdown_artifact(text, key="lineage-withdrawal", description=f"what {name} reached")
    said = asked(f"Is {name} to be withdrawn? Its own raw files are deleted for good.", text)
    if not said.yes:
        return Completed(name="Declined", message=f"{said.name} said no; nothing was changed")
    get_run_logger().info("%s said yes. %s", said.name, said.because)
    command = [sys.executable, "-m", "lineage.cli", "withdraw", name, "--yes"]
    with alone() as holder:  # what it reached is trained again
        code, lines = compute(f"withdraw {name[:20]}", command, variables={"COLUMNS": "120"}, held=holder.fileno())
    proof = "\n".join(["# What was searched afterwards", "", "```", *lines[-60:], "```", ""])
    create_markdown_artifact(proof, key="lineage-withdrawal-proof", description=f"{name} afterwards")
    if code:
        raise LineageError(f"{name}: {complaint(lines)}; run it again, here or by: lineage withdraw {name}")
    return None


def _subject(source: str, document: str) -> str:
    return document if source == NOTHING else source


def reached(c: Curriculum, name: str, reach: Reach) -> str:
    """What a withdrawal would reach, as Markdown."""
    kinds = [("raw files, deleted", c.raw_folder("").as_posix(), f"{len(reach.raw):,}")]
    kinds += [("documents", (paths.DOCUMENTS / c.data).as_posix(), f"{len(reach.documents):,}")]
    kinds += [("records", source, f"{len(ids):,}") for source, ids in reach.records.items()]
    kinds += [("mix", version, f"{rows:,} rows") for version, rows in reach.mixes.items()]
    kinds += [("adapter, trained again", version, why) for version, why in reach.adapters.items()]
    kinds += [("export, removed", export.as_posix(), "") for export in reach.exports]
    lines = [f"# {for_markdown(name)} reached", "", "| what | where | how much |", "|---|---|---|"]
    lines += [f"| {' | '.join(map(for_markdown, row))} |" for row in kinds]
    if reach.raw:
        lines += ["", "Raw files that would be deleted:", ""]
        lines += [f"- {for_markdown(file.as_posix())}" for file in reach.raw[:SHOWN]]
        lines += [f"- {len(reach.raw) - SHOWN:,} more"] if len(reach.raw) > SHOWN else []
    return "\n".join(lines) + "\n"
