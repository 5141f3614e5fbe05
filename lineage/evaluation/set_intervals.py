"""A set's NLL and score with the intervals of lineage/statistics, from its rows."""

from collections.abc import Sequence

import numpy as np

from lineage.artifacts.measures import Interval, MeasuredRow
from lineage.records.record import Measure
from lineage.statistics.ratio import Sample, ratio
from lineage.statistics.shares import share

WithInterval = tuple[float | None, Interval | None]


def nll_of(rows: Sequence[MeasuredRow]) -> WithInterval:
    """Nats a supervised token; nothing of no rows, and no interval of a single group."""
    if not rows:
        return None, None
    tokens = np.array([row.tokens for row in rows], float)
    found = ratio([Sample(np.array([row.nll for row in rows], float), tokens, tuple(row.group for row in rows))])
    return round(found.value, 4), _rounded(found.interval)


def score_of(rows: Sequence[MeasuredRow], measure: Measure) -> WithInterval:
    """The mean score of the rows that a measure judges: a share of right answers, or a mean mark of 0..1 (`text`)."""
    judged = [row for row in rows if row.score is not None and row.measure == measure]
    if not judged:
        return None, None
    scores, groups = np.array([row.score for row in judged], float), tuple(row.group for row in judged)
    if measure in ("choice", "number"):
        found = share(scores, groups)
        return round(found.value, 4), _rounded(found.interval)
    mean = ratio([Sample(scores, np.ones(len(scores)), groups)])
    return round(mean.value, 4), _rounded(mean.interval, 0.0, 1.0)


def _rounded(ends: Interval | None, least: float = -np.inf, most: float = np.inf) -> Interval | None:
    return None if ends is None else (round(max(ends[0], least), 4), round(min(ends[1], most), 4))
