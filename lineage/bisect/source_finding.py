"""Which source in the mix of a version broke or taught an answer, by variants of it that are trained without some.

The share of the change that is gone in a variant, from the NLL of the right answer: with the parent at 0.2, the version
at 3.2 and a variant at 0.5, nine tenths of what the version broke is gone without the sources that were left out.
"""

from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from typing import Literal

from lineage.bisect.asked_readings import READINGS, asked_variant, keep, reading_of
from lineage.bisect.halving import SourceSearch, most_trials, search
from lineage.bisect.probe import Probe, Reading, says
from lineage.bisect.turning_point import LEAST, TurningPoint
from lineage.bisect.variant import Blamed, blamed
from lineage.bisect.variant_workspace import VariantWorkspace, kept_variant
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.stage import only_writer
from lineage.planning.cost import cost_of, prices
from lineage.planning.duration import Seconds
from lineage.provenance.near_rows import NearRow, near_rows, suspect
from lineage.records.record import PARTS

Outcome = Literal["alone", "found", "shared", "to_train"]
Say = Callable[[str], None]


class _ToTrain(Exception):
    """A variant is needed that was never trained, and nobody has said that it may be."""


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """What the search may cost yet. variants: at most, a control included; seconds: of one of the whole mix."""

    variants: int
    seconds: Seconds | None
    control: str


@dataclass(frozen=True, slots=True)
class SourceFinding:
    """What is known of the sources of a version.

    outcome: alone, its mix has one source; found; shared, no single source accounts for most of the change; to_train,
    variants must be trained to know. trained: how many were trained for this, in this call. control: how the version
    itself reads where it was trained again to be compared.
    """

    version: str
    sources: tuple[str, ...]
    outcome: Outcome
    source: str | None
    found: SourceSearch | None
    near: dict[str, list[NearRow]]
    trained: int
    readings: tuple[Reading, ...]
    cost: TrainingCost
    control: Reading | None = None


def find_source(
    c: Curriculum,
    probe: Probe,
    point: TurningPoint,
    *,
    train: bool,
    each: bool = False,
    halves: bool = False,
    scale: float = 1.0,
    say: Say = print,
) -> SourceFinding:
    """The source that broke or taught.

    Args:
        c: the curriculum.
        probe: what was asked.
        point: the step to blame or to thank; its two versions are parent and child.
        train: whether variants that are not kept from before may be trained.
        each: leave out every source alone, also where the suspect did it.
        halves: leave out halves at once, whatever rows speak of the question; see lineage/bisect/halving.py.
        scale: of the budget of a variant; below 1 the version is trained once more with it, as a control.
        say: told what is about to be trained.

    Raises:
        LineageError: the version cannot be taken apart; or with a smaller budget the change does not show.
    """
    version = point.step.after.version
    if point.step.skipped:
        stages = " ".join(f"evaluate@{skipped}" for skipped in point.step.skipped)
        raise LineageError(
            f"between {point.step.before.version} and {version}, {', '.join(point.step.skipped)} were not read, so "
            f"which of them did it is not known; run `dvc repro {stages}`"
        )
    of = blamed(c, version, scale)
    near = _near(of, probe, point)
    able = {source: rows for source, rows in near.items() if source in of.sources}
    first = None if halves else suspect(able)
    order = sorted(of.sources, key=lambda source: -near[source][0].near if source in near else 0.0)
    most = most_trials(len(order), suspect=first is not None, halves=halves) + bool(of.differs)
    seconds = cost_of(c, of.version, prices(c)).seconds
    cost = TrainingCost(most, Seconds(seconds.value * scale, seconds.measured) if seconds else None, of.differs)
    if len(order) == 1:
        return SourceFinding(version, of.sources, "alone", order[0], None, near, 0, (), cost)
    search_here = _Variants(c, probe, of, point, train, say)
    with only_writer("lineage bisect"):
        try:
            found = search(order, search_here.gone, first, each=each, halves=halves)
        except _ToTrain:
            search_here.scratch.remove()
            return SourceFinding(version, of.sources, "to_train", None, None, near, 0, search_here.readings(), cost)
    search_here.scratch.remove()
    return SourceFinding(
        version=version,
        sources=of.sources,
        outcome="found" if found.source else "shared",
        source=found.source,
        found=found,
        near=near,
        trained=search_here.trained,
        readings=search_here.readings(),
        cost=cost,
        control=search_here.control,
    )


def _near(of: Blamed, probe: Probe, point: TurningPoint) -> dict[str, list[NearRow]]:
    """Rows of the mix that speak of the question: with another answer where one was broken, with it where taught."""
    if not probe.question:
        return {}
    rows, taught = of.version.mix / f"{PARTS[0]}.jsonl", point.turn == "taught"
    found = near_rows(rows, probe.question, lambda record: says(record.completion, probe.right) == taught)
    return found or near_rows(rows, probe.question)


class _Variants:
    """Variants of a version, each trained and read once."""

    def __init__(self, c: Curriculum, probe: Probe, of: Blamed, point: TurningPoint, train: bool, say: Say) -> None:
        self.c, self.probe, self.of, self.point, self.train, self.say = c, probe, of, point, train, say
        self.scratch = VariantWorkspace(c, of)
        self.kept_in = READINGS.absolute()
        self.trained = 0
        self.control: Reading | None = None
        self.read: list[Reading] = []

    def readings(self) -> tuple[Reading, ...]:
        """Those that were read so far."""
        return tuple(self.read)

    def gone(self, left_out: frozenset[str]) -> float:
        """The share of the change that is gone without these sources."""
        before, whole = self.point.step.before.nll, self._whole()
        without = self._reading(left_out)
        self.read.append(without)
        return (whole - without.nll) / (whole - before)

    def _whole(self) -> float:
        """The NLL of the version with all its sources; of a control, where the version itself is none."""
        if not self.of.differs:
            return self.point.step.after.nll
        if self.control is None:
            self.control = self._reading(frozenset())
            change = self.control.nll - self.point.step.before.nll
            if abs(change) < LEAST or (change > 0) != (self.point.step.change > 0):
                raise LineageError(
                    f"{self.of.version.name}, trained again with all its sources ({self.of.differs}), does not show "
                    f"what is looked for: the NLL of the right answer changes by {change:+.2f}, then it was "
                    f"{self.point.step.change:+.2f}; variants would explain nothing. Take --budget 1, and the settings "
                    f"of then"
                )
        return self.control.nll

    def _reading(self, left_out: frozenset[str]) -> Reading:
        kept, name = kept_variant(self.of, left_out), f"without {', '.join(sorted(left_out)) or 'nothing'}"
        if kept and (known := reading_of(self.c, self.probe, name, kept.adapter, self.kept_in)):
            return known
        if not self.train and not kept:
            raise _ToTrain
        if not kept:
            self.say(f"training {self.of.version.name} {name} …")
            self.trained += 1
        called = self.scratch.with_variant(left_out)
        manifest = kept_variant(self.of, left_out)
        if manifest is None:
            raise LineageError(f"{called}: trained, but not kept; is there room on the disk?")
        with chdir(self.scratch.root):
            reading = asked_variant(self.scratch.c, self.probe, called, manifest.adapter)
            named = Reading(name, reading.nll, reading.right, reading.score, reading.said)
            return keep(self.scratch.c, self.probe, named, manifest.adapter, self.kept_in)
