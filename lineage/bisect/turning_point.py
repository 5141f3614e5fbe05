"""The step of a line of versions that broke or taught an answer: by the answer where one turned, and by its likelihood.

Every reading is there, so all steps are looked at: a line has a dozen versions at most, and an answer may turn more
than once, which a binary search would take for a single turn.

- Where right and wrong are known, the last turn counts: what holds now began there. Most of the change may have come
  before, while the answer was still right (or wrong): a step of that run with more than twice the change of likelihood
  is named instead.
- Otherwise the largest rise of the NLL behind its lowest point (broke), or the largest fall before it (taught).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Literal

from lineage.bisect.probe import Reading

Turn = Literal["broke", "taught"]
LEAST = 0.05  # nats a token: a smaller change of one question is not looked for
NOTABLE = 0.25  # of what the likelihood had gained: as much must be lost again to speak of a break unasked


@dataclass(frozen=True, slots=True)
class LineStep:
    """Two versions that follow one another among those that were read.

    verdict: improved, worse or another word, where a set was judged; "" for a single question.
    skipped: versions between them that nothing is known of.
    """

    before: Reading
    after: Reading
    verdict: str = ""
    skipped: tuple[str, ...] = ()

    @property
    def change(self) -> float:
        """How much the NLL rose."""
        return self.after.nll - self.before.nll

    @property
    def turned(self) -> Turn | None:
        """Whether the answer turned here."""
        known = self.before.right is not None and self.after.right is not None
        if not known or self.before.right == self.after.right:
            return None
        return "taught" if self.after.right else "broke"

    def counts_as(self, turn: Turn) -> bool:
        """Whether it changed enough, in that direction: of a set beyond noise, of a question noticeably."""
        if self.verdict:
            return self.verdict == ("worse" if turn == "broke" else "improved")
        return _towards(turn) * self.change >= LEAST


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """The step to blame or to thank. by: what says so. larger: another step that changed the likelihood more."""

    turn: Turn
    step: LineStep
    by: Literal["answer", "likelihood", "verdict"]
    larger: LineStep | None = None


def turning_point(steps: Sequence[LineStep], wanted: Turn | Literal[""] = "") -> TurningPoint | None:
    """The step that broke or taught; None where none changed enough.

    Args:
        steps: of the line, from the base on.
        wanted: which of both is asked; "" for what the last version suggests.
    """
    if not steps:
        return None
    turn = wanted or _suggested(steps)
    turns = [at for at, step in enumerate(steps) if step.turned == turn]
    if not turns:
        best = _best(steps)
        window = steps[best:] if turn == "broke" else steps[:best]
        found = _largest(window, turn)
        by: Literal["likelihood", "verdict"] = "verdict" if steps[0].verdict else "likelihood"
        return TurningPoint(turn, found, by) if found else None
    at = turns[-1]
    began = at
    while began and steps[began].before.right == steps[began - 1].before.right:
        began -= 1
    largest = _largest(steps[began : at + 1], turn)
    turned = steps[at]
    if largest and _towards(turn) * turned.change < _towards(turn) * largest.change / 2:
        return TurningPoint(turn, largest, "likelihood", larger=None)
    everywhere = _largest(steps, turn)
    return TurningPoint(turn, turned, "answer", larger=everywhere if everywhere not in (None, turned) else None)


def _suggested(steps: Sequence[LineStep]) -> Turn:
    """What there is to explain: a right answer that was wrong before, a wrong one that was right, or a likelihood."""
    rights = [steps[0].before.right, *(step.after.right for step in steps)]
    if None not in rights and len(set(rights)) == 2:
        return "taught" if rights[-1] else "broke"
    if steps[0].verdict:
        best = _best(steps)
        return "broke" if any(step.counts_as("broke") for step in steps[best:]) else "taught"
    nlls = [steps[0].before.nll, *(step.after.nll for step in steps)]
    lowest = min(nlls)
    return "broke" if nlls[-1] - lowest >= max(LEAST, NOTABLE * (nlls[0] - lowest)) else "taught"


def _best(steps: Sequence[LineStep]) -> int:
    """How many steps lead to the version with the lowest NLL."""
    nlls = [steps[0].before.nll, *(step.after.nll for step in steps)]
    return min(range(len(nlls)), key=lambda at: (isnan(nlls[at]), nlls[at], at))


def _largest(steps: Sequence[LineStep], turn: Turn) -> LineStep | None:
    able = [step for step in steps if step.counts_as(turn)]
    return max(able, key=lambda step: _towards(turn) * step.change, default=None)


def _towards(turn: Turn) -> int:
    return 1 if turn == "broke" else -1
