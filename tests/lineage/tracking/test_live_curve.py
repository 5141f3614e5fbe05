"""A training's loss in MLflow while it is made: over a real MLflow server, and with one that is away."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lineage.config.schema import DEFAULT_NAME
from lineage.tracking import live_curve as module
from lineage.tracking.live_curve import BY_TAG, LIVE_TAG, live_curve
from lineage.tracking.publish import publish
from lineage.tracking.server import local_uri


@pytest.fixture
def server(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """MLflow's own server on the workspace's database, in a thread."""
    import mlflow
    from mlflow.server import app, handlers
    from werkzeug.serving import make_server

    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", local_uri())
    monkeypatch.setenv("_MLFLOW_SERVER_ARTIFACT_ROOT", (workspace / ".state/mlflow/artifacts").as_uri())
    monkeypatch.setattr(handlers, "_tracking_store", None)
    serving = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{serving.server_port}"
    httpx.post(f"{address}/api/2.0/mlflow/experiments/search", json={"max_results": 1}, timeout=60).raise_for_status()
    os.environ.pop("MLFLOW_TRACKING_URI")  # which the server sets for its own process: here it is ours
    yield address
    serving.shutdown()
    mlflow.set_tracking_uri(None)
    os.environ.pop("MLFLOW_TRACKING_URI", None)


def client() -> Any:
    from mlflow import MlflowClient

    return MlflowClient(local_uri(), local_uri())


def live() -> list[Any]:
    found = client().get_experiment_by_name(DEFAULT_NAME)
    runs = client().search_runs([found.experiment_id]) if found else []
    return [run for run in runs if LIVE_TAG in run.data.tags]


def curve(run: Any) -> list[tuple[int, float]]:
    return sorted((p.step, p.value) for p in client().get_metric_history(run.info.run_id, "train/loss"))


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_curve_grows_while_the_training_runs_and_gives_way_to_the_versions_own_run(server: str) -> None:
    said: list[str] = []
    with live_curve(server, "v2", said.append) as hear:
        hear("Running stage 'train@v2':")
        hear("v2: step 10/40, loss 4.125, 31 s left")
        until(lambda: live() and curve(live()[0]) == [(10, 4.125)])
        (run,) = live()
        assert (run.info.status, run.info.run_name) == ("RUNNING", "v2, in training")
        hear("v2: step 20/40, loss 3.5, 20 s left")
        hear("v2: adapter 0123456789ab, final loss 3.100")
        until(lambda: len(curve(run)) == 2)
        stamps = [p.timestamp / 1000 for p in client().get_metric_history(run.info.run_id, "train/loss")]
        assert all(abs(stamp - time.time()) < 60 for stamp in stamps)
    assert live()[0].info.status == "FINISHED" and said == []
    publish(local_uri())
    assert live() == []
    publish(local_uri())


def test_a_training_that_goes_on_goes_on_in_its_run_and_another_one_begins_anew(server: str) -> None:
    with pytest.raises(KeyboardInterrupt), live_curve(server, "v2", print) as hear:
        hear("v2: step 10/40, loss 4.0, 31 s left")
        hear("v2: step 20/40, loss 3.5, 21 s left")
        raise KeyboardInterrupt
    (stopped,) = live()
    assert stopped.info.status == "KILLED"
    with live_curve(server, "v2", print) as hear:
        hear("v2: resumed at step 15/40")
        hear("v2: step 18/40, loss 3.6, 20 s left")  # told before
        hear("v2: step 25/40, loss 3.25, 11 s left")
    (run,) = live()
    assert run.info.run_id == stopped.info.run_id and run.info.status == "FINISHED"
    assert curve(run) == [(10, 4.0), (20, 3.5), (25, 3.25)]
    with pytest.raises(ValueError, match="out of memory"), live_curve(server, "v2", print) as hear:
        hear("v2: step 5/40, loss 6.0, 40 s left")
        raise ValueError("out of memory")
    (again,) = live()
    assert again.info.run_id != run.info.run_id
    assert (again.info.status, curve(again)) == ("FAILED", [(5, 6.0)])


def test_what_is_trained_elsewhere_stays(server: str) -> None:
    with live_curve(server, "v2", print) as hear:
        hear("v2: step 10/40, loss 4.0, 31 s left")
    (run,) = live()
    client().set_tag(run.info.run_id, BY_TAG, "another workspace")
    publish(local_uri())
    assert [one.info.run_id for one in live()] == [run.info.run_id]


def test_nothing_is_told_of_a_version_that_was_not_trained_or_where_there_is_no_server(server: str) -> None:
    for address in (server, None):
        with live_curve(address, "v2", print) as hear:
            hear("v2: taken up again")
    assert live() == []


def test_a_server_that_is_away_costs_the_training_one_line(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        said: list[str] = []
        with live_curve(f"http://127.0.0.1:{taken.getsockname()[1]}", "v2", said.append) as hear:
            hear("v2: step 10/40, loss 4.0, 31 s left")
            until(lambda: said)
            hear("v2: step 20/40, loss 3.5, 21 s left")
    assert len(said) == 1 and "the training goes on" in said[0]


def test_a_server_that_hangs_holds_the_end_of_a_training_no_longer_than_its_patience(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen()
        begun = time.monotonic()
        with live_curve(f"http://127.0.0.1:{hanging.getsockname()[1]}", "v2", print) as hear:
            hear("v2: step 10/40, loss 4.0, 31 s left")
        assert time.monotonic() - begun < module.TIMEOUT
