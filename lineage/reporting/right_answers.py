"""The scores of two models on the same rows: shares of right answers, or means of a mark between 0 and 1 (chrF)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lineage.artifacts.comparison import RightAnswers
from lineage.artifacts.measures import Interval
from lineage.reporting.measured import Measured, SetRows
from lineage.reporting.paired import grouped, rounded, rounded_interval, rounded_or_none
from lineage.statistics.judgement import Observed, judge
from lineage.statistics.ratio import Estimate, Sample, ratio
from lineage.statistics.shares import ShareDifference, share, share_difference

RIGHT_OR_WRONG = ("choice", "number")


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """A score less another's, before it is judged among those that are shown with it."""

    found: Estimate | ShareDifference

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval, within what scores can differ by."""
        ends = self.found.interval
        return rounded_interval(None if ends is None else (max(ends[0], -1.0), min(ends[1], 1.0)))

    @property
    def tested(self) -> Observed:
        """The difference as it is judged: more is better."""
        return Observed(self.found.value, self.found.p, self.found.rows, self.found.groups, gain=1)

    def smallest(self, level: float) -> float | None:
        """The size of a difference that these rows would have shown."""
        return rounded_or_none(self.found.smallest(level))


def score_difference(name: str, mine: Measured, other: Measured) -> ScoreDifference | None:
    """How a set's scores differ; None where there are none, or the rows do not give them.

    Args:
        name: the set.
        mine: the version's answers.
        other: the other's.
    """
    a, b = mine.rows[name].score, other.rows[name].score
    score, before = mine.sets[name].score, other.sets[name].score
    scored = ~np.isnan(a) & ~np.isnan(b)
    if score is None or before is None or not scored.any():
        return None
    if not np.allclose([a[scored].mean(), b[scored].mean()], [score, before], atol=1e-3):
        return None
    groups = _of(grouped(name, mine.rows[name]), scored)
    if mine.sets[name].measure in RIGHT_OR_WRONG:
        return ScoreDifference(share_difference(a[scored], b[scored], groups))
    return ScoreDifference(ratio([Sample((a - b)[scored], np.ones(scored.sum()), groups)]))


def above_chance(interval: Interval | None, chance: float | None) -> bool | None:
    """Whether a share is above that of who guesses, beyond noise; None where nobody knows what guessing gives."""
    return None if chance is None or interval is None else interval[0] > chance


def right_answers(names: Sequence[str], mine: Measured, parent: Measured) -> RightAnswers | None:
    """All choices and numbers of some sets together; None where there are none.

    Args:
        names: the sets, which both answered.
        mine: the version's answers.
        parent: its parent's.
    """
    judged = [name for name in names if mine.sets[name].measure in RIGHT_OR_WRONG]
    parts = [(name, mine.rows[name], parent.rows[name]) for name in judged]
    parts = [(name, a, b) for name, a, b in parts if _scored(a, b).any()]
    if not parts:
        return None
    a = np.concatenate([a.score[_scored(a, b)] for _, a, b in parts])
    b = np.concatenate([b.score[_scored(a, b)] for _, a, b in parts])
    groups = tuple(g for name, a, b in parts for g in _of(grouped(name, a), _scored(a, b)))
    rows = [int(_scored(a, b).sum()) for _, a, b in parts]
    chances = [mine.sets[name].chance for name, _, _ in parts]
    known = [chance for chance in chances if chance is not None]
    chance = float(np.average(known, weights=rows)) if len(known) == len(chances) else None
    here, found = share(a, groups), share_difference(a, b, groups)
    verdict = judge({"": ScoreDifference(found).tested})[""]
    return RightAnswers(
        sets=tuple(name for name, _, _ in parts),
        rows=len(a),
        groups=found.groups,
        share=rounded(here.value),
        interval=(rounded(here.interval[0]), rounded(here.interval[1])),
        parent_share=rounded(float(b.mean())),
        chance=rounded_or_none(chance),
        above_chance=above_chance(here.interval, chance),
        difference=rounded(found.value),
        difference_interval=(rounded(found.interval[0]), rounded(found.interval[1])),
        p=rounded_or_none(verdict.p),
        verdict=verdict.verdict,
    )


def _scored(a: SetRows, b: SetRows) -> np.ndarray:
    return ~np.isnan(a.score) & ~np.isnan(b.score)


def _of(groups: tuple[str, ...], kept: np.ndarray) -> tuple[str, ...]:
    return tuple(group for group, keep in zip(groups, kept, strict=True) if keep)
