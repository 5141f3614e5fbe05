"""What a flow run leaves in Prefect's UI: the plan with its cost, a table of stages, links to MLflow and the report."""

from dataclasses import dataclass

from prefect import get_run_logger
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from flows.mlflow_pages import mlflow_address, report_page, runs_page
from lineage.core.plain_text import for_markdown, one_line
from lineage.planning.cost import clock, span
from lineage.planning.duration import Seconds


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as the run left it: fresh, rebuilt, restored, not built, stopped, failed or not run."""

    stage: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A stage that would run: for certain, or only if what it stands on comes out different. seconds: None, unknown."""

    stage: str
    why: str
    seconds: Seconds | None
    certain: bool


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


def write_plan(plan: list[PlanRow], *, run: bool) -> None:
    """Stages, why each would run and for about how long.

    run: whether they run now, or were only asked for.
    """
    count = f"{len(plan)} stage{'s' if len(plan) != 1 else ''}"
    title = f"{count} {'to run' if run else 'would run'}: {_cost(plan)}" if plan else "Everything is up to date"
    lines = [f"| {row.stage} | {for_markdown(row.why)} | {span(row.seconds)} |" for row in plan]
    table = "\n".join(["| stage | because | about |", "|---|---|---:|", *lines]) if plan else ""
    create_markdown_artifact(f"# {title}\n\n{table}\n", key="lineage-plan", description=title)
    if not run:
        for row in plan:
            get_run_logger().info("%s: %s (%s)", row.stage, one_line(row.why), span(row.seconds))
    get_run_logger().info(title)


def _cost(plan: list[PlanRow]) -> str:
    """For certain and at most, as far as earlier runs on this machine tell it."""
    certain = sum(row.seconds.value for row in plan if row.seconds and row.certain)
    most = sum(row.seconds.value for row in plan if row.seconds)
    unknown = sum(row.seconds is None for row in plan)
    said = f"about {clock(certain)} for certain, {clock(most)} at most"
    return said + (f", without {unknown} that never ran here" if unknown else "")


def write_links() -> None:
    """Links to MLflow and to the report's page in it, if there is an MLflow that people can open."""
    if (address := mlflow_address()) is None:
        return
    every = "every version, its measures and curves"
    create_link_artifact(runs_page(address), key="mlflow", link_text=f"MLflow: {every}", description=every)
    if report := report_page(address):
        create_link_artifact(report, key="report", link_text="The report", description="versions beside each other")


def _mark(outcome: str) -> str:
    return f"**{outcome}**" if outcome in ("rebuilt", "stopped", "failed") else outcome
