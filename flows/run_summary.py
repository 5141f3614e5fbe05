"""What a flow run leaves in Prefect's UI: a table of stages, a plan, links to MLflow and to the report."""

import os
import re
from dataclasses import dataclass
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import create_link_artifact, create_markdown_artifact

from flows import MLFLOW_UI, TRAINING_PAGES
from flows.repro import CONTROL

EXPERIMENT = "krx-lineage"


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as the run left it: fresh, rebuilt, restored, stopped, failed or not run."""

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
    lines = [f"| {stage} | {as_text(why)} |" for stage, why in plan]
    table = "\n".join(["| stage | because |", "|---|---|", *lines]) if plan else ""
    create_markdown_artifact(f"# {title}\n\n{table}\n", key="lineage-plan", description=title)
    for stage, why in plan:
        get_run_logger().info("%s: %s", stage, why)
    get_run_logger().info(title)


def write_links() -> None:
    """Links to MLflow and to the report's page in it, if there is an MLflow that people can open."""
    address = (os.environ.get(MLFLOW_UI) or os.environ.get("MLFLOW_TRACKING_URI", "")).rstrip("/")
    if not address.startswith("http"):
        return
    experiment, report = _find(address)
    where = f"{address}/#/experiments/{experiment}" if experiment else f"{address}/#/experiments"
    create_link_artifact(
        f"{where}{TRAINING_PAGES}", key="mlflow", link_text="MLflow: every version, its measures and curves"
    )
    if report:
        create_link_artifact(
            f"{where}/runs/{report}/artifacts/lineage.html{TRAINING_PAGES}",
            key="report",
            link_text="The report",
        )


def _find(address: str) -> tuple[str | None, str | None]:
    """The experiment's and the report run's ids, asked of the server; None while they are not there."""
    import httpx

    api = f"{address}/api/2.0/mlflow"
    try:
        found = httpx.get(f"{api}/experiments/get-by-name", params={"experiment_name": EXPERIMENT}, timeout=10)
        found.raise_for_status()
        experiment: str = found.json()["experiment"]["experiment_id"]
        query: dict[str, Any] = {
            "experiment_ids": [experiment],
            "filter": "tags.lineage_key = 'report'",
            "max_results": 1,
        }
        runs = httpx.post(f"{api}/runs/search", json=query, timeout=10).raise_for_status().json().get("runs", [])
    except (httpx.HTTPError, KeyError, ValueError):
        return None, None
    return experiment, runs[0]["info"]["run_id"] if runs else None


def as_text(said: str) -> str:
    """Words from files and people for a cell of a Markdown table: shown as they are, and obeyed as nothing."""
    marked = re.sub(
        r"[\\`*_{}\[\]<>()#+!|~-]", lambda sign: f"&#{ord(sign[0])};", CONTROL.sub("", said.replace("&", "&amp;"))
    )
    return " ".join(marked.split())


def _mark(outcome: str) -> str:
    return f"**{outcome}**" if outcome in ("rebuilt", "stopped", "failed") else outcome
