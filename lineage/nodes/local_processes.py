"""The processes of one node: torchrun starts them here, each trains as `node_process.py`; and how they ended.

As on one machine (`lineage.training.launch`), they end with the process that started them, and a stop comes by a file.
"""

import json
import os
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lineage.core.errors import LineageError, Preempted
from lineage.core.files import write_json
from lineage.core.paths import STATE
from lineage.nodes.heartbeat import Heartbeat
from lineage.nodes.meeting import LOST, Meeting
from lineage.nodes.rendezvous import interface
from lineage.training import launch
from lineage.training.job import Job, Outcome


@dataclass(frozen=True, slots=True)
class Place:
    """What a process must know of the nodes: where they meet, which node it is on, how many processes each has."""

    address: str
    port: int
    node: int
    nodes: int
    each: int


def trained(job: Job, out: Path, meeting: Meeting) -> Outcome | None:
    """Train this node's share of a job; on the first node the adapter's two files lie in `out` afterwards.

    Returns what happened on the first node, None on the others.

    Raises:
        LineageError: what stopped a process on any node, as one message; or a node that is gone.
        Preempted: any node was asked to stop; a checkpoint is written.
    """
    folder = (STATE / "launch" / job.version).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    heartbeat = Heartbeat(meeting)
    heartbeat.start()
    code = _ran(job, out, meeting, heartbeat, folder)
    try:
        if (folder / "stopped").exists():
            _say_done(meeting, heartbeat)
            raise Preempted((folder / "stopped").read_text(encoding="utf-8"))
        if code or not (folder / "outcome.json").is_file():
            raise LineageError(_agreed(job, meeting, heartbeat, folder))
        _say_done(meeting, heartbeat)
    finally:
        heartbeat.stop()
    found = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    return Outcome(**found) if found else None


def _ran(job: Job, out: Path, meeting: Meeting, heartbeat: Heartbeat, folder: Path) -> int:
    """Start torchrun and wait for its end, or end it because of what another node says or does not say."""
    spec = job.profile.launch
    place = Place(meeting.at.address, meeting.at.port, meeting.node, spec.nodes, spec.each)
    layout = f"{spec.strategy}-{spec.processes}"  # as on one machine: a run may go on there
    with launch._passing_on_stop(folder), (folder / "log").open("wb") as log:
        with launch._alive(folder):
            launch.hand_over(replace(job, checkpoints=job.checkpoints / layout), out, folder)
            write_json(folder / "place.json", asdict(place))
            process = subprocess.Popen(
                _command(spec.each, folder),
                env=os.environ | _environment(job, meeting),
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches the stage alone
            )
            while process.poll() is None and not heartbeat.over and not heartbeat.silent():
                time.sleep(0.1)
        return process.wait()  # those that still run end with the lock that was held


def _command(processes: int, folder: Path) -> list[str]:
    """Torchrun for this node's processes alone, which meet through a file.

    The nodes have met already. Torchrun's own meeting listens on every interface, and unpickles what it is sent.
    """
    return [
        "lineage.nodes.node_process" if word == "lineage.training.rank_process" else word
        for word in launch._command(processes, folder)
    ]


def _environment(job: Job, meeting: Meeting) -> dict[str, str]:
    cores = max(1, (os.cpu_count() or 1) // job.profile.launch.each)
    way = interface(meeting.at)
    return launch._environment(job) | {
        "OMP_NUM_THREADS": str(job.profile.threads or cores),
        "GLOO_SOCKET_IFNAME": way,
        "NCCL_SOCKET_IFNAME": way,
    }


def _say_done(meeting: Meeting, heartbeat: Heartbeat) -> None:
    """Say that this node is done; the first one stays until all others have said so, or are silent."""
    if meeting.arrival:
        heartbeat.say("")
    else:
        _wait_for_the_others(heartbeat)


def _agreed(job: Job, meeting: Meeting, heartbeat: Heartbeat, folder: Path) -> str:
    """Why the training failed, the same on every node: the first node decides and tells the others."""
    own, ours = str(launch._what_went_wrong(job, folder)), _is_ours(folder)
    if meeting.arrival:
        return _told_by_the_first(job, heartbeat, own, ours)
    if not ours:
        _wait_for_the_others(heartbeat)
    said = [json.loads(text) for text in heartbeat.failed.values() if text]
    of_another = next((one["text"] for one in said if one["ours"]), "")
    gone = heartbeat.lost(job.version)
    why = own if ours else of_another or (gone and f"{gone}; {_go_on(job)}") or own
    meeting.end(why)
    return why


def _told_by_the_first(job: Job, heartbeat: Heartbeat, own: str, ours: bool) -> str:
    heartbeat.say(json.dumps({"ours": ours, "text": own}))
    deadline = time.monotonic() + 2 * LOST
    while not heartbeat.over and not heartbeat.silent() and time.monotonic() < deadline:
        time.sleep(0.1)
    gone = heartbeat.lost(job.version)
    return heartbeat.over or (own if ours else gone and f"{gone}; {_go_on(job)}") or own


def _wait_for_the_others(heartbeat: Heartbeat) -> None:
    """Until each of the others has said how it ended, or is silent: twice the silence at most."""
    deadline = time.monotonic() + 2 * LOST
    while time.monotonic() < deadline and len({*heartbeat.failed, *heartbeat.silent()}) < len(heartbeat.heard):
        time.sleep(0.1)


def _is_ours(folder: Path) -> bool:
    """Whether a process here failed with a message for people, rather than because another one did."""
    return any(json.loads(file.read_text(encoding="utf-8"))["ours"] for file in folder.glob("error-*.json"))


def _go_on(job: Job) -> str:
    return (
        f"run dvc repro train@{job.version} on the first node and lineage join {job.version} on the others to go on "
        "from the newest checkpoint"
    )
