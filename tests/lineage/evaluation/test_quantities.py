from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.evaluation.plain_math import plain
from lineage.evaluation.quantities import CalendarDate, Quantity, quantities


def values(text: str) -> list[tuple[Fraction, str]]:
    """Value in its dimension, and the dimension, of each quantity of a text."""
    return [(q.value * q.factor, q.dimension) for f in quantities(plain(text)) if isinstance(q := f.said, Quantity)]


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("매출은 △ 1,234", -1234, ""),
        ("손실 (1,234)", -1234, ""),
        ("(1,234백만 원)", -1_234_000_000, "원"),
        ("영업이익은 (1,234)백만원", -1_234_000_000, "원"),
        ("2023년 (1,234)백만원", -1_234_000_000, "원"),
        ("(￦1,234)", -1234, "원"),
        ("매출액(1,234)", 1234, ""),
        ("매출 (3개월)", 3, "개월"),
        ("10-12", 12, ""),
        ("10 - 12", 12, ""),
        ("10~-12", -12, ""),
        ("10원-12원", 12, "원"),
        ("B-12", 12, ""),
        ("x=-12", -12, ""),
        ("2x=-3", -3, ""),
        ("순이익은 - 12억원", -1_200_000_000, "원"),
        ("전년대비-3.5%", Fraction("-3.5"), "%"),
        ("전년 대비 −3.5%p", Fraction("-3.5"), "%p"),
        ("-￦1,000", -1000, "원"),
        ("$-5$", -5, ""),
        ("$5", 5, "달러"),
        ("costs $5 and $6", 6, "달러"),
        ("제5조", 5, ""),
        ("자본 5조", 5 * 10**12, ""),
        ("12일본", 12, ""),
        ("12일에", 12 * 86_400, "초"),
        ("12% 초과", 12, "%"),
        ("12 초과", 12, ""),
        ("10만 20만", 200_000, ""),
        ("0억원", 0, "원"),
        (".5", Fraction("0.5"), ""),
    ],
)
def test_the_last_quantity_of_a_text(text: str, value: Fraction, dimension: str) -> None:
    assert values(text)[-1] == (value, dimension)


def test_a_year_behind_an_amount_is_no_part_of_it() -> None:
    assert values("매출 1억 2024년") == [(10**8, ""), (2024 * 12, "개월")]


def test_a_date_is_one_thing() -> None:
    (found,) = quantities("2024년 3월 15일 9시 30분")
    assert found.said == CalendarDate((("년", 2024), ("월", 3), ("일", 15), ("시", 9), ("분", 30)))
    assert quantities("2024-13-45")[-1].said == Quantity(Fraction(45))


@pytest.mark.parametrize("text", ["", "모릅니다", "△", "( )", "-", "1/0", "10억을 받은 G00570"[8:], r"\sqrt{5}", "x^2"])
def test_a_text_without_a_quantity(text: str) -> None:
    assert quantities(text) == []


def spelled(amount: int) -> str:
    """A number of won as Korean newspapers write it: 1조 2,300억 45만 6,789원."""
    parts = []
    for name, unit in (("조", 10**12), ("억", 10**8), ("만", 10**4), ("", 1)):
        if part := amount // unit % 10**4:
            parts.append(f"{part:,}{name}")
    return " ".join(parts) + "원"


@given(st.integers(1, 10**16 - 1))
def test_an_amount_is_read_back_however_it_is_written(amount: int) -> None:
    assert values(spelled(amount)) == values(f"{amount:,}원") == values(f"{amount}원") == [(amount, "원")]


@given(st.integers(-999, 999), st.integers(1, 999))
def test_a_fraction_is_read_back(over: int, under: int) -> None:
    assert values(rf"$\frac{{{over}}}{{{under}}}$") == values(f"{over}/{under}") == [(Fraction(over, under), "")]


@given(st.text("0123456789.,/()-△%$\\{}^ 만억조천원년월일시분{frac}가", max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    quantities(plain(text))
