import numpy as np
import pytest
from scipy import stats

from lineage.statistics.ratio import Sample, ratio

RANDOM = np.random.default_rng(7)
SYMMETRIC = np.concatenate([[1.0, 2.5, 4.0, 7.0, 0.3], [-1.0, -2.5, -4.0, -7.0, -0.3]]) + 1.5


def of(values: np.ndarray, weights: np.ndarray | None = None, groups: tuple[str, ...] | None = None) -> Sample:
    ones = np.ones(len(values)) if weights is None else weights
    return Sample(values, ones, groups or ("",) * len(values))


def test_independent_rows_without_skew_are_students_t_test() -> None:
    found, known = ratio([of(SYMMETRIC)]), stats.ttest_1samp(SYMMETRIC, 0)
    assert found.value == pytest.approx(SYMMETRIC.mean()) and found.error == pytest.approx(stats.sem(SYMMETRIC))
    assert found.freedom == pytest.approx(9) and found.skew == pytest.approx(0, abs=1e-12)
    assert found.interval == pytest.approx(tuple(known.confidence_interval()))
    assert found.p == pytest.approx(known.pvalue)


def test_a_skewed_interval_holds_students_and_reaches_farther_where_the_tail_is() -> None:
    values = np.exp(RANDOM.normal(0, 1, 30))
    found, known = ratio([of(values)]), stats.ttest_1samp(values, 0).confidence_interval()
    assert found.interval is not None
    assert found.interval[0] == pytest.approx(known.low) and found.interval[1] > known.high + 0.05
    mirrored = ratio([of(-values)]).interval
    assert mirrored == pytest.approx((-found.interval[1], -found.interval[0]))


def test_rows_of_a_group_count_once() -> None:
    values = RANDOM.normal(0.5, 1, 12)
    alone = ratio([of(values)])
    copied = ratio([of(np.repeat(values, 5), groups=tuple(str(at // 5) for at in range(60)))])
    assert (copied.rows, copied.groups) == (60, 12)
    assert copied.interval == pytest.approx(alone.interval) and copied.p == pytest.approx(alone.p)


def test_the_error_is_the_jackknifes() -> None:
    values, weights = RANDOM.normal(3, 1, 8), np.arange(1.0, 9.0)
    left = [np.delete(values, at).sum() / np.delete(weights, at).sum() for at in range(8)]
    whole = values.sum() / weights.sum()
    found = ratio([of(values, weights)])
    assert found.value == pytest.approx(whole)
    assert found.error == pytest.approx(np.sqrt(7 / 8 * sum((one - whole) ** 2 for one in left)))


def test_what_sets_differ_by_is_no_noise() -> None:
    first, second = RANDOM.normal(0, 0.1, 20), RANDOM.normal(0, 0.1, 20) + 9
    together = ratio([of(first), of(second)])
    assert together.value == pytest.approx(np.concatenate([first, second]).mean())
    assert together.error == pytest.approx(np.hypot(stats.sem(first), stats.sem(second)) / 2)


def test_a_group_that_two_sets_share_is_one() -> None:
    values, names = RANDOM.normal(0, 1, 10), tuple(f"document {at}" for at in range(10))
    twice = ratio([of(values, groups=names), of(values, groups=names)])
    assert twice.groups == 10 and twice.error == pytest.approx(ratio([of(values, groups=names)]).error)


def test_a_set_of_one_group_is_judged_with_the_others() -> None:
    lone, other = of(np.array([5.0, 6.0]), groups=("a", "a")), of(RANDOM.normal(0, 1, 10))
    together = ratio([lone, other])
    assert (
        together.groups == 11
        and np.isfinite(together.error)
        and together.value == pytest.approx(np.concatenate([lone.value, other.value]).mean())
    )


@pytest.mark.parametrize("values", [np.array([1.0]), np.array([1.0, np.inf, 2.0]), np.array([np.nan, 1.0])])
def test_one_group_or_values_that_are_no_numbers_give_no_interval(values: np.ndarray) -> None:
    found = ratio([of(values)])
    assert found.interval is None and found.p is None and found.smallest(0.05) is None


def test_models_that_do_not_differ_at_all() -> None:
    found = ratio([of(np.zeros(9))])
    assert (found.value, found.interval, found.p) == (0.0, (0.0, 0.0), 1.0)


def test_a_difference_of_the_smallest_size_is_found_four_times_in_five() -> None:
    size = ratio([of(np.sqrt(29 / 30) * (values := RANDOM.normal(0, 1, 30)) / values.std())]).smallest(0.05)
    assert size == pytest.approx((stats.t.ppf(0.975, 29) + stats.t.ppf(0.8, 29)) / np.sqrt(30), rel=0.05)
    found = [(ratio([of(RANDOM.normal(size, 1, 30))]).p or 0) <= 0.05 for _ in range(400)]
    assert 0.7 < np.mean(found) < 0.9
