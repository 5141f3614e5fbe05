"""What a flow run leaves in Prefect's UI: a table of stages, a plan, links to MLflow and to the report."""

import os
from dataclasses import dataclass

from prefect import get_run_logger
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from flows import MLFLOW_UI
from flows.mlflow_pages import report_page, runs_page
from lineage.core.plain_text import for_markdown, one_line


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as the run left it: fresh, rebuilt, restored, not built, stopped, failed or not run."""

    stage: str
    outcome: str
    seconds: float


def write_summary(rows: list[StageRow]) -> None:
    """The table of all stages, what was done first."""
    counts = {
        outcome: sum(row.outcome == outcome for row in rows) for outcome in dict.fromkeys(r.outcome for r in rows)
    }
    done = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    lines = [f"| {row.stage} | {_mark(row.outcome)} | {row.seconds:.1f} |" for row in rows]
    table = "\n".join(["| stage | outcome | seconds |", "|---|---|---:|", *lines])
    create_markdown_artifact(f"# {done}\n\n{table}\n", key="lineage-summary", description=done)
    get_run_logger().info(done)


def write_plan(plan: list[tuple[str, str]]) -> None:
    """What a dry run found: stages and the reason why each would run."""
    title = f"{len(plan)} stages would run" if plan else "Everything is up to date"
    lines = [f"| {stage} | {for_markdown(why)} |" for stage, why in plan]
    table = "\n".join(["| stage | because |", "|---|---|", *lines]) if plan else ""
    create_markdown_artifact(f"# {title}\n\n{table}\n", key="lineage-plan", description=title)
    for stage, why in plan:
        get_run_logger().info("%s: %s", stage, one_line(why))
    get_run_logger().info(title)


def write_links() -> None:
    """Links to MLflow and to the report's page in it, if there is an MLflow that people can open."""
    address = (os.environ.get(MLFLOW_UI) or os.environ.get("MLFLOW_TRACKING_URI", "")).rstrip("/")
    if not address.startswith("http"):
        return
    create_link_artifact(runs_page(address), key="mlflow", link_text="MLflow: every version, its measures and curves")
    if report := report_page(address):
        create_link_artifact(report, key="report", link_text="The report")


def _mark(outcome: str) -> str:
    return f"**{outcome}**" if outcome in ("rebuilt", "stopped", "failed") else outcome
