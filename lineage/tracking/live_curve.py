"""A training's curve in MLflow while it grows: a run `v3, in training` beside the finished ones.

    with live_curve("http://127.0.0.1:5000", "v3", print) as hear:
        hear("v3: step 120/225, loss 1.234, 31 s left")        # what the training prints

A training knows nothing of MLflow. Whoever runs it, a flow, hands its lines on; they are sent by a thread over MLflow's
own protocol, so that a server that is slow or away costs the training nothing. What is sent are the lines' losses, to
three digits, at the time they were printed. The curve of every step comes with `publish`, in the version's own run;
then this one goes to MLflow's bin.

A run that a killed process left is taken over by the next training of the version here, and closed by `publish`. A
training that goes on from its checkpoint goes on in its run.
"""

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Literal

import httpx

from lineage.config.own_name import lineage_name
from lineage.core.files import sha256_of
from lineage.core.paths import STATE
from lineage.tracking.server import artifact_root

LIVE_TAG, BY_TAG = "lineage_live", "lineage_by"  # the version that is in training, and in which workspace
LINE = re.compile(r"^(?P<version>\S+): step (?P<step>\d+)/(?P<steps>\d+), loss (?P<loss>-?[\d.]+)")
RESUMED = re.compile(r"^\S+: resumed at step \d+/\d+")
METRIC = "train/loss"
PATIENCE = 5.0  # seconds that the end of a training waits for the last points
TIMEOUT = 10.0  # seconds for a request

Ending = Literal["FINISHED", "FAILED", "KILLED"]


class LiveCurve:
    """What hears a training's lines. `hear` only puts them into a queue."""

    def __init__(self, server: str, version: str, say: Callable[[str], None]) -> None:
        self._server, self._version, self._say = server, version, say
        self._heard: SimpleQueue[tuple[float, str] | None] = SimpleQueue()
        self._ending: Ending = "FINISHED"
        self._thread = threading.Thread(target=self._follow, name=f"curve of {version}", daemon=True)
        self._thread.start()

    def hear(self, line: str) -> None:
        """A line that the training printed; those that tell of no step are passed over."""
        if LINE.match(line) or RESUMED.match(line):
            self._heard.put((time.time(), line))

    def end(self, ending: Ending) -> None:
        """The training has ended; its last points are waited for, but not for long."""
        self._ending = ending
        self._heard.put(None)
        self._thread.join(PATIENCE)

    def _follow(self) -> None:
        """Send what was heard, as much at once as there is."""
        run = None
        try:
            while (lines := self._waited()) is not None:
                if lines and run is None:
                    run = _LiveRun(self._server, self._version, resumed=bool(RESUMED.match(lines[0][1])))
                if run:
                    run.send(lines)
            if run:
                run.end(self._ending)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            self._say(
                f"the live curve of {self._version} ends here: MLflow does not take it ({type(error).__name__}); "
                f"the training goes on, and its whole curve is published after it"
            )

    def _waited(self) -> list[tuple[float, str]] | None:
        """The lines that came since; None at the end."""
        found = [self._heard.get()]
        while True:
            try:
                found.append(self._heard.get_nowait())
            except Empty:
                break
        if found[-1] is None:
            if len(found) > 1:
                self._heard.put(None)
                found = found[:-1]
            else:
                return None
        return [one for one in found if one is not None]


@contextmanager
def live_curve(server: str | None, version: str, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """A curve for the training inside, to be told each line; none where nobody knows an MLflow server to look at.

    Args:
        server: its address, or None.
        version: that is trained.
        say: told once if MLflow cannot be reached.
    """
    if not server:
        yield lambda line: None
        return
    curve = LiveCurve(server, version, say)
    ending: Ending = "KILLED"
    try:
        yield curve.hear
        ending = "FINISHED"
    except Exception:
        ending = "FAILED"
        raise
    finally:
        curve.end(ending)


def workspace_mark() -> str:
    """By which a live run is known to be of this workspace, on a server that several share."""
    return sha256_of([os.uname().nodename, str(STATE.absolute())])[:16]


def closed(client: Any, run: Any) -> bool:
    """Whether a run was the live one of a training in this workspace, which is in the bin now: nothing trains here.

    Args:
        client: an MlflowClient.
        run: as MLflow gives it.
    """
    if LIVE_TAG not in run.data.tags or run.data.tags.get(BY_TAG) != workspace_mark():
        return False
    client.delete_run(run.info.run_id)
    return True


class _LiveRun:
    """The run on the server, made or taken over."""

    def __init__(self, server: str, version: str, *, resumed: bool) -> None:
        token = os.environ.get("MLFLOW_TRACKING_TOKEN")
        user = os.environ.get("MLFLOW_TRACKING_USERNAME")
        self.client = httpx.Client(
            base_url=f"{server.rstrip('/')}/api/2.0/mlflow/",
            timeout=TIMEOUT,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            auth=(user, os.environ.get("MLFLOW_TRACKING_PASSWORD", "")) if user and not token else None,
        )
        self.last = 0
        experiment = self._experiment()
        left = self._left(experiment, version)
        self.id = ""
        for run in left:
            if resumed and not self.id:
                self.id = run["info"]["run_id"]
                told = [point for kind in run["data"].values() for point in kind if point["key"] == METRIC]
                self.last = max((int(point["step"]) for point in told), default=0)
                self._post("runs/update", run_id=self.id, status="RUNNING")
            else:
                self._post("runs/delete", run_id=run["info"]["run_id"])
        if not self.id:
            now = int(time.time() * 1000)
            tags = {LIVE_TAG: version, BY_TAG: workspace_mark(), "lineage_state": "in training", "version": version}
            made = self._post(
                "runs/create",
                experiment_id=experiment,
                start_time=now,
                run_name=f"{version}, in training",
                tags=[{"key": key, "value": value} for key, value in tags.items()],
            )
            self.id = made["run"]["info"]["run_id"]

    def send(self, lines: list[tuple[float, str]]) -> None:
        """Points that are new, each at the time of its line."""
        points = []
        for at, line in lines:
            if (found := LINE.match(line)) and int(found["step"]) > self.last:
                self.last = int(found["step"])
                stamp = int(at * 1000)
                points.append({"key": METRIC, "value": float(found["loss"]), "step": self.last, "timestamp": stamp})
        if points:
            self._post("runs/log-batch", run_id=self.id, metrics=points)

    def end(self, ending: Ending) -> None:
        """Close the run."""
        self._post("runs/update", run_id=self.id, status=ending, end_time=int(time.time() * 1000))
        self.client.close()

    def _experiment(self) -> str:
        answer = self.client.get("experiments/get-by-name", params={"experiment_name": lineage_name()})
        if answer.status_code == httpx.codes.NOT_FOUND:
            local = {} if os.environ.get("MLFLOW_TRACKING_URI") else {"artifact_location": artifact_root()}
            return str(self._post("experiments/create", name=lineage_name(), **local)["experiment_id"])
        return str(answer.raise_for_status().json()["experiment"]["experiment_id"])

    def _left(self, experiment: str, version: str) -> list[dict[str, Any]]:
        """The live runs of this version and workspace that are there, newest first."""
        wanted = f"tags.{LIVE_TAG} = '{version}' AND tags.{BY_TAG} = '{workspace_mark()}'"
        found = self._post("runs/search", experiment_ids=[experiment], filter=wanted, max_results=100)
        return list(found.get("runs", []))

    def _post(self, what: str, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(what, json=given).raise_for_status().json()
        return answer
