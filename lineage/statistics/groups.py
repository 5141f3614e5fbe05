"""Rows of one document, article or original question are not independent: what counts is how groups differ.

A group is named by a string; rows whose group is "" are groups of their own.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def numbered(groups: Sequence[str]) -> NDArray[np.intp]:
    """Each row's group as a number, shape (rows,); the numbers run from 0 without a gap."""
    of_name: dict[str, int] = {}
    return np.array([of_name.setdefault(name or f"\0{at}", len(of_name)) for at, name in enumerate(groups)], np.intp)


def totals(values: Floats, group: NDArray[np.intp]) -> Floats:
    """The sum of each group's rows, shape (groups,)."""
    return np.bincount(group, values).astype(float)


def independent_groups(sizes: Floats) -> float:
    """How many groups of one size would tell as much as these (Kish 1965): their number, or fewer if some are large."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())
