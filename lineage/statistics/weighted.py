"""A weighted sum of the means of several sets, and one-sided tests of it: whether it lies above a bound.

Sets are strata and groups may be shared between them, as in ratio.py; here each set's mean counts by a weight that was
chosen beforehand, however many rows the set has. One-sided, since only one direction leads to a promotion: a two-sided
test would spend half of its level on being sure that a version is worse.

Student's quantile, and the transformation for skewed means, are not to be trusted where a handful of groups carries the
whole difference. There every way of flipping their signs is counted as well (Fisher's randomisation test): if two
versions do not differ, each group's difference could as well have been the other way round. The larger p-value holds.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from lineage.statistics.groups import Floats, numbered, totals
from lineage.statistics.ratio import Estimate, Sample, estimated

COUNTED = 12  # groups whose signs are flipped in every way, 4,096 of them; of more the approximation is good


def weighted_mean(samples: Sequence[Sample], weights: Sequence[float]) -> Estimate:
    """The mean of the sets' means, each by its weight; without a standard error if a set has a single group."""
    shares = np.asarray(weights) / np.sum(weights)
    value = float(sum(share * s.value.sum() / s.weight.sum() for s, share in zip(samples, shares, strict=True)))
    return estimated(samples, list(shares), value)


def widened(estimate: Estimate, deviation: float) -> Estimate:
    """The same with another source of noise beside the rows', of a known standard deviation: that of the seed."""
    if not deviation or not np.isfinite(estimate.error):
        return estimate
    error = float(np.hypot(estimate.error, deviation))
    part = estimate.error / error
    freedom = estimate.freedom / part**4 if part else 1e9  # Satterthwaite; the other part is known
    return replace(estimate, error=error, freedom=freedom, skew=estimate.skew * part**3)


def p_above(estimate: Estimate, bound: float = 0.0) -> float | None:
    """How likely a mean so far above a bound is, if the true one lies at it: one-sided; None without an error."""
    if not np.isfinite(estimate.error):
        return None
    far = estimate.value - bound
    if estimate.error == 0:
        return 0.0 if far > 0 else 1.0
    t, skew = far / estimate.error, estimate.skew
    skewed = ((1 + skew * t / 3) ** 3 - 1) / skew + skew / 6 if abs(skew) > 1e-8 else t
    return float(max(special.stdtr(estimate.freedom, -z) for z in (t, skewed)))


def p_flipped(samples: Sequence[Sample], weights: Sequence[float]) -> float | None:
    """The one-sided p-value by flipping the signs of groups; None where more than `COUNTED` of them differ."""
    names, parts = list[str](), list[Floats]()
    for at, (sample, weight) in enumerate(zip(samples, weights, strict=True)):
        group = numbered(sample.groups)
        named = dict(zip(group.tolist(), sample.groups, strict=True))
        found = totals(sample.value, group) * (weight / sample.weight.sum())
        names += [named[number] or f"\0{at}.{number}" for number in range(len(found))]
        parts.append(found)
    changes = totals(np.concatenate(parts), numbered(names))
    changes = changes[changes != 0]
    if len(changes) > COUNTED:
        return None
    ways = np.zeros(1)
    for change in np.abs(changes):
        ways = np.concatenate([ways - change, ways + change])
    return float((ways >= changes.sum() - 1e-12).mean())
