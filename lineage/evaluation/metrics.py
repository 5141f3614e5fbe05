"""Measures on held-out rows, and the noise around them.

- `choice`: the right option has the highest likelihood; chance is one over the number of options. `normalized` beside
  it is the same by the likelihood of a byte: the sum favours short options (Gao 2021, "Multiple Choice Normalization in
  LM Evaluation"; lm-evaluation-harness calls it acc_norm).
- `number`: the answer's number is the expected one, as lineage/evaluation/number_answers.py compares them; chance is
  the share of the set's most frequent answer, for who always gives that one.
- `text`: chrF (Popović 2015, as sacrebleu computes it) over 100.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def chrf(answer: str, expected: str) -> float:
    """chrF of one answer, from 0 to 1."""
    from sacrebleu.metrics import CHRF

    return float(CHRF().sentence_score(answer, [expected]).score) / 100


def resamples(rows: int, times: int, seed: int) -> NDArray[np.int64]:
    """How often each row is drawn in each bootstrap resample: counts of shape (times, rows)."""
    return np.random.default_rng(seed).multinomial(rows, [1 / rows] * rows, size=times)


def interval(draws: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of a statistic's bootstrap draws, shape (times,)."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def mean_interval(
    values: Sequence[float], weights: Sequence[float], counts: NDArray[np.int64]
) -> tuple[float, tuple[float, float]]:
    """The sum of `values` over that of `weights`, such as NLL per token from NLL and tokens by row; its interval.

    counts: the resamples of these rows, from `resamples`.
    """
    total, weight = np.asarray(values, float), np.asarray(weights, float)
    return round(float(total.sum() / weight.sum()), 4), interval((counts @ total) / (counts @ weight))
