import numpy
import pytest

from lineage.evaluation.metrics import chrf, interval, last_number, mean_interval, resamples, same_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("매출은 △ 1,234", -1234),
        ("매출은 △1,234원", -1234),
        ("▲3", -3),
        ("손실 (1,234)", -1234),
        ("(1,234백만 원)", -1234),
        ("(1,234원)", -1234),
        ("영업이익은 (1,234)백만원", -1234),
        ("(￦1,234)", -1234),
        ("매출은 12억원(1,234백만원)", 1234),
        ("매출은 12억원 (1,234백만원)", 1234),
        ("매출액(1,234)", 1234),
        ("매출 (2023년)", 2023),
        ("(3, 4)", 4),
        ("10-12", 12),
        ("10 - 12", 12),
        ("10~-12", -12),
        ("3%-5%", 5),
        ("10원-12원", 12),
        ("2023-12-31", 31),
        ("B-12", 12),
        ("x=-12", -12),
        ("2x=-3", -3),
        ("순이익은 - 12억원", -12),
        ("전년대비-3.5%", -3.5),
        ("-￦1,000", -1000),
        ("$-5$", -5),
        ("3,4", 4),
        ("전년 대비 -3.5%", -3.5),
        ("전년 대비 −3.5%", -3.5),
        ("12", 12),
        ("The answer is: 12", 12),
        ("The answer is: 12.", 12),
        ("48/2 = <<48/2=24>>24\n#### 1,072", 1072),
        ("3 + 4 = 7", 7),
        ("12.5%", 12.5),
        ("1,234,567.89", 1234567.89),
        ("0", 0),
    ],
)
def test_the_last_figure_of_a_text(text: str, number: float) -> None:
    assert last_number(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "모릅니다", "△", "( )", "-"])
def test_a_text_without_a_figure(text: str) -> None:
    assert last_number(text) is None


@pytest.mark.parametrize(
    ("answer", "expected", "same"),
    [
        ("답은 1,234", "1234", True),
        ("△5.2", "-5.2%", True),
        ("(5.2)", "-5.2%", True),
        ("5.2", "-5.2", False),
        ("1000000", "1000050", True),
        ("1000000", "1000200", False),
        ("12", "13", False),
        ("모릅니다", "12", False),
        ("12", "모릅니다", False),
    ],
)
def test_the_same_figure(answer: str, expected: str, same: bool) -> None:
    assert same_number(answer, expected) is same


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
