"""Two models on the same rows: the difference of their NLL, and how sure it is.

A resample draws rows, and both models are read on them (percentile bootstrap, Efron 1979). One draw of rows per set
serves every version, so that all intervals of a set are comparable; figures of several sets resample within each.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lineage.artifacts.comparison import Paired
from lineage.artifacts.measures import Interval
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.reporting.measured import SetRows

CONFIDENCE = 0.95
DIGITS = 6  # figures are rounded where they are made, so that every reader shows the same


class Draws:
    """How often each row of a set is drawn, shape (resamples, rows); the same for every model."""

    def __init__(self, seed: int, resamples: int) -> None:
        self.seed, self.resamples = seed, resamples
        self._made: dict[tuple[str, int], NDArray[np.float64]] = {}

    def of(self, name: str, rows: int) -> NDArray[np.float64]:
        """The draws of a set's rows; they depend on seed, name and number alone."""
        if (name, rows) not in self._made:
            word = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
            generator = np.random.default_rng([self.seed, word])
            drawn = generator.multinomial(rows, np.full(rows, 1 / rows), self.resamples)
            self._made[name, rows] = drawn.astype(float)
        return self._made[name, rows]


def paired(pairs: Sequence[tuple[str, SetRows, SetRows]], draws: Draws) -> Paired:
    """One model less another on one set or several: NLL of both, difference, interval, verdict.

    Args:
        pairs: each set's name, and its rows as the one and as the other answered them.
        draws: the resamples.

    Raises:
        LineageError: the two were measured on different rows.
    """
    resamples = draws.resamples
    mine, other, tokens = np.zeros(resamples), np.zeros(resamples), np.zeros(resamples)
    for name, a, b in pairs:
        if a.ids != b.ids or not np.array_equal(a.tokens, b.tokens):
            raise LineageError(
                f"{paths.METRICS}/*/rows.jsonl: two versions were measured on different rows of {name}, or with "
                f"another tokenizer; run `dvc repro evaluate` and `dvc repro baseline` to measure all alike"
            )
        drawn = draws.of(name, len(a.ids))
        mine, other, tokens = mine + drawn @ a.nll, other + drawn @ b.nll, tokens + drawn @ a.tokens
    total = sum(float(a.tokens.sum()) for _, a, _ in pairs)
    nll = sum(float(a.nll.sum()) for _, a, _ in pairs) / total
    other_nll = sum(float(b.nll.sum()) for _, _, b in pairs) / total
    low, high = interval((mine - other) / tokens)
    return Paired(
        rows=sum(len(a.ids) for _, a, _ in pairs),
        tokens=int(total),
        nll=rounded(nll),
        other_nll=rounded(other_nll),
        difference=rounded(nll - other_nll),
        interval=(low, high),
        verdict="improved" if high < 0 else "worse" if low > 0 else "unclear",
    )


def interval(values: NDArray[np.float64]) -> Interval:
    """The middle of a statistic's resamples, shape (resamples,)."""
    edge = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [edge, 1 - edge])
    return rounded(low), rounded(high)


def rounded(value: float) -> float:
    """A figure as it is written."""
    return round(float(value), DIGITS) + 0.0  # no -0.0
