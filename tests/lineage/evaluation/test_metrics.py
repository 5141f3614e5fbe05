import numpy
import pytest

from lineage.evaluation.metrics import chrf, interval, mean_interval, resamples


def test_chrf_is_a_share() -> None:
    assert chrf("매출은 12억 원입니다", "매출은 12억 원입니다") == pytest.approx(1)
    assert chrf("xyz", "매출은 12억 원입니다") == 0
    assert 0 < chrf("매출은 13억 원입니다", "매출은 12억 원입니다") < 1


def test_the_interval_of_a_known_case() -> None:
    rng = numpy.random.default_rng(0)
    values = rng.normal(5, 2, 400).tolist()
    mean, (low, high) = mean_interval(values, [1.0] * 400, resamples(400, 2000, 1))
    assert mean == pytest.approx(numpy.mean(values), abs=1e-4)
    half = 1.96 * numpy.std(values) / 400**0.5  # what the central limit theorem says
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.03)


def test_the_mean_is_weighted_by_tokens() -> None:
    mean, (low, high) = mean_interval([10.0, 1.0], [100.0, 1.0], resamples(2, 500, 1))
    assert mean == round(11 / 101, 4)
    assert (low, high) == (0.1, 1.0)


def test_rows_without_variation_have_no_width() -> None:
    assert mean_interval([2.0] * 9, [1.0] * 9, resamples(9, 100, 1)) == (2.0, (2.0, 2.0))


def test_resamples_are_a_function_of_the_seed() -> None:
    assert (resamples(20, 50, 3) == resamples(20, 50, 3)).all()
    assert (resamples(20, 50, 3) != resamples(20, 50, 4)).any()
    assert (resamples(20, 50, 3).sum(axis=1) == 20).all()


def test_the_middle_95_percent() -> None:
    assert interval(numpy.arange(1001)) == (25.0, 975.0)
