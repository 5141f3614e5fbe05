"""Which source of a mix did it, in few trainings: leave some out, and see whether the change goes away.

    search(["a", "b", "c", "d"], gone, suspect="c")

`gone(left_out)` is the share of the change that is not there in a variant trained without these sources, all else
equal. A suspect, whose rows speak of the question, is left out first and alone: one training if it did it. Otherwise
every source is left out alone, and the one without which most of the change is gone is named.

`halves` leaves out half of the sources at once (group testing): log2 of the sources trainings, and one more that leaves
out alone whom they point to. That assumes that nothing but the source that did it matters to the answer. It does not
hold where another source of the mix repeats the answer or its like: a half with both hides the one. Of ten planted
breaks it found two (benchmarks/bisect.py), so it is only done when somebody asks for it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, log2

MOST_OF_IT = 0.5  # of the change: as much must go away without a source to say that it did it

Gone = Callable[[frozenset[str]], float]


@dataclass(frozen=True, slots=True)
class Trial:
    """A variant: what it was trained without, and the share of the change that is gone (more than 1: more than all)."""

    left_out: tuple[str, ...]
    gone: float


@dataclass(frozen=True, slots=True)
class SourceSearch:
    """What a search found. source: None where no single source accounts for most of the change."""

    source: str | None
    trials: tuple[Trial, ...]

    def share(self, source: str) -> float | None:
        """What went away without this source alone, where that was tried."""
        return next((trial.gone for trial in self.trials if trial.left_out == (source,)), None)


def most_trials(sources: int, *, suspect: bool, halves: bool = False) -> int:
    """How many variants a search may take at most."""
    if sources < 2:
        return 0
    left = sources - suspect
    return suspect + (ceil(log2(left)) if left > 1 else 0) + 1 if halves else sources


def search(
    sources: Sequence[str], gone: Gone, suspect: str | None = None, *, each: bool = False, halves: bool = False
) -> SourceSearch:
    """The source without which most of the change goes away.

    Args:
        sources: those of the mix, two or more, the likelier first.
        gone: trains and reads a variant.
        suspect: the one that is tried first, alone.
        each: leave out every source alone, also where the suspect did it.
        halves: leave out halves, instead of every source alone.
    """
    trials: list[Trial] = []

    def tried(left_out: Iterable[str]) -> bool:
        names = tuple(left_out)
        if known := next((trial for trial in trials if trial.left_out == names), None):
            return known.gone >= MOST_OF_IT
        trials.append(Trial(names, gone(frozenset(names))))
        return trials[-1].gone >= MOST_OF_IT

    if suspect and tried([suspect]) and not each:
        return SourceSearch(suspect, tuple(trials))
    if not halves:
        for source in sources:
            tried([source])
        best = max(trials, key=lambda trial: trial.gone)
        return SourceSearch(best.left_out[0] if best.gone >= MOST_OF_IT else None, tuple(trials))
    left = [source for source in sources if source != suspect]
    while len(left) > 1:
        half = left[: ceil(len(left) / 2)]
        left = half if tried(half) else left[len(half) :]
    return SourceSearch(left[0] if tried(left) else None, tuple(trials))
