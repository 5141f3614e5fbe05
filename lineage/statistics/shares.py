"""Shares of right answers, and what they differ by between two models, where rows hang together in groups.

An interval of a share must hold for few rows, and at 0 and 1, where its noise cannot be seen. So the formulas of
independent rows are taken with fewer rows: as many as would tell as much as these (rows over the design effect), and
fewer still where few groups show that effect badly (Korn and Graubard 1998). Where no noise is seen, groups count.

    share         Clopper and Pearson (1934), the exact one: of few rows it covers more than 95 %, never less
    difference    Agresti and Min (2005): half an answer more of each kind, then the normal interval
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from lineage.statistics.groups import Floats, independent_groups, numbered, totals
from lineage.statistics.ratio import CONFIDENCE, POWER, Interval


@dataclass(frozen=True, slots=True)
class Share:
    """A share, 0..1, and its 95 % interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class ShareDifference:
    """One model's share of right answers less another's on the same rows.

    p: of the exact test; see `flipped_signs`. error: the standard error. centre: of the interval.
    """

    value: float
    interval: Interval
    p: float
    rows: int
    groups: int
    error: float
    centre: float

    def p_above(self, bound: float) -> float:
        """How likely a difference so far above a bound is, if the true one lies at it: one-sided, by the interval."""
        return float(special.ndtr((bound - self.centre) / self.error))

    def smallest(self, level: float) -> float | None:
        """The size of a difference that these rows would have shown four times in five; None where none could.

        level: of the test.
        """
        fewest = np.ceil(1 + np.log2(1 / level))  # groups that must differ, all one way, before an exact test says so
        by_noise = self.error * float(special.ndtri([1 - level / 2, POWER]).sum())
        least = max(by_noise, float(fewest) / self.rows)
        return least if fewest <= self.groups and least <= 1 else None


def share(right: Floats, groups: tuple[str, ...]) -> Share:
    """The share of right answers (1 right, 0 wrong)."""
    p = float(right.mean())
    n = _telling(right, p * (1 - p), groups)
    right_rows, tail = p * n, (1 - CONFIDENCE) / 2
    low = float(special.betaincinv(right_rows, n - right_rows + 1, tail)) if p > 0 else 0.0
    high = float(special.betaincinv(right_rows + 1, n - right_rows, 1 - tail)) if p < 1 else 1.0
    return Share(p, (low, high))


def share_difference(right: Floats, other: Floats, groups: tuple[str, ...]) -> ShareDifference:
    """One model's share of right answers less another's; both answered the same rows."""
    change = right - other
    value, discordant = float(change.mean()), float((change != 0).mean())
    n = _telling(change, discordant - value**2, groups)
    won, lost = n * float((change > 0).mean()), n * float((change < 0).mean())
    centre, seen = (won - lost) / (n + 2), won + lost + 1
    error = float(np.sqrt(seen - (won - lost) ** 2 / (n + 2)) / (n + 2))
    reach = float(special.ndtri((1 + CONFIDENCE) / 2)) * error
    return ShareDifference(
        value=value,
        interval=(max(min(centre - reach, value), -1.0), min(max(centre + reach, value), 1.0)),
        p=flipped_signs(totals(change, numbered(groups))),
        rows=len(change),
        groups=int(numbered(groups).max()) + 1,
        error=error,
        centre=centre,
    )


def flipped_signs(changes: Floats) -> float:
    """The p-value of whole changes by group: how many signs, flipped in every way, give a sum as far from 0.

    If two models do not differ, each group's change could as well have been the other way round. Every way is counted,
    not drawn. Where each group is one row, it is McNemar's exact test.
    """
    sizes = np.abs(changes[changes != 0]).astype(int)
    ways = np.ones(1)
    for size in sizes:  # the distribution of the sum, shifted so that the smallest stands at 0
        ways = (np.pad(ways, (0, 2 * size)) + np.pad(ways, (2 * size, 0))) / 2
    sums = np.arange(len(ways)) - sizes.sum()
    return float(min(ways[np.abs(sums) >= abs(changes.sum())].sum(), 1.0))


def _telling(values: Floats, spread: float, groups: tuple[str, ...]) -> float:
    """How many independent rows would tell as much.

    Args:
        values: of each row.
        spread: the variance of a row.
        groups: of each row.
    """
    group = numbered(groups)
    size, rows = totals(np.ones(len(values)), group), len(values)
    if len(size) == rows:
        return float(rows)
    least = independent_groups(size)
    if spread <= 0 or len(size) < 2:
        found = least
    else:
        left = (totals(values, group) - values.mean() * size) / (rows - size)
        variance = float((left**2).sum()) * (len(size) - 1) / len(size)
        found = min(max(spread / variance, least), rows) if variance else least
    few, many = special.stdtrit([max(least - 1, 1.0), rows - 1], (1 + CONFIDENCE) / 2)
    return float(found * (many / few) ** 2)
