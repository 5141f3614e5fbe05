"""Weighted means of sets and one-sided tests of them, beside scipy and beside the unweighted ratio."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from lineage.statistics.ratio import Sample, ratio
from lineage.statistics.shares import share_difference
from lineage.statistics.weighted import p_above, p_flipped, weighted_mean, widened

RANDOM = np.random.default_rng(5)


def sample(rows: int, mean: float = 0.2, groups: int | None = None, name: str = "g") -> Sample:
    values = RANDOM.normal(mean, 1, rows)
    return Sample(values, np.ones(rows), tuple(f"{name}{at % (groups or rows)}" for at in range(rows)))


def test_weights_in_proportion_to_the_rows_give_the_ratio() -> None:
    sets = [sample(20, groups=7), sample(35, groups=9, name="h")]
    found, expected = weighted_mean(sets, [20, 35]), ratio(sets)
    for field in ("value", "rows", "groups", "error", "freedom", "skew"):
        assert getattr(found, field) == pytest.approx(getattr(expected, field)), field


def test_two_sets_that_share_no_group_add_their_variances() -> None:
    a, b = sample(30), sample(40, name="h")
    both, first, second = weighted_mean([a, b], [3, 1]), ratio([a]), ratio([b])
    assert both.value == pytest.approx(0.75 * first.value + 0.25 * second.value)
    assert both.error == pytest.approx(np.hypot(0.75 * first.error, 0.25 * second.error))


def test_a_set_of_one_group_gives_no_noise_and_no_p() -> None:
    found = weighted_mean([sample(30), sample(5, groups=1, name="h")], [1, 1])
    assert np.isnan(found.error) and p_above(found) is None and widened(found, 1.0) is found


def test_the_one_sided_p_is_that_of_scipy_where_nothing_is_skewed() -> None:
    values = RANDOM.normal(0.3, 1, 24)
    found = replace(weighted_mean([Sample(values, np.ones(24), ("",) * 24)], [1]), skew=0.0)
    for bound in (-0.2, 0.0, 0.4, 1.0):
        expected = stats.ttest_1samp(values, bound, alternative="greater").pvalue
        assert p_above(found, bound) == pytest.approx(expected, rel=1e-9)


def test_what_is_skewed_has_the_larger_p_of_both() -> None:
    values = np.concatenate([np.full(20, 0.05), [3.0]])
    found = weighted_mean([Sample(values, np.ones(21), ("",) * 21)], [1])
    plain = replace(found, skew=0.0)
    for bound in (-0.1, 0.0, 0.3):
        assert (p_above(found, bound) or 0) >= (p_above(plain, bound) or 0)


def test_without_noise_a_difference_is_above_a_bound_or_not() -> None:
    found = weighted_mean([Sample(np.zeros(9), np.ones(9), ("",) * 9)], [1])
    assert (p_above(found, -0.1), p_above(found), p_above(found, 0.1)) == (0.0, 1.0, 1.0)


def test_flipped_signs_are_those_of_scipy() -> None:
    values = RANDOM.normal(0.5, 1, 10)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf
    ).pvalue
    assert p_flipped([Sample(values, np.ones(10), ("",) * 10)], [1]) == pytest.approx(expected)
    assert p_flipped([Sample(np.ones(5), np.ones(5), ("",) * 5)], [1]) == stats.binomtest(5, 5).pvalue / 2


def test_groups_that_sets_share_flip_together_and_many_are_not_counted() -> None:
    one = Sample(np.ones(5), np.ones(5), tuple("abcde"))
    assert p_flipped([one, one], [1, 1]) == 1 / 32
    assert p_flipped([one, Sample(one.value, one.weight, tuple("fghij"))], [1, 1]) == 1 / 1024
    assert p_flipped([sample(13)], [1]) is None
    assert p_flipped([Sample(np.zeros(30), np.ones(30), ("",) * 30)], [1]) == 1.0


def test_known_noise_widens_and_has_no_degrees_of_freedom() -> None:
    found = weighted_mean([sample(12)], [1])
    wide = widened(found, found.error)
    assert wide.error == pytest.approx(found.error * 2**0.5)
    assert wide.freedom == pytest.approx(4 * found.freedom)
    assert abs(wide.skew) == pytest.approx(abs(found.skew) / 2**1.5)
    assert widened(found, 0.0) is found


def test_a_share_that_nobody_changed_is_above_a_bound_as_far_as_its_rows_show() -> None:
    same = np.tile([1.0, 0.0], 24)
    found = share_difference(same, same, ("",) * 48)
    few = share_difference(same[:8], same[:8], ("",) * 8)
    assert found.p_above(-0.1) < 0.001 < 0.1 < few.p_above(-0.1)
    assert found.p_above(0.0) == pytest.approx(0.5)
