import numpy as np
import pytest

from lineage.statistics.groups import independent_groups, numbered, totals


def test_rows_without_a_group_are_groups_of_their_own() -> None:
    assert numbered(("a", "", "b", "", "a")).tolist() == [0, 1, 2, 3, 0]


def test_a_groups_rows_are_summed() -> None:
    assert totals(np.array([1.0, 2.0, 4.0]), numbered(("b", "a", "b"))).tolist() == [5.0, 2.0]


def test_one_large_group_among_small_ones_counts_for_little() -> None:
    assert independent_groups(np.ones(12)) == 12
    assert independent_groups(np.array([100.0] + [1.0] * 9)) == pytest.approx(109**2 / 10009)
