"""What may be said of differences that are looked at together.

Of twenty sets on which nothing changed, one would look changed at 5 %. Holm (1979) keeps the chance that *any* of those
that are shown together is wrongly called changed at 5 %. Below a floor of rows and groups nothing is said at all: of
five groups even the clearest outcome is no rarer than 6 %, whatever the test.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

FEWEST_ROWS, FEWEST_GROUPS = 8, 6
LEVEL = 0.05

Verdict = Literal["improved", "worse", "unclear", "too_few"]


class Observed(NamedTuple):
    """A difference and its p-value by itself (None where there is none). gain: the sign of what is better, 1 or -1."""

    difference: float
    p: float | None
    rows: int
    groups: int
    gain: int


class Judged(NamedTuple):
    """The p-value among all that were looked at (None where nothing was tested), and the verdict."""

    p: float | None
    verdict: Verdict


def enough(rows: int, groups: int) -> bool:
    """Whether there are rows and groups for a verdict."""
    return rows >= FEWEST_ROWS and groups >= FEWEST_GROUPS


def level_of(tested: Mapping[str, Observed]) -> float:
    """The level of the strictest test among those that are looked at together."""
    return LEVEL / max(1, sum(_able(one) for one in tested.values()))


def judge(tested: Mapping[str, Observed]) -> dict[str, Judged]:
    """A verdict for each of the differences that are shown together."""
    able = [name for name, one in tested.items() if _able(one)]
    adjusted = dict(zip(able, holm([tested[name].p or 0.0 for name in able]), strict=True))
    return {name: _judged(one, adjusted.get(name)) for name, one in tested.items()}


def holm(p: Sequence[float]) -> list[float]:
    """Each p-value as it stands among all: at most `LEVEL` where its difference may be called one."""
    if not p:
        return []
    order = np.argsort(p, kind="stable")
    scaled = np.asarray(p)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(one) for one in adjusted]


def _able(one: Observed) -> bool:
    return one.p is not None and enough(one.rows, one.groups)


def _judged(one: Observed, p: float | None) -> Judged:
    if not enough(one.rows, one.groups):
        return Judged(None, "too_few")
    if p is None and not np.isinf(one.difference):  # no number at all
        return Judged(None, "unclear")
    if (p is not None and p > LEVEL) or one.difference == 0:
        return Judged(p, "unclear")
    return Judged(p, "improved" if one.difference * one.gain > 0 else "worse")
