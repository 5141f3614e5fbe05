"""MLflow: runs and registered versions of adapters that were trained on withdrawn text, and answers that show it."""

import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage.artifacts.manifest import AdapterManifest, parsed_manifest
from lineage.config.own_name import lineage_name
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.tracking.server import connected, tracking_uri


def runs_of(adapters: Collection[str]) -> list[str]:
    """The ids of all runs, those in the bin too, of adapters given by their SHA-256."""
    with connected(tracking_uri()) as client:
        return [run.info.run_id for run in _runs(client) if run.data.tags.get("adapter") in adapters]


def adapters_of_runs() -> list[tuple[str, str, AdapterManifest | None]]:
    """Of every run that is of an adapter, those in the bin too: what to call it, the adapter, and its record.

    MLflow may hold weights that this machine built long ago, or never: another clone did. None: there is no record, as
    in a run that a killed publish left half full.

    Raises:
        LineageError: a record cannot be read; the withdrawal stops, which it might escape.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    found = []
    with connected(tracking_uri()) as client, TemporaryDirectory() as scratch:
        for run in _runs(client):
            if adapter := run.data.tags.get("adapter"):
                called = f"MLflow run {run.data.tags.get('version', '')} {run.info.run_id}"
                store = get_artifact_repository(run.info.artifact_uri)
                record, manifest = f"adapter/{paths.training_record('').name}", None
                if record in _files(store, "adapter"):
                    at = Path(scratch) / run.info.run_id
                    at.mkdir()
                    content = Path(store.download_artifacts(record, str(at))).read_bytes()
                    manifest = parsed_manifest(content, Path(called, record), "delete the run, and run this again")
                found.append((called, adapter, manifest))
    return found


def remove_runs(adapters: Collection[str]) -> int:
    """Delete those runs for good, with their files and registered versions; returns how many there were.

    Raises:
        LineageError: a server that lets no client empty its bin; the message says what its keeper runs.
    """
    uri = tracking_uri()
    with connected(uri) as client:
        gone = [run for run in _runs(client) if run.data.tags.get("adapter") in adapters]
        ids = [run.info.run_id for run in gone]
        for version in client.search_model_versions(f"name = '{lineage_name()}'", max_results=10_000):
            if version.run_id in ids:
                for tag in version.tags:  # MLflow keeps those of a deleted version
                    client.delete_model_version_tag(lineage_name(), version.version, tag)
                client.delete_model_version(lineage_name(), version.version)
        for run in gone:
            if run.info.lifecycle_stage == "active":
                client.delete_run(run.info.run_id)
    if not ids:
        return 0
    if uri.startswith(("http:", "https:")):
        raise LineageError(
            f"{len(ids)} runs are in the bin of the MLflow server, which no client can empty. Its keeper runs, beside "
            f"its database: mlflow gc --backend-store-uri <its database> --run-ids {','.join(ids)}; "
            f"then run this command again"
        )
    stores = ["--backend-store-uri", uri, "--tracking-uri", uri]
    command = [sys.executable, "-m", "mlflow", "gc", *stores, "--run-ids", ",".join(ids)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise LineageError(f"mlflow gc failed:\n{done.stderr[-2000:]}\nRun this command again; what is gone stays gone")
    if uri.startswith("sqlite:///"):
        _give_back_space(Path(uri.removeprefix("sqlite:///")))
    return len(ids)


def artifacts_with(marks: re.Pattern[bytes]) -> list[tuple[Any, str]]:
    """The files of all runs, those in the bin too, that hold any of the marks: their store, and their path in it.

    Answers to held-out rows are told of every version and of the base, whatever it was trained on. Weights show
    nothing: a run of an adapter goes with `remove_runs`.
    """
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    found = []
    with connected(tracking_uri()) as client, TemporaryDirectory() as scratch:
        for run in _runs(client):
            store = get_artifact_repository(run.info.artifact_uri)
            for path in _files(store, ""):
                if not path.startswith("adapter/"):
                    at = Path(scratch) / run.info.run_id
                    at.mkdir(exist_ok=True)
                    if marks.search(Path(store.download_artifacts(path, str(at))).read_bytes()):
                        found.append((store, path))
    return found


def remove_artifacts(marks: re.Pattern[bytes]) -> int:
    """Delete those files; the next `publish` brings back what is still told of a run, without the marks."""
    found = artifacts_with(marks)
    for store, path in found:
        store.delete_artifacts(path)
    return len(found)


def _files(store: Any, folder: str) -> Iterator[str]:
    for entry in store.list_artifacts(folder or None):
        if entry.is_dir:
            yield from _files(store, entry.path)
        else:
            yield entry.path


def _runs(client: Any) -> Iterator[Any]:
    from mlflow.entities import ViewType

    experiment = client.get_experiment_by_name(lineage_name())
    token = None
    while experiment:
        page = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _give_back_space(database: Path) -> None:
    """Deleted rows stay readable in a SQLite file until it is written anew."""
    import sqlite3

    with sqlite3.connect(database) as connection:
        connection.execute("VACUUM")
    connection.close()
