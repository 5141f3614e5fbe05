import numpy as np
import pytest
from scipy import stats

from lineage.statistics.jackknife import of_sums


def mean(sums: np.ndarray) -> float:
    return float(sums[0] / sums[1])


def test_of_a_mean_of_single_rows_it_is_the_t_interval() -> None:
    marks = np.random.default_rng(0).uniform(0.3, 0.7, size=20)
    value, interval = of_sums(mean, np.stack([marks, np.ones(20)], axis=1), ("",) * 20)
    expected = stats.t.interval(0.95, 19, loc=marks.mean(), scale=stats.sem(marks))
    assert value == pytest.approx(marks.mean()) and interval == pytest.approx(expected)


def test_rows_of_one_group_count_as_one() -> None:
    marks = np.random.default_rng(1).uniform(0.3, 0.7, size=12)
    once = of_sums(mean, np.stack([marks, np.ones(12)], axis=1), tuple("abcdefghijkl"))
    thrice = of_sums(mean, np.tile(np.stack([marks, np.ones(12)], axis=1), (3, 1)), tuple("abcdefghijkl") * 3)
    assert thrice == (pytest.approx(once[0]), pytest.approx(once[1]))


def test_no_noise_that_is_seen_and_a_single_group_give_no_interval() -> None:
    assert of_sums(mean, np.ones((9, 2)), ("",) * 9) == (1.0, None)
    assert of_sums(mean, np.array([[0.2, 1.0], [0.9, 1.0]]), ("a", "a"))[1] is None


def test_a_handful_of_rows_gives_no_interval() -> None:
    marks = np.random.default_rng(3).uniform(0.3, 0.7, size=11)
    assert of_sums(mean, np.stack([marks, np.ones(11)], axis=1), ("",) * 11) == (pytest.approx(marks.mean()), None)


def test_an_interval_stays_on_the_scale() -> None:
    marks = np.array([0.0] * 11 + [1.0])
    _, interval = of_sums(mean, np.stack([marks, np.ones(12)], axis=1), ("",) * 12)
    assert interval is not None and interval[0] == 0.0 and interval[1] <= 1.0


def test_on_clustered_rows_the_interval_of_an_f1_covers_it() -> None:
    """2,000 sets of 40 groups of 3 rows: a ratio of sums with noise in both, 93 to 97 % of them (measured: 94.7 %)."""
    random, covered, sets = np.random.default_rng(2), 0, 2000

    def f1(sums: np.ndarray) -> float:
        return float(2 * sums[0] / (2 * sums[0] + sums[1]))

    for _ in range(sets):
        hard = random.beta(4, 2, size=40)  # how likely a group's rows are hits
        hits = (random.random((40, 3)) < hard[:, None]).astype(float)
        counts = np.stack([hits, 1 - hits], axis=2).reshape(120, 2)
        _, interval = of_sums(f1, counts, tuple(str(n // 3) for n in range(120)))
        true = 2 * (4 / 6) / (2 * (4 / 6) + 2 / 6)
        assert interval is not None
        covered += interval[0] <= true <= interval[1]
    assert 0.93 <= covered / sets <= 0.97
