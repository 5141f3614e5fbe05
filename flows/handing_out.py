"""A rebuild across several machines: stages that compute are handed out as orders, the others are made here.

    ready = made by nobody yet, and all that it stands on is there
    here:   dvc repro -s                          (ingest, mixes, the report: short, and they read everything)
    out:    dvc push of its inputs → an order → a worker → a delivery → its entry merged, dvc pull

Who works for whom is behind `Hands`: Prefect in `flows/order_runs.py`. An order whose worker falls silent is handed out
anew; what the silent one may still deliver is looked at by nobody.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from flows.fulfilment import RemoteTrouble, transfer
from flows.leases import Leases
from flows.own_checkout import committed
from flows.repro import Outcome, reproduce
from flows.run_summary import StageRow
from flows.warm_dvc import WarmDvc
from flows.work_order import Delivery, Order, ShardOrder
from lineage.core.declaration import Declaration
from lineage.core.errors import LineageError
from lineage.core.paths import DVC_LOCK
from lineage.planning.dvc_graph import CHECK, Graph, upstream
from lineage.planning.lock_merge import LockConflict, LockSide, in_graph_order, merge_locks, must_fit
from lineage.planning.lock_text import LockText

HANDED_OUT = ("base", "baseline", "convert@", "train@", "evaluate@")
ATTEMPTS = 5  # of an order whose worker fails by no fault of the stage,
SILENCES = 25  # and of one whose workers die or fall silent: machines that are lent are taken away often
PUSHES = 3  # of what an order stands on
SMALL = 1 << 16  # bytes: a file that no cache holds travels with an order up to this size
PAUSE = 2.0  # seconds between two looks
Say = Callable[[str], None]


class Away(Exception):
    """Whoever knows of the orders cannot be asked at present."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of an attempt.

    state: nobody has it yet; somebody works; delivered; its process died; failed, which another attempt may mend;
        refused: none will.
    sign: changes as long as its worker lives.
    """

    state: Literal["waits", "works", "delivered", "died", "failed", "refused"]
    sign: object = None
    delivery: Delivery | None = None
    told: str = ""


class Hands(Protocol):
    """Whoever makes orders. An attempt is named by a text."""

    def hand_out(self, order: Order | ShardOrder) -> str:
        """Have an order made; the name of the attempt. Raises Away."""

    def look(self, attempts: Sequence[str]) -> dict[str, Seen]:
        """What is known of attempts. Raises Away."""

    def give_up(self, attempt: str, why: str) -> None:
        """Nobody waits for it any more. Raises Away."""


@dataclass
class Handout:
    """A rebuild in which others take part.

    dvc: that of a block of `one_dvc`.
    commit: what all work at.
    graph: stages and what each waits for.
    declared: what dvc.yaml says of them.
    touched: the stages that are stale, or forced.
    forced: those that are made again even if nothing has changed.
    """

    dvc: WarmDvc
    commit: str
    graph: Graph
    declared: dict[str, Declaration]
    touched: set[str]
    forced: set[str]
    hands: Hands
    say: Say = print
    leases: Leases = field(default_factory=Leases)
    pause: float = PAUSE
    rows: list[StageRow] = field(default_factory=list)
    _out: dict[str, tuple[Order, float]] = field(default_factory=dict)  # by attempt: what, and since when
    _tries: Counter[tuple[str, int]] = field(default_factory=Counter)
    _pushed: set[str] = field(default_factory=set)
    _failed: list[LineageError] = field(default_factory=list)

    def run(self, stages: list[str]) -> None:
        """Make `stages`, which are in the order of the graph.

        Raises:
            LineageError: a stage failed. What was at work then is waited for and kept.
        """
        done = {stage for stage in stages if not self.touched & ({stage} | upstream(self.graph, {stage}) - {CHECK})}
        self.rows += [StageRow(stage, "fresh", 0.0) for stage in stages if stage in done]
        left = [stage for stage in stages if stage not in done]
        try:
            while left or self._out:
                if self._failed and not self._out:
                    break
                ready = [s for s in left if not self._failed and all(w in done for w in self.graph[s] if w in stages)]
                out = [stage for stage in ready if stage.startswith(HANDED_OUT)]
                for stage in out:
                    left.remove(stage)
                    if not self._hand_out(stage):
                        done.add(stage)
                here = [stage for stage in ready if stage not in out]
                if here:
                    left.remove(here[0])
                    self._make_here(here[0])
                    done.add(here[0])
                done |= self._look()
                if self._out and not here and not out:
                    time.sleep(self.pause)
        except BaseException:
            self._give_all_up()
            raise
        finally:
            known = {row.stage for row in self.rows}
            self.rows += [StageRow(stage, "not run", 0.0) for stage in stages if stage not in known]
        if self._failed:
            raise self._failed[0]
        first = LockText.of(committed(str(DVC_LOCK)), f"{DVC_LOCK} of the commit")
        _write(in_graph_order(_lock(), first, list(self.graph)).text())

    def _hand_out(self, stage: str) -> bool:
        """Whether it was: a stage that what it stands on has left fresh is not."""
        if stage not in self.forced and not _stale(self.dvc, stage):
            self.rows.append(StageRow(stage, "fresh", 0.0))
            return False
        before = [name for name in self.graph[stage] if name not in self._pushed]
        if before:
            self._push(stage, before)
        self._order(self._order_for(stage))
        return True

    def _push(self, stage: str, before: list[str]) -> None:
        """Give what a stage stands on to the remote; one that is away for a moment is waited for."""
        for left in reversed(range(PUSHES)):
            try:
                transfer(self.dvc, "push", *before, what=f"what {stage} stands on could not be given to DVC's remote")
                self._pushed |= set(before)
                return
            except RemoteTrouble as trouble:
                if not left:
                    raise
                self.say(f"{trouble}; it is tried again")
                time.sleep(10 * self.pause)

    def _order(self, order: Order) -> None:
        while True:
            try:
                attempt = self.hands.hand_out(order)
                break
            except Away as away:
                self._nobody_answers(away)
        self._out[attempt] = (order, time.monotonic())
        self.say(f"{order.stage} is handed out")

    def _order_for(self, stage: str) -> Order:
        entries = _lock().entries
        before = [name for name in self.graph if name in self.graph[stage] or name == stage]
        kept = [Path(path) for name in self.graph[stage] for path in self.declared[name].kept]
        if large := next((path for path in kept if path.stat().st_size > SMALL), None):
            raise LineageError(f"{large} is in no cache of DVC's, and too large to travel with an order of {stage}")
        return Order(
            commit=self.commit,
            stage=stage,
            lock={name: entries[name] for name in before if name in entries},
            files={path.as_posix(): path.read_text(encoding="utf-8") for path in kept},
            force=stage in self.forced,
        )

    def _make_here(self, stage: str) -> None:
        begun = time.monotonic()
        outcome: Outcome = reproduce(stage, lambda line: self.say(f"{stage}: {line}"), force=stage in self.forced)
        self.rows.append(StageRow(stage, outcome, time.monotonic() - begun))

    def _look(self) -> set[str]:
        """Take what was delivered; hand out anew what nobody works on. The stages that are done by it."""
        done: set[str] = set()
        try:
            seen = self.hands.look(list(self._out)) if self._out else {}
            for attempt, one in seen.items():
                order, since = self._out[attempt]
                if one.state == "delivered" and one.delivery:
                    self._end(attempt)
                    try:
                        accept(order, one.delivery, self.declared, self.dvc)
                    except LockConflict as conflict:
                        self._fail(order, str(conflict), since)
                        continue
                    except LineageError as error:
                        self._again(order, str(error))
                        continue
                    self._pushed.add(order.stage)
                    self.say(f"{order.stage} is delivered by {one.delivery.worker}: {one.delivery.outcome}")
                    self.rows.append(StageRow(order.stage, one.delivery.outcome, time.monotonic() - since))
                    done.add(order.stage)
                elif one.state == "refused":
                    self._end(attempt)
                    self._fail(order, one.told, since)
                elif one.state in ("died", "failed"):
                    self._end(attempt)
                    self._again(order, one.told, SILENCES if one.state == "died" else ATTEMPTS)
                elif one.state == "works":
                    self.leases.sign(attempt, one.sign)
            for attempt in self.leases.lapsed():
                order, _ = self._out[attempt]
                silent = f"its worker has given no sign of life for {self.leases.term:.0f} seconds"
                self.hands.give_up(attempt, silent)
                self._end(attempt)
                self._again(order, silent, SILENCES)
        except Away as away:
            self._nobody_answers(away)
        return done

    def _nobody_answers(self, away: Away) -> None:
        """Wait for the server; meanwhile no worker could give a sign of life."""
        self.leases.nobody_could_sign()
        self.say(f"waiting for the server: {away}")
        time.sleep(self.pause)

    def _end(self, attempt: str) -> None:
        self._out.pop(attempt)
        self.leases.end(attempt)

    def _again(self, order: Order, why: str, limit: int = ATTEMPTS) -> None:
        self._tries[order.stage, limit] += 1
        if (tries := self._tries[order.stage, limit]) >= limit or self._failed:
            self._fail(order, f"{why} (after {tries} such attempts)", time.monotonic())
            return
        self.say(f"{order.stage} is handed out again: {why}")
        self._order(order)

    def _fail(self, order: Order, why: str, since: float) -> None:
        self._failed.append(LineageError(f"{order.stage}: {why}"))
        self.rows.append(StageRow(order.stage, "failed", time.monotonic() - since))
        self.say(f"{order.stage}: {why}" + ("; what is at work is waited for" if self._out else ""))

    def _give_all_up(self) -> None:
        for attempt in list(self._out):
            try:
                self.hands.give_up(attempt, "the rebuild that waited for it has ended")
            except Away:
                self.say("the server is away: orders that are out run on, and the next rebuild takes them up")
                return


def accept(order: Order, delivery: Delivery, declared: dict[str, Declaration], dvc: WarmDvc) -> None:
    """Merge what was delivered into the lock here, and fetch it.

    Args:
        order: what was asked for.
        delivery: what came.
        declared: what dvc.yaml says, by stage.
        dvc: that of a block of `one_dvc`.

    Raises:
        LockConflict: another entry was made here since the order was handed out.
        LineageError: it is not what was asked for, was made from other inputs than those that lie here, or cannot be
            fetched. The lock is then as it was.
    """
    if (delivery.commit, delivery.stage) != (order.commit, order.stage):
        raise LineageError(
            f"{delivery.worker} delivered {delivery.stage} of commit {delivery.commit[:12]}, "
            f"asked for was {order.stage} of {order.commit[:12]}"
        )
    before = DVC_LOCK.read_text(encoding="utf-8") if DVC_LOCK.is_file() else ""
    ours = LockSide(f"{DVC_LOCK} here", LockText.of(before, str(DVC_LOCK)))
    now = LockSide(f"the delivery of {delivery.worker}", LockText({**ours.lock.entries, order.stage: delivery.entry}))
    others = {name: text for name, text in ours.lock.entries.items() if name != order.stage}
    then = LockText(others | {name: text for name, text in order.lock.items() if name == order.stage})
    must_fit(now.name, now.lock, [order.stage], declared)
    _write(merge_locks(ours, now, then).lock.text())
    try:
        transfer(dvc, "pull", "--force", order.stage, what=f"{order.stage} of {delivery.worker} could not be fetched")
        if _stale(dvc, order.stage):
            raise LineageError(
                f"{order.stage} of {delivery.worker} was made from other inputs than those that lie here"
            )
    except BaseException:
        _write(before)
        raise


def _stale(dvc: WarmDvc, stage: str) -> bool:
    """Whether DVC would make the stage."""
    return dvc.ask("status", "--json", stage).strip() not in ("", "{}")


def _lock() -> LockText:
    return LockText.of(DVC_LOCK.read_text(encoding="utf-8") if DVC_LOCK.is_file() else "", str(DVC_LOCK))


def _write(text: str) -> None:
    if text:
        fresh = DVC_LOCK.with_name(f".{DVC_LOCK.name}.new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(DVC_LOCK)
    else:
        DVC_LOCK.unlink(missing_ok=True)
