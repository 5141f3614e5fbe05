"""Where MLflow's pages show the lineage: the table of runs, and the report."""

import os
from typing import Any

import httpx

from flows import MLFLOW_UI
from lineage.config.own_name import lineage_name
from lineage.core.errors import LineageError
from lineage.tracking.server import TRAINING_PAGES, runs_address


def mlflow_address() -> str | None:
    """Where people open MLflow; None where there is no server."""
    address = (os.environ.get(MLFLOW_UI) or os.environ.get("MLFLOW_TRACKING_URI", "")).rstrip("/")
    return address if address.startswith("http") else None


def runs_page(address: str) -> str:
    """The page with the table of all runs; before anything was published, the list of experiments."""
    return runs_address(address, find(address)[0])


def report_page(address: str) -> str | None:
    """The page that shows the report, if one was published."""
    experiment, run = find(address)
    return f"{address}/#/experiments/{experiment}/runs/{run}/artifacts/lineage.html{TRAINING_PAGES}" if run else None


def find(address: str) -> tuple[str | None, str | None]:
    """The experiment's and the report run's ids, asked of the server; None while they are not there."""
    api = f"{address.rstrip('/')}/api/2.0/mlflow"
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        found = httpx.get(
            f"{api}/experiments/get-by-name", params={"experiment_name": lineage_name()}, headers=headers, timeout=10
        ).raise_for_status()
        experiment: str = found.json()["experiment"]["experiment_id"]
        query: dict[str, Any] = {
            "experiment_ids": [experiment],
            "filter": "tags.lineage_key = 'report'",
            "max_results": 1,
        }
        answer = httpx.post(f"{api}/runs/search", json=query, headers=headers, timeout=10).raise_for_status()
        runs = answer.json().get("runs", [])
    except (httpx.HTTPError, KeyError, ValueError, LineageError):  # the last: params.yaml, while somebody edits it
        return None, None
    return experiment, runs[0]["info"]["run_id"] if runs else None
