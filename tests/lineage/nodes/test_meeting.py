"""Nodes that meet: who is alike stays, who is not is told why, who does not come is not waited for for good."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psutil
import pytest

from lineage.core.errors import LineageError
from lineage.nodes import heartbeat, meeting
from lineage.nodes.heartbeat import Heartbeat
from lineage.nodes.meeting import Meeting, gathered, joined, opened
from lineage.nodes.rendezvous import Rendezvous, interface, listening, rendezvous
from lineage.nodes.sameness import Facts
from tests.lineage.nodes.test_several_nodes import free_port

MINE = {"version": "v3", "package torch": "2.13.0", "data/mixes/v3": "a" * 64, "profiles.cpu.batch_size": "2"}


@pytest.fixture
def at() -> Rendezvous:
    return Rendezvous("localhost", "127.0.0.1", free_port())


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def come(beside: ThreadPoolExecutor, at: Rendezvous, facts: Facts, patience: float = 20) -> "Future[Meeting]":
    return beside.submit(joined, at, facts, patience)


def test_nodes_that_are_alike_meet(at: Rendezvous, beside: ThreadPoolExecutor) -> None:
    others = [come(beside, at, MINE) for _ in range(2)]  # they may come before the first one listens
    first = opened(at)
    listened = {c.laddr.ip for c in psutil.Process().net_connections() if c.laddr.port == at.port and not c.raddr}
    assert listened == {"127.0.0.1"}, "nothing listens on another interface"
    gathered(first, MINE, 3, 20)
    assert sorted(other.result().node for other in others) == [1, 2]
    with pytest.raises(LineageError, match=r"the training at localhost:.* has its 3 nodes already"):
        come(beside, at, MINE).result()


def test_a_node_that_differs_is_refused_by_name_and_may_come_again(
    at: Rendezvous, beside: ThreadPoolExecutor, capsys: pytest.CaptureFixture[str]
) -> None:
    first = opened(at)
    other = come(beside, at, MINE | {"package torch": "2.12.0", "data/mixes/v3": "b" * 64})
    waiting = beside.submit(gathered, first, MINE, 2, 20)
    refused = (
        "package torch: 2.13.0 on the first node, 2.12.0 there; data/mixes/v3: aaaaaaaaaaaa on the first node, "
        r"bbbbbbbbbbbb there. There: install the same packages \(constraints.txt\), bring its data \(dvc pull\)"
    )
    with pytest.raises(LineageError, match=rf"v3: this node differs from the first and takes no part: {refused}"):
        other.result()
    assert come(beside, at, MINE).result().node == 1
    waiting.result()
    assert "was refused: package torch: 2.13.0 on the first node" in capsys.readouterr().out


def test_a_node_that_never_comes(at: Rendezvous, beside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "TOLD", 0.6)
    other = come(beside, at, MINE)
    with pytest.raises(
        LineageError, match=r"not all nodes came .* within 1 s \(2 of 3 nodes are here\).*lineage join v3"
    ):
        gathered(opened(at), MINE, 3, 1)
    with pytest.raises(LineageError, match="v3: the first node waited 1 s for all nodes and gave up"):
        other.result()


def test_a_first_node_that_never_comes(at: Rendezvous) -> None:
    with pytest.raises(LineageError, match=r"v3: nobody listened at localhost:.*dvc repro train@v3"):
        joined(at, MINE, 0.3)


def test_a_node_that_goes_away_while_it_waits_leaves_its_place(
    at: Rendezvous, beside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "LOST", 0.8)
    first = opened(at)
    gone = meeting._come(at, "v3", 5)
    gone.store.set("hello/1", '{"name": "gone", "facts": {"version": "v3"}}')
    gone.store.add("arrivals", 1)
    waiting = beside.submit(gathered, first, {"version": "v3"}, 3, 20)
    threading.Event().wait(1.5)
    others = [come(beside, at, {"version": "v3"}) for _ in range(2)]
    assert sorted(other.result().node for other in others) == [1, 2]
    waiting.result()


def test_silence_is_noticed_on_both_sides(
    at: Rendezvous, beside: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "LOST", 1.5)
    monkeypatch.setattr(heartbeat, "BEAT", 0.1)
    other = come(beside, at, MINE)
    first = opened(at)
    gathered(first, MINE, 2, 20)
    here, there = Heartbeat(first), Heartbeat(other.result())
    here.start(), there.start()
    threading.Event().wait(2)
    assert not here.silent() and not there.silent()
    there.stop()
    threading.Event().wait(2)
    assert here.silent() == [1] and "was not heard of for 1.5 s" in here.lost("v3")
    here.stop()


def test_an_address_of_another_machine_and_a_port_that_is_taken(at: Rendezvous) -> None:
    with pytest.raises(LineageError, match=r"192\.0\.2\.1:29400: no address of this machine; the stage runs on"):
        listening(rendezvous("192.0.2.1:29400"))
    with listening(at), pytest.raises(LineageError, match="another program listens there"):
        listening(at)


def test_the_way_to_a_node_goes_through_the_interface_that_leads_there(at: Rendezvous) -> None:
    assert interface(at) in psutil.net_if_addrs() and interface(at).startswith("lo")
