"""The promotion flow: `lineage promote` from a browser, by the same gate; served beside the rebuild.

What is wrong in a request (no such version, no name) is refused where it is submitted, by the schema that the UI and
the API read. An override *is* its reason: there is no switch that could be set without one.
"""

from typing import Any

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed

from flows.alone import after_a_kill, alone
from flows.asking import asked
from flows.choices import Version, Words
from flows.notify import tell_somebody
from lineage.artifacts.calibration import find_calibration
from lineage.artifacts.promotions import Promotion
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import PROMOTIONS
from lineage.core.plain_text import for_markdown, one_line
from lineage.promotion.confirmation import CONFIRMED, answer, propose
from lineage.promotion.gate import promote
from lineage.promotion.known_errors import known_errors

TITLES = {
    "promoted": "is the champion",
    "overridden": "is the champion, by override of the gate",
    "proposed": "passed the gate and waits for a yes",
    "proposed by override": "was refused by the gate and waits for a yes all the same",
    "declined": "is not promoted: the answer was no",
}


def _run_name() -> str:
    given = runtime.flow_run.get_parameters()
    return f"promote {given.get('version')}" + (" · override" if given.get("override") else "")


@flow(name="promote", flow_run_name=_run_name, on_failure=[tell_somebody], on_crashed=[after_a_kill, tell_somebody])
def promote_version(version: Version, by: Words, because: str = "", override: str = "", ask: bool = False) -> Any:
    """Make a version the champion, if it is better than the present one and lost nothing. Each try is a look, and kept.

    Args:
        version: Who may become the champion.
        by: Your name: it stands beside the decision.
        because: Why: it stands beside the decision.
        override: Only to promote a version that the gate refuses: your reason, which is shown with the champion.
        ask: Show the verdict and wait for a person's yes in this run's page. Without it, the gate decides at once.
    """
    c = load_curriculum()
    if version not in c.versions:
        raise LineageError(f"version: unknown {version}; params.yaml has {', '.join(c.versions)}")
    why, overriding = override.strip() or because, bool(override.strip())
    with alone():
        given = (c, version, why, by, overriding)
        entry = propose(*given) if ask else promote(*given).entry
    text = _show(c, entry)
    if entry.kind in CONFIRMED:
        said = asked(f"Is {entry.name} to become the champion?", text)
        with alone():
            entry = answer(entry, said.yes, said.name, said.because)
        _show(c, entry)
        if not said.yes:
            return Completed(name="Declined", message=f"{said.name} said no; {PROMOTIONS} keeps the look")
    if not entry.promotes:
        raise LineageError(f"{entry.name} is not promoted: {'; '.join(map(one_line, entry.reasons))}")
    return None


def _show(c: Curriculum, entry: Promotion) -> str:
    """The decision with its figures and reasons, and what is known of the gate's errors, as an artifact; its text."""
    title = f"{entry.name} {TITLES.get(entry.kind, 'is not promoted')}"
    lines = [f"- {line}" for line in _figures(entry)]
    lines += [f"- {for_markdown(reason)}" for reason in entry.reasons]
    look = entry.look
    lines += [f"- look {look.number} at these held-out rows, tested at {look.level:.2g}"] if look else []
    lines += ["", f"It is kept in {PROMOTIONS}: commit that file. What is known of this gate's errors:", ""]
    lines += [f"- {for_markdown(line)}" for line in known_errors(c, find_calibration())]
    text = "\n".join([f"# {for_markdown(title)}", "", *lines])
    create_markdown_artifact(text, key="lineage-promotion", description=title)
    get_run_logger().info(title)
    for reason in entry.reasons:
        get_run_logger().info("  %s", one_line(reason))
    return text


def _figures(entry: Promotion) -> list[str]:
    """What it was compared with, and by how much it gained."""
    lines = [f"compared with {for_markdown(entry.against.version)}"] if entry.against else []
    if (out := entry.outcome) and out.gain is not None:
        interval = f", 95 % interval {out.interval[0]:+.3f} to {out.interval[1]:+.3f}" if out.interval else ""
        lines.append(f"weighted gain {out.gain:+.3f} {out.unit}{interval}")
    return lines
