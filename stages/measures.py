"""Measures on held-out rows, and the noise around them.

- `choice`: the right option has the highest likelihood; chance is one over the number of options.
- `number`: the last number of the answer equals that of the expected one, signs, commas and brackets understood;
  chance is the share of the set's most frequent answer, for who always gives that one.
- `text`: chrF (Popović 2015, as sacrebleu computes it) over 100.
"""

import re
from typing import Any

_NUMBER = re.compile(r"(?P<minus>[-−△▲]\s?|\()?(?P<digits>\d[\d,]*(?:\.\d+)?)")


def last_number(text: str) -> float | None:
    """The last figure in a text: `△ 1,234` and `(1,234)` are negative, `12.5%` is 12.5."""
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    last = found[-1]
    value = float(last["digits"].replace(",", ""))
    closed = text[last.end() : last.end() + 1] == ")"
    negative = last["minus"] is not None and (last["minus"] != "(" or closed)
    return -value if negative else value


def same_number(answer: str, expected: str) -> bool:
    """Whether both texts end in the same figure, to a ten-thousandth of it."""
    found, wanted = last_number(answer), last_number(expected)
    if found is None or wanted is None:
        return False
    return abs(found - wanted) <= 1e-4 * max(1.0, abs(wanted))


def chrf(answer: str, expected: str) -> float:
    """chrF of one answer, from 0 to 1."""
    from sacrebleu.metrics import CHRF

    return float(CHRF().sentence_score(answer, [expected]).score) / 100


def resamples(rows: int, times: int, seed: int) -> Any:
    """How often each row is drawn in each bootstrap resample: an array of `times` × `rows` counts."""
    import numpy

    return numpy.random.default_rng(seed).multinomial(rows, [1 / rows] * rows, size=times)


def interval(draws: Any) -> list[float]:
    """The middle 95 % of a statistic's bootstrap draws."""
    import numpy

    low, high = numpy.quantile(draws, [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]


def mean_interval(values: list[float], weights: list[float], counts: Any) -> tuple[float, list[float]]:
    """The sum of `values` over that of `weights`, such as NLL per token from NLL and tokens by row; its interval."""
    import numpy

    total, weight = numpy.asarray(values, float), numpy.asarray(weights, float)
    return round(float(total.sum() / weight.sum()), 4), interval((counts @ total) / (counts @ weight))
