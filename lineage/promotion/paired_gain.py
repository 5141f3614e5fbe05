"""A held-out set as two versions answered it: what the one gained over the other, row by row."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from lineage.config.goal import GoalMeasure
from lineage.core.errors import LineageError
from lineage.promotion.sides import RIGHT_OR_WRONG, Side
from lineage.reporting.paired import grouped
from lineage.statistics.ratio import Estimate, Sample
from lineage.statistics.shares import ShareDifference, share_difference
from lineage.statistics.weighted import weighted_mean

UNITS: dict[GoalMeasure, str] = {"nll": "nats a token", "score": "of score"}


@dataclass(frozen=True, slots=True)
class PairedGain:
    """A set that both answered.

    sample: the gain of each row, above 0 better; its groups bear names that mean the same in every set.
    shares: the same of a set of right or wrong answers. estimate: of the mean gain, by this set alone.
    """

    name: str
    measure: GoalMeasure
    sample: Sample
    shares: ShareDifference | None
    estimate: Estimate

    @property
    def is_number(self) -> bool:
        """Whether both gave numbers on every row."""
        return bool(np.isfinite(self.sample.value).all())

    @property
    def unseen(self) -> float:
        """The noise that the spread of a few flipped answers does not show: a standard deviation."""
        if self.shares is None or not np.isfinite(self.estimate.error):
            return 0.0
        return float(np.sqrt(max(self.shares.error**2 - self.estimate.error**2, 0.0)))


def paired_gain(
    name: str, candidate: Side, champion: Side, measure: GoalMeasure, met: Collection[str] = ()
) -> PairedGain | None:
    """What the candidate gained on a set; None where no row is left.

    Args:
        name: the set.
        candidate: the version.
        champion: who it is compared with.
        measure: what counts; the NLL where the set has no scores.
        met: ids of rows that one of them met in training, which are left out.

    Raises:
        LineageError: they answered different rows.
    """
    a, b = candidate.rows[name], champion.rows[name]
    if a.ids != b.ids or not np.array_equal(a.tokens, b.tokens):
        raise LineageError(
            f"{candidate.name} and {champion.name} were measured on different rows of {name}, or with another "
            f"tokenizer; run `dvc repro evaluate` and `dvc repro baseline` to measure all alike"
        )
    if met:
        a, b = a.without(set(met)), b.without(set(met))
    if not a.ids:
        return None
    groups, shares = grouped(name, a), None
    scored = ~np.isnan(a.score) & ~np.isnan(b.score)
    if measure == "nll" or not scored.any():
        measure = "nll"
        with np.errstate(invalid="ignore"):  # infinite less infinite: no number, and said to be none
            sample = Sample(b.nll - a.nll, a.tokens, groups)
    else:
        kept = tuple(group for group, keep in zip(groups, scored, strict=True) if keep)
        sample = Sample((a.score - b.score)[scored], np.ones(int(scored.sum())), kept)
        if candidate.measures.get(name) in RIGHT_OR_WRONG:
            shares = share_difference(a.score[scored], b.score[scored], kept)
    return PairedGain(name, measure, sample, shares, weighted_mean([sample], [1.0]))
