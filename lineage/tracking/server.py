"""Which MLflow is filled: `MLFLOW_TRACKING_URI`, or a database in this workspace that needs no server."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lineage.config.own_name import lineage_name
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.paths import STATE
from lineage.core.stage import QUIET
from lineage.tracking.database import make_database
from lineage.tracking.notes import NOTE, with_peoples

FOLDER = STATE / "mlflow"

# Read by MLflow when it is imported. Its own seven retries of two minutes each would hold up a rebuild for a
# server that is not there.
SETTINGS = QUIET | {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def tracking_uri() -> str:
    """Where MLflow keeps runs; for the workspace's own database the path is made absolute at run time."""
    return os.environ.get("MLFLOW_TRACKING_URI") or local_uri()


def local_uri() -> str:
    """The workspace's own database."""
    return f"sqlite:///{local_database().absolute()}"


def local_database() -> Path:
    """The file of the workspace's own database."""
    return FOLDER / "mlflow.db"


def artifact_root() -> str:
    """Where the workspace's own MLflow keeps files."""
    return (FOLDER / "artifacts").absolute().as_uri()


def shown(uri: str) -> str:
    """A tracking URI without the password in it."""
    return re.sub(r"//[^/@]*@", "//", uri)


TRAINING_PAGES = "?workflowType=machine_learning"  # otherwise MLflow opens its pages for agents
# MLflow's table of runs shows no measure until somebody chooses columns. A view that was shared is a tag of the
# experiment, and a link may name it: the one that `publish` writes and all our links name.
VIEW = "lineage"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
COLUMNS = (
    "metrics.`all/nll`",
    "metrics.`all/right`",
    "metrics.`ancestors/kept`",
    "metrics.`own/nll_against_parent`",
    "tags.`against_parent`",
    "tags.`against_champion`",
    "tags.`lineage_state`",
)


def runs_address(address: str, experiment: str | None) -> str:
    """The page with the table of all runs of an experiment, with our columns; without one, the list of experiments."""
    place = f"/{experiment}/runs{TRAINING_PAGES}&viewStateShareKey={VIEW}" if experiment else TRAINING_PAGES
    return f"{address.rstrip('/')}/#/experiments{place}"


@contextmanager
def connected(uri: str) -> Iterator[Any]:
    """An `MlflowClient`; whatever goes wrong with its server becomes one message with a remedy.

    Raises:
        LineageError: the server does not answer, refuses, or its database is from another MLflow.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    FOLDER.mkdir(parents=True, exist_ok=True)
    import requests
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        if uri == local_uri():
            make_database(local_database())
        yield MlflowClient(uri, uri)
    except (MlflowException, SQLAlchemyError, requests.RequestException, OSError) as error:
        reason = shown(_without_token(str(error)).strip().partition("\n")[0][:300])
        local = "If it is damaged: rm -r .state/mlflow, nothing in it is the only place of a fact."
        remote = (
            f"{_refused(error) or 'Start or mend that server'}, or unset MLFLOW_TRACKING_URI to publish into this "
            f"workspace."
        )
        raise LineageError(
            f"MLflow at {shown(uri)} could not be filled: {reason}\n"
            f"  {local if uri == local_uri() else remote}\n"
            f"  Nothing is lost: it lies in {paths.MODELS}, {paths.METRICS}, {paths.REPORTS}. "
            f"Then run again: lineage publish"
        ) from error


def _without_token(text: str) -> str:
    """A server may repeat what it was sent."""
    token = os.environ.get("MLFLOW_TRACKING_TOKEN")
    return text.replace(token, "…") if token else text


def _refused(error: Exception) -> str:
    """What to do where the server does not know who asks; nothing if that is not what is wrong."""
    said, code = str(error), getattr(error, "error_code", "")
    if not re.search(r"error code 40[13]\b", said) and code not in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
        # Of an answer that is not MLflow's own, MLflow does not hand on the status.
        hint = "Start or mend that server (if it asks who you are, set MLFLOW_TRACKING_TOKEN)"
        return hint if said.startswith("INTERNAL_ERROR: Response") else ""
    if os.environ.get("MLFLOW_TRACKING_TOKEN"):
        return "it refuses the MLFLOW_TRACKING_TOKEN of this shell: take one that is valid there"
    return "it asks who you are: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"


def experiment(client: Any, uri: str, note: str) -> str:
    """The id of the experiment, made if need be, with `note` as its description."""
    found = client.get_experiment_by_name(lineage_name())
    if found is None:
        # A server knows where its files belong; for a database MLflow would take `mlruns` beside our sources.
        on_a_server = uri.startswith(("http:", "https:"))
        made: str = client.create_experiment(lineage_name(), None if on_a_server else artifact_root())
        found = client.get_experiment(made)
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if uri == local_uri() and found.artifact_location != artifact_root():
        raise LineageError(
            f"{FOLDER}: made for {found.artifact_location}, the workspace has been moved since. MLflow keeps "
            f"absolute paths, so make it again: rm -r {FOLDER} && lineage publish"
        )
    # The kind decides which pages the UI offers: those for training, not those for agents.
    present = found.tags.get(NOTE, "")
    told_before = not present.startswith(note[:40])
    for name, value in {
        NOTE: with_peoples(note, present, told_before=told_before),
        "mlflow.experimentKind": "custom_model_development",
        VIEW_TAG: json.dumps({"selectedColumns": COLUMNS, "orderByAsc": True, "runsHiddenMode": "FIRST_20_RUNS"}),
    }.items():
        if found.tags.get(name) != value:
            client.set_experiment_tag(found.experiment_id, name, value)
    identity: str = found.experiment_id
    return identity
