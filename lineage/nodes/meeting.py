"""The meeting of the nodes, over a store of torch that the first node serves at `launch.rendezvous`.

    arrivals        how many nodes came; each is known by its number from then on
    hello/2         what the second one would train, and its name
    answer/2        empty: it may stay; otherwise why not
    start           {"2": 1, "3": 2}: the arrivals that take part, and which node each is
    alive/2         a number that grows as long as the node lives
    failed/2        what went wrong there; an empty text: all is done
    over            why the training ends on all nodes

Values are text, and nothing of them is ever run. Who reaches the port can disturb a training, so it belongs on a
network of one's own.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lineage.core.errors import LineageError
from lineage.nodes.rendezvous import Rendezvous, answers, listening
from lineage.nodes.sameness import Facts, differences, refusal

LOST = 10.0  # seconds of silence after which a node counts as gone
POLL = 0.2
TOLD = 1.5  # seconds that the first node stays, so that the others read why it goes
NAMESPACE = "krx-lineage"


@dataclass(slots=True)
class Meeting:
    """The nodes that train together, as one of them sees it.

    Attributes:
        store: what they write to one another.
        at: where it is.
        arrival: the number of this node; 0: the first.
        others: of the first node: the other nodes' names, by arrival.
        node: which node this is, from 0; known once all are there.
    """

    store: Any
    at: Rendezvous
    arrival: int = 0
    others: dict[int, str] = field(default_factory=dict)
    node: int = 0

    def read(self, key: str) -> str | None:
        """What stands under a key; None: nothing yet. Never waits for it."""
        return self.store.get(key).decode() if self.store.check([key]) else None

    def end(self, why: str) -> None:
        """Tell all nodes that the training is over."""
        self.store.set("over", why)
        time.sleep(TOLD)


def opened(at: Rendezvous) -> Meeting:
    """Begin to listen at an address of this machine.

    Raises:
        LineageError: it is none, or the port is taken.
    """
    from torch.distributed import PrefixStore, TCPStore

    with listening(at) as socket:
        # Given the socket: by itself the store would listen on every interface.
        handle = socket.detach()
    store = TCPStore(
        at.address, at.port, is_master=True, wait_for_workers=False, master_listen_fd=handle, timeout=_timeout()
    )
    return Meeting(PrefixStore(NAMESPACE, store), at)


def gathered(meeting: Meeting, mine: Facts, nodes: int, patience: float) -> None:
    """Wait until all nodes are there and alike; who is not alike is told why, and may come again.

    Args:
        meeting: this node's, the first's.
        mine: what it would train.
        nodes: how many there are to be, this one included.
        patience: seconds to wait.

    Raises:
        LineageError: not all came in time.
    """
    refused: list[str] = []
    heard: dict[int, tuple[str | None, float]] = {}
    seen, deadline = 0, time.monotonic() + patience
    while len(meeting.others) < nodes - 1:
        if time.monotonic() > deadline:
            came = [f"{len(meeting.others) + 1} of {nodes} nodes are here"]
            why = "; ".join([*came, *refused])
            version = mine["version"]
            meeting.end(f"{version}: the first node waited {patience:g} s for all nodes and gave up")
            raise LineageError(
                f"{version}: not all nodes came to {meeting.at} within {patience:g} s ({why}). Nothing was trained. On "
                f"each other node, in a checkout of the same commit with what is pulled by DVC, run: lineage join "
                f"{version}; then run this again. To wait longer, raise profiles.<profile>.launch.patience"
            )
        if (hello := meeting.read(f"hello/{seen + 1}")) is not None:
            seen += 1
            said = json.loads(hello)
            if differing := differences(mine, said["facts"]):
                refused.append(f"{said['name']} was refused: {refusal(differing)}")
                print(f"{mine['version']}: {refused[-1]}")
                meeting.store.set(f"answer/{seen}", refusal(differing))
            else:
                meeting.others[seen], heard[seen] = said["name"], (None, time.monotonic())
                meeting.store.set(f"answer/{seen}", "")
                print(f"{mine['version']}: {said['name']} is here, {len(meeting.others) + 1} of {nodes} nodes")
        for arrival in list(meeting.others):
            beat = meeting.read(f"alive/{arrival}")
            if beat != heard[arrival][0]:
                heard[arrival] = (beat, time.monotonic())
            elif time.monotonic() - heard[arrival][1] > LOST:
                print(f"{mine['version']}: {meeting.others.pop(arrival)} went away again")
        time.sleep(POLL)
    meeting.store.set("start", json.dumps({arrival: place + 1 for place, arrival in enumerate(meeting.others)}))


def joined(at: Rendezvous, mine: Facts, patience: float) -> Meeting:
    """Come to the first node, be found alike, and wait until all are there.

    Args:
        at: where the first node listens.
        mine: what this node would train.
        patience: seconds to wait.

    Raises:
        LineageError: nobody was there in time, this node differs, or the first node gave up.
    """
    version, meeting = mine["version"], _come(at, mine["version"], patience)
    try:
        return _waited(meeting, mine, patience)
    except RuntimeError as error:
        raise LineageError(f"{version}: the first node at {at} went away; nothing was trained ({error})") from error


def _waited(meeting: Meeting, mine: Facts, patience: float) -> Meeting:
    deadline, version, at = time.monotonic() + patience, mine["version"], meeting.at
    meeting.arrival = meeting.store.add("arrivals", 1)
    hello = {"name": f"{platform.node()} (process {os.getpid()})", "facts": mine}
    meeting.store.set(f"hello/{meeting.arrival}", json.dumps(hello))
    beats = 0
    while (start := meeting.read("start")) is None:
        beats += 1
        meeting.store.set(f"alive/{meeting.arrival}", str(beats))
        if why := meeting.read("over"):
            raise LineageError(why)
        if why := meeting.read(f"answer/{meeting.arrival}"):
            raise LineageError(f"{version}: this node differs from the first and takes no part: {why}")
        if time.monotonic() > deadline:
            raise LineageError(f"{version}: not all nodes came to {at} within {patience:g} s; nothing was trained")
        time.sleep(POLL)
    places = json.loads(start)
    if str(meeting.arrival) not in places:
        raise LineageError(f"{version}: the training at {at} has its {len(places) + 1} nodes already")
    meeting.node = places[str(meeting.arrival)]
    return meeting


def _come(at: Rendezvous, version: str, patience: float) -> Meeting:
    from torch.distributed import PrefixStore, TCPStore

    def connected() -> Any:
        return TCPStore(at.address, at.port, is_master=False, wait_for_workers=False, timeout=_timeout())

    if not _within(patience, lambda: answers(at)):
        raise LineageError(
            f"{version}: nobody listened at {at} for {patience:g} s. On the first node run: dvc repro train@{version} "
            f"(if it is trained there already, there is nothing to join); then run this again"
        )
    try:
        return Meeting(PrefixStore(NAMESPACE, connected()), at)
    except RuntimeError as error:
        raise LineageError(f"{version}: what listens at {at} is no training of this project ({error})") from error


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def _timeout() -> timedelta:
    return timedelta(seconds=LOST)
