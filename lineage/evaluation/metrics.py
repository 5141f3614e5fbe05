"""Measures on held-out rows, and the noise around them.

- `choice`: the right option has the highest likelihood; chance is one over the number of options.
- `number`: the last number of the answer equals that of the expected one, signs, commas and brackets understood;
  chance is the share of the set's most frequent answer, for who always gives that one.
- `text`: chrF (Popović 2015, as sacrebleu computes it) over 100.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?")
_CURRENCY = re.compile(r"[￦₩$€¥]\s?$")
_AMOUNT = re.compile(r"\s*(?:[십백천만억조\s]*(?:원|달러|위안|엔|유로)|%p|%|퍼센트|포인트|bp|배|[천만억조]+)?\s*\)")


def last_number(text: str) -> float | None:
    """The last figure in a text: `△ 1,234`, `-3.5%` and `(1,234)` are negative, `12.5%` is 12.5.

    A minus that continues a word with a digit, or stands between spaces behind one, is a range or a subtraction
    (`10-12`, `10 - 12`, `B-12`), not a sign. Brackets are an accountant's minus when they hold nothing but the
    figure and its unit (`(1,234원)`, `(1,234)백만원`) and do not explain what stands before them
    (`12억원(1,234백만원)`, `12억원 (1,234백만원)`, `매출액(1,234)`).
    """
    found = list(_NUMBER.finditer(text))
    if not found:
        return None
    last = found[-1]
    before = _CURRENCY.sub("", text[: last.start()])
    value = float(last[0].replace(",", ""))
    return -value if _is_negative(before, text[last.end() :]) else value


def _is_negative(before: str, after: str) -> bool:
    """Whether the figure between these two texts has a minus of any kind."""
    if re.search(r"[△▲]\s?$", before):
        return True
    if sign := re.search(r"[-−–](\s?)$", before):
        word = before[: sign.start()]
        spaced = word != word.rstrip()
        if spaced and not sign[1]:  # "매출 -12": nothing but a sign is written so
            return True
        if spaced:
            return not _has_digit(_last_word(word))
        return not re.search(r"[A-Za-z0-9]$", word) and not (_is_word(word) and _has_digit(_last_word(word)))
    if not re.search(r"\(\s?$", before) or not _AMOUNT.match(after):
        return False
    outside = before.rstrip()[:-1]
    if _is_word(outside):
        return False
    bare = after.lstrip().startswith(")")  # the unit, if any, stands outside: "(1,234)백만원"
    return bare or not _has_digit(_last_word(outside))


def _is_word(text: str) -> bool:
    """Whether the text ends in a word or a figure, so that what comes next is joined to it."""
    return text[-1:].isalnum() or text[-1:] in tuple("%)")


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _last_word(text: str) -> str:
    return (text.split() or [""])[-1]


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
