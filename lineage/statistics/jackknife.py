"""A figure of a whole set that is no mean of its rows, such as BLEU or macro-F1: its noise, by leaving out groups.

Such a figure is a function of the sums of what the rows count (n-grams, hits of a label). Leaving out one group after
the other shows how it would differ with other groups (the jackknife, Tukey 1958; Efron and Stein 1981: its variance is
not too small on average). The interval is Student's, with as many degrees of freedom as the sizes of the groups allow
(Kish). It is cut at the ends of the scale. Where no group changes the figure, its noise is not seen, and none is given;
nor of a handful of rows, of which it would hold the truth too seldom (`python -m benchmarks.whole_set_figures`).
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from lineage.statistics.groups import Floats, independent_groups, numbered, totals
from lineage.statistics.ratio import CONFIDENCE, Interval

FEWEST = 12  # rows


def of_sums(
    figure: Callable[[Floats], float], counts: Floats, groups: tuple[str, ...]
) -> tuple[float, Interval | None]:
    """A figure of 0..1 and its 95 % interval; None of fewer than two groups or `FEWEST` rows, or if they show no noise.

    figure: of the sums of a sample's counts, shape (kinds,). counts: shape (rows, kinds). groups: of each row.
    """
    group = numbered(groups)
    by_group = np.stack([totals(column, group) for column in np.asarray(counts, float).T], axis=1)
    whole = by_group.sum(0)
    value, number = figure(whole), len(by_group)
    if number < 2 or len(group) < FEWEST:
        return value, None
    left = np.array([figure(whole - one) for one in by_group])
    error = float(np.sqrt((number - 1) / number * ((left - left.mean()) ** 2).sum()))
    if error < 1e-12:  # what is left of equal figures by rounding
        return value, None
    freedom = max(independent_groups(totals(np.ones(len(group)), group)) - 1, 1.0)
    reach = float(special.stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    return value, (max(value - reach, 0.0), min(value + reach, 1.0))
