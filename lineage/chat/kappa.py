"""How far two judges agree beyond chance: Cohen's kappa (Cohen 1960), unweighted.

    kappa = (agreed - by chance) / (1 - by chance)

By chance: as often as two would say the same who each keep to their own shares of the labels. 1 is full agreement, 0 no
more than chance.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreed:
    """agreed: the share of equal labels. kappa: None where chance alone gives full agreement, or there are no rows."""

    rows: int
    agreed: float
    kappa: float | None


def agreement(one: Sequence[str], other: Sequence[str]) -> Agreed:
    """Of two who labelled the same things, in the same order."""
    rows = len(one)
    if not rows:
        return Agreed(0, 0.0, None)
    mine, yours = Counter(one), Counter(other)
    same = sum(a == b for a, b in zip(one, other, strict=True))
    chance = sum(mine[label] * yours[label] for label in mine)  # of rows², in whole numbers: no rounding decides
    kappa = None if chance == rows * rows else (same * rows - chance) / (rows * rows - chance)
    return Agreed(rows, same / rows, kappa)
