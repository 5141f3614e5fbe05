"""Shards that are handed out to workers, until all are converted: who dies or falls silent, is replaced.

Unlike stages (`flows/handing_out.py`) they wait for nothing and give nothing back: what they make lies in the cache. So
an attempt that was given up and works on all the same harms nothing, and helps.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from flows.handing_out import ATTEMPTS, PAUSE, SILENCES, Away, Hands, Seen
from flows.leases import Leases
from flows.work_order import ShardOrder
from lineage.core.errors import LineageError

Say = Callable[[str], None]


@contextmanager
def marked(cache: Path) -> Iterator[str]:
    """The name of a file that is in the cache while the block lasts: who shares the folder sees it."""
    mark = cache / f"handed-out-{uuid4().hex}"
    cache.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield mark.name
    finally:
        mark.unlink(missing_ok=True)


class ShardHandout:
    """The shards of one conversion. pause: seconds between two looks."""

    def __init__(self, hands: Hands, leases: Leases, say: Say = print, pause: float = PAUSE) -> None:
        self._hands, self._leases, self._say, self._pause = hands, leases, say, pause
        self._out: dict[str, ShardOrder] = {}
        self._tries: Counter[tuple[str, int]] = Counter()

    def run(self, orders: Sequence[ShardOrder]) -> None:
        """Have all of them made.

        Raises:
            LineageError: one of them failed again and again, or was cancelled. What is converted stays in the cache.
        """
        try:
            for order in orders:
                self._order(order)
            while self._out:
                self._look()
                if self._out:
                    time.sleep(self._pause)
        except BaseException:
            self._give_all_up()
            raise

    def _look(self) -> None:
        try:
            for attempt, seen in self._hands.look(list(self._out)).items():
                self._take(attempt, seen)
            for attempt in self._leases.lapsed():
                silent = f"its worker has given no sign of life for {self._leases.term:.0f} seconds"
                self._hands.give_up(attempt, silent)
                self._again(self._end(attempt), silent, SILENCES)
        except Away as away:
            self._nobody_answers(away)

    def _take(self, attempt: str, seen: Seen) -> None:
        if seen.state == "delivered" and seen.delivery:
            self._end(attempt)
            self._say(f"{seen.delivery.outcome} ({seen.delivery.worker}); {len(self._out)} shards are out")
        elif seen.state == "refused":
            raise LineageError(f"{self._end(attempt).stage}: {seen.told}")
        elif seen.state in ("died", "failed"):
            self._again(self._end(attempt), seen.told, SILENCES if seen.state == "died" else ATTEMPTS)
        elif seen.state == "works":
            self._leases.sign(attempt, seen.sign)

    def _order(self, order: ShardOrder) -> None:
        while True:
            try:
                self._out[self._hands.hand_out(order)] = order
                return
            except Away as away:
                self._nobody_answers(away)

    def _again(self, order: ShardOrder, why: str, limit: int) -> None:
        self._tries[order.shard, limit] += 1
        if (tries := self._tries[order.shard, limit]) >= limit:
            raise LineageError(f"{order.stage}: {why} (after {tries} such attempts)")
        self._say(f"{order.stage} is handed out again: {why}")
        self._order(order)

    def _end(self, attempt: str) -> ShardOrder:
        self._leases.end(attempt)
        return self._out.pop(attempt)

    def _nobody_answers(self, away: Away) -> None:
        self._leases.nobody_could_sign()
        self._say(f"waiting for the server: {away}")
        time.sleep(self._pause)

    def _give_all_up(self) -> None:
        for attempt in list(self._out):
            try:
                self._hands.give_up(attempt, "the conversion that waited for it has ended")
            except Away:
                self._say("the server is away: shards that are out run on, into the cache")
                return
