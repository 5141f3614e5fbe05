"""Shards are handed out until all are made, whoever dies: without a server, by a stand-in that knows each attempt."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from flows.handing_out import Away, Seen
from flows.leases import Leases
from flows.shard_flow import must_be_shared
from flows.shard_handout import ShardHandout, marked
from flows.work_order import Delivery, ShardOrder
from lineage.core.errors import LineageError


def orders(count: int, **more: str) -> list[ShardOrder]:
    given = {"commit": "3f2a", "source": "papers", "raw": "/raw", "cache": "/cache", "mark": "mark"} | more
    return [ShardOrder(shard=f"{number}/{count}", **given) for number in range(1, count + 1)]


class Told:
    """Who makes orders as a story tells it: by shard, what is seen at each look; the last one stays."""

    def __init__(self, **story: list[str]) -> None:
        self.story = {shard.replace("_", "/").strip("s"): list(states) for shard, states in story.items()}
        self.out: dict[str, ShardOrder] = {}
        self.handed: list[str] = []
        self.given_up: list[str] = []
        self.now = 0.0

    def hand_out(self, order: ShardOrder) -> str:
        self.handed.append(order.shard)
        attempt = f"{order.shard}, attempt {self.handed.count(order.shard)}"
        self.out[attempt] = order
        return attempt

    def look(self, attempts: Sequence[str]) -> dict[str, Seen]:
        self.now += 10
        return {attempt: self.seen(self.out[attempt]) for attempt in attempts}

    def seen(self, order: ShardOrder) -> Seen:
        states = self.story.get(order.shard) or ["delivered"]
        state = states.pop(0)
        if state == "away":
            raise Away("no answer")
        if state == "silent":
            return Seen("works", sign="the same")
        made = Delivery(commit="3f2a", stage=order.stage, entry="", outcome=f"{order.shard} is converted", worker="w")
        return Seen(state, sign=self.now, delivery=made if state == "delivered" else None, told="no reason")

    def give_up(self, attempt: str, why: str) -> None:
        self.given_up.append(attempt)

    def run(self, count: int) -> list[str]:
        said: list[str] = []
        ShardHandout(self, Leases(25.0, lambda: self.now), said.append, pause=0).run(orders(count))
        return said


def test_who_dies_or_falls_silent_is_replaced() -> None:
    hands = Told(s1_3=["waits", "works", "died", "works"], s2_3=["silent"] * 5, s3_3=["away", "failed"])
    said = hands.run(3)
    assert sorted(hands.handed) == ["1/3", "1/3", "2/3", "2/3", "3/3", "3/3"]
    assert hands.given_up == ["2/3, attempt 1"]
    assert [line for line in said if "is converted" in line][-1].endswith("(w); 0 shards are out")
    assert "convert@papers, shard 2/3 is handed out again: its worker has given no sign of life for 25 seconds" in said


@pytest.mark.parametrize(("state", "tries"), [("failed", 5), ("died", 25), ("refused", 1)])
def test_what_fails_again_and_again_ends_it_and_the_others_are_given_up(state: str, tries: int) -> None:
    hands = Told(s1_2=["works"] * 99, s2_2=[state] * 99)
    with pytest.raises(LineageError, match="convert@papers, shard 2/2: no reason"):
        hands.run(2)
    assert hands.handed.count("2/2") == tries
    assert hands.given_up == ["1/2, attempt 1"]


def test_a_machine_that_does_not_see_the_folders_converts_for_nobody(tmp_path: Path) -> None:
    with marked(tmp_path / "cache") as mark:
        here = {"cache": str(tmp_path / "cache"), "mark": mark, "raw": str(tmp_path)}
        must_be_shared(orders(1, **here)[0])
        with pytest.raises(LineageError, match="elsewhere is not the folder of the machine that asks"):
            must_be_shared(orders(1, **here | {"cache": str(tmp_path / "elsewhere")})[0])
        with pytest.raises(LineageError, match="gone: no such folder here"):
            must_be_shared(orders(1, **here | {"raw": str(tmp_path / "gone")})[0])
    assert not list((tmp_path / "cache").iterdir())
