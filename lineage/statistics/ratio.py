"""A mean weighted by row, such as nats a token, over sets whose rows hang together in groups: its noise and interval.

The estimate is the sum of all values over that of all weights. Its standard error leaves out one group after the
other (the jackknife, which is the CR3 sandwich of a ratio). The quantiles are Student's, with as many degrees of
freedom as the sizes of the groups allow (Kish), and the interval is the hull of that one and of Hall's (1992), which
knows how skewed the groups are: NLLs are, and the plain one then covers too little. Nothing is drawn: no seed.

    Hall, P. (1992). On the removal of skewness by transformation. J. R. Stat. Soc. B 54, 221-228.

`python -m benchmarks.coverage` shows what it covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lineage.statistics.groups import Floats, independent_groups, numbered, totals

CONFIDENCE = 0.95
POWER = 0.8  # how often a difference of the smallest size that is named would be found

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one set, arrays of shape (rows,). groups: names that mean the same in every set; see groups.py."""

    value: Floats
    weight: Floats
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A weighted mean of all sets and its noise.

    error: its standard error; NaN where fewer than two groups, or values that are no numbers, do not give one.
    freedom: the degrees of freedom of that error.
    skew: the skewness of the mean, that of the groups over the root of their number.
    """

    value: float
    rows: int
    groups: int
    error: float
    freedom: float
    skew: float

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval; None where there is no standard error."""
        if not np.isfinite(self.error):
            return None
        reach = float(special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2))
        low, high = max(reach, self._unskewed(reach)), min(-reach, self._unskewed(-reach))
        return self.value - low * self.error, self.value - high * self.error

    @property
    def p(self) -> float | None:
        """How likely a mean so far from 0 is, either way, if it is 0; below 0.05 where the interval leaves 0 out."""
        if not np.isfinite(self.error):
            return None
        if self.error == 0:
            return 1.0 if self.value == 0 else 0.0
        t = self.value / self.error
        skewed = ((1 + self.skew * t / 3) ** 3 - 1) / self.skew + self.skew / 6 if abs(self.skew) > 1e-8 else t
        return float(max(2 * special.stdtr(self.freedom, -abs(z)) for z in (t, skewed)))

    def smallest(self, level: float) -> float | None:
        """The size of a difference that these rows would have shown four times in five, tested at a level."""
        if not np.isfinite(self.error):
            return None
        reach, power = (float(t) for t in special.stdtrit(self.freedom, [1 - level / 2, POWER]))
        return self.error * (max(reach, self._unskewed(reach), -self._unskewed(-reach)) + power)

    def _unskewed(self, t: float) -> float:
        """The quantile of a skewed mean that Student's quantile `t` stands for."""
        if abs(self.skew) < 1e-8:
            return t
        return float(3 * (np.cbrt(1 + self.skew * (t - self.skew / 6)) - 1) / self.skew)


def ratio(samples: Sequence[Sample]) -> Estimate:
    """The sum of all values over the sum of all weights, and its noise.

    Sets are strata: what differs between them is no noise. A group that several sets share stays one group.
    """
    samples = [_whole(samples)] if any(len(set(numbered(s.groups))) < 2 for s in samples) else samples
    weight = float(sum(s.weight.sum() for s in samples))
    value = float(sum(s.value.sum() for s in samples)) / weight
    return estimated(samples, [float(s.weight.sum()) / weight for s in samples], value)


def estimated(samples: Sequence[Sample], shares: Sequence[float], value: float) -> Estimate:
    """A sum of the samples' means and its noise, by leaving out one group after the other.

    Args:
        samples: sets, which are strata.
        shares: what each one's mean is multiplied by.
        value: the sum.
    """
    rows = sum(len(s.value) for s in samples)
    deviations, names, parts = [], list[str](), list[tuple[float, float]]()
    for at, (sample, share) in enumerate(zip(samples, shares, strict=True)):
        group = numbered(sample.groups)
        named = dict(zip(group.tolist(), sample.groups, strict=True))
        total, size = totals(sample.value, group), totals(sample.weight, group)
        if len(total) < 2 or not np.isfinite(total).all():
            return Estimate(value, rows, len(total), float("nan"), 1.0, 0.0)
        rest = size.sum() - size
        # What the set's mean would change without the group, in the share that the set has of the whole.
        change = (total - total.sum() / size.sum() * size) / rest * share
        change *= np.sqrt((len(total) - 1) / len(total))
        deviations.append(change)
        names += [named[number] or f"\0{at}.{number}" for number in range(len(total))]
        parts.append((float((change**2).sum()), max(independent_groups(size) - 1, 1.0)))
    change = totals(np.concatenate(deviations), numbered(names))
    variance = float((change**2).sum())
    by_set = sum(part for part, _ in parts)
    return Estimate(
        value=value,
        rows=rows,
        groups=len(change),
        error=float(np.sqrt(variance)),
        freedom=by_set**2 / sum(part**2 / free for part, free in parts) if by_set else 1.0,  # Satterthwaite
        skew=float((change**3).sum() / variance**1.5) if variance else 0.0,
    )


def _whole(samples: Sequence[Sample]) -> Sample:
    """All sets as one: a set of a single group says nothing of its own noise."""
    groups = [name or f"\0{at}.{row}" for at, s in enumerate(samples) for row, name in enumerate(s.groups)]
    values, weights = [s.value for s in samples], [s.weight for s in samples]
    return Sample(np.concatenate(values), np.concatenate(weights), tuple(groups))
