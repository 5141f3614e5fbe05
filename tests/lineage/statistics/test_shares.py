import numpy as np
import pytest
from scipy import stats

from lineage.statistics.shares import flipped_signs, share, share_difference

RANDOM = np.random.default_rng(3)


def alone(rows: int) -> tuple[str, ...]:
    return ("",) * rows


def answers(won: int, lost: int, same: int) -> tuple[np.ndarray, np.ndarray]:
    """Right answers of one model and another."""
    return np.array([1.0] * won + [0.0] * lost + [1.0] * same), np.array([0.0] * won + [1.0] * lost + [1.0] * same)


@pytest.mark.parametrize(("right", "rows"), [(0, 10), (10, 10), (3, 10), (41, 48), (1, 3), (1, 1)])
def test_independent_rows_have_the_exact_interval(right: int, rows: int) -> None:
    known = stats.binomtest(right, rows).proportion_ci(0.95, method="exact")
    found = share(np.array([1.0] * right + [0.0] * (rows - right)), alone(rows))
    assert found.value == right / rows and found.interval == pytest.approx((known.low, known.high))


def test_rows_of_a_group_tell_less_than_their_number_and_no_less_than_their_groups() -> None:
    right = (RANDOM.random(12) < 0.5).astype(float)
    five = tuple(str(at // 5) for at in range(60))
    copied, groups = share(np.repeat(right, 5), five), share(right, alone(12))
    assert copied.interval[1] - copied.interval[0] >= groups.interval[1] - groups.interval[0]
    mixed = share((RANDOM.random(60) < 0.5).astype(float), five)
    assert mixed.interval[1] - mixed.interval[0] < copied.interval[1] - copied.interval[0]


def test_a_set_that_is_all_right_is_as_sure_as_its_groups() -> None:
    found = share(np.ones(60), tuple(str(at // 10) for at in range(60)))
    assert found.interval[1] == 1.0 and found.interval[0] < stats.binomtest(6, 6).proportion_ci(method="exact").low


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (5, 0), (6, 0), (10, 3), (3, 10), (30, 30)])
def test_single_rows_are_mcnemars_exact_test(won: int, lost: int) -> None:
    found = share_difference(*answers(won, lost, 20), alone(won + lost + 20))
    known = stats.binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert found.p == pytest.approx(known) and found.value == pytest.approx((won - lost) / (won + lost + 20))


def test_groups_are_flipped_whole() -> None:
    changes = np.array([3.0, -1, 2, 2, 0, 1, -2, 4])
    known = stats.permutation_test((changes,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert flipped_signs(changes) == pytest.approx(known.pvalue)
    assert flipped_signs(np.array([8.0])) == 1.0, "eight rows of one document are one observation"


def test_the_interval_is_agrestis_and_mins() -> None:
    found = share_difference(*answers(12, 4, 34), alone(50))
    centre, spread = 8 / 52, np.sqrt(17 - 64 / 52) / 52
    assert found.interval == pytest.approx((centre - 1.959964 * spread, centre + 1.959964 * spread), abs=1e-6)


def test_no_difference_at_all_is_not_certain() -> None:
    low, high = share_difference(*answers(0, 0, 10), alone(10)).interval
    assert low < -0.1 and high > 0.1


def test_the_smallest_difference_is_what_the_exact_test_can_show() -> None:
    assert share_difference(*answers(0, 0, 5), alone(5)).smallest(0.05) is None, "of five rows none can be shown"
    found = share_difference(*answers(0, 0, 400), alone(400)).smallest(0.05)
    assert found is not None and found >= 6 / 400
