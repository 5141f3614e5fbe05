"""The promotion flow: `lineage promote` from a browser, by the same gate; served beside the rebuild.

What is wrong in a request (no such version, no name) is refused where it is submitted, by the schema that the UI and
the API read. An override *is* its reason: there is no switch that could be set without one.
"""

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact

from flows.choices import Version, Words
from flows.rebuild_lock import only_rebuild
from flows.slot import free_what_was_left
from lineage.artifacts.calibration import find_calibration
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import PROMOTIONS
from lineage.core.plain_text import for_markdown, one_line
from lineage.promotion.gate import Promoting, promote
from lineage.promotion.known_errors import known_errors


def _run_name() -> str:
    asked = runtime.flow_run.get_parameters()
    return f"promote {asked.get('version')}" + (" · override" if asked.get("override") else "")


@flow(name="promote", flow_run_name=_run_name)
def promote_version(version: Version, by: Words, because: str = "", override: str = "") -> None:
    """Make a version the champion, if it is better than the present one and lost nothing. Each try is a look, and kept.

    Args:
        version: Who may become the champion.
        by: Your name: it stands beside the decision.
        because: Why.
        override: Only to promote a version that the gate refuses: your reason, which is shown with the champion.
    """
    c, me = load_curriculum(), runtime.flow_run
    if version not in c.versions:
        raise LineageError(f"version: unknown {version}; params.yaml has {', '.join(c.versions)}")
    with only_rebuild(me.name, str(me.id), get_run_logger().info, free_what_was_left):
        done = promote(c, version, override or because, by, override=bool(override.strip()))
    _show(done, list(known_errors(c, find_calibration())))
    if not done.entry.promotes:
        raise LineageError(f"{done.entry.name} is not promoted: {'; '.join(map(one_line, done.entry.reasons))}")


def _show(done: Promoting, errors: list[str]) -> None:
    """The decision with its reasons, and what is known of the gate's errors, in the log and as an artifact."""
    words = {"promoted": "is the champion", "overridden": "is the champion, by override of the gate"}
    title = f"{done.entry.name} {words.get(done.entry.kind, 'is not promoted')}"
    lines = [f"- {for_markdown(reason)}" for reason in done.entry.reasons]
    look = done.entry.look
    lines += [f"- look {look.number} at these held-out rows, tested at {look.level:.2g}"] if look else []
    lines += ["", f"It is kept in {PROMOTIONS}: commit that file. What is known of this gate's errors:", ""]
    lines += [f"- {for_markdown(line)}" for line in errors]
    text = "\n".join([f"# {for_markdown(title)}", "", *lines])
    create_markdown_artifact(text, key="lineage-promotion", description=title)
    get_run_logger().info(title)
    for reason in done.entry.reasons:
        get_run_logger().info("  %s", one_line(reason))
