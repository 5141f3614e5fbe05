import re
from collections import Counter

import pytest

from lineage.synthesis.figures import alike, bears, figures, numbers
from lineage.synthesis.proposal import draws


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("접수한 날부터 5일 이내", ["5일"]),
        ("전년보다 △5.2%p 낮은 -3.5%", ["△5.2%p", "-3.5%"]),
        ("매출액은 9,190십억원, 총액은 1조2,000억원", ["9,190십억원", "1조2,000억원"]),
        ("2024년 1월 1일부터 15시 30분까지 24시간", ["2024년 1월 1일", "15시 30분", "24시간"]),
        ("3개월 또는 3 거래일", ["3개월", "3 거래일"]),
        ("제3조제2항제1호에 따라 제5조 원문, 제 7 조", []),
        ("① 1. 서류 <개정 2024.1.1> 3분의 2, 2분기, 3~5일", []),
    ],
)
def test_figures_are_verbatim_and_numbering_is_none(text: str, found: list[str]) -> None:
    assert [f.text for f in figures(text)] == found
    assert all(text[f.start : f.end] == f.text for f in figures(text))


@pytest.mark.parametrize(
    "figure",
    [
        "5일",
        "1회",
        "10년",
        "△5.2%p",
        "1,200원",
        "9,190십억원",
        "0.35%",
        "50십억원",
        "100만원",
        "2024년",
        "12월",
        "24시간",
        "990원",
        "-450",
        "11시",
        "365일",
        "2024년 1월 1일",
        "3 거래일",
        "△ 16",
    ],
)
def test_figures_alike_are_distinct_and_written_alike(figure: str) -> None:
    unit = re.sub(r"[\d,.]", "", figure)
    for seed in range(50):
        others = alike(figure, 3, draws(seed))
        assert len({figure, *others}) == 4
        assert {re.sub(r"[\d,.]", "", other) for other in others} == {unit}
        assert all(len(o.partition(".")[2]) == len(figure.partition(".")[2]) for o in others)
        assert not any(re.search(r"(?<![\d.,])0+(?:[^\d.시]|$)", o) for o in others), "nothing is made zero"


def test_the_true_figure_is_not_known_by_its_place() -> None:
    places = Counter(sorted(int(o[:-1]) for o in [*alike("7일", 3, draws(i)), "7일"]).index(7) for i in range(400))
    assert set(places) == {0, 1, 2, 3} and min(places.values()) > 60
    places = Counter(
        sorted(float(o[:-1]) for o in [*alike("48.3%", 3, draws(i)), "48.3%"]).index(48.3) for i in range(400)
    )
    assert set(places) == {0, 1, 2, 3} and min(places.values()) > 60


def test_what_cannot_be_altered_is_not() -> None:
    assert alike("0", 3, draws(1)) == [] and alike("없음", 3, draws(1)) == []
    assert alike("12월 31일", 3, draws(1)) == [], "no 31st of September"
    assert all(1 <= int(o[:-1]) <= 12 for seed in range(30) for o in alike("12월", 3, draws(seed)))


def test_a_text_bears_a_figure_with_its_sign_and_unit() -> None:
    def borne(text: str, said: str) -> bool:
        return bears(text, figures(said)[0])

    assert numbers("1,234억원과 3.5%, 7, 8") == {"1234", "3.5", "7", "8"}
    assert borne("영업이익은 △30 억원이다", "△30억원") and borne("손실 △30억원", "30억원") is False
    assert not borne("130억원", "30억원") and not borne("30억원", "△30억원") and not borne("30백만원", "30억원")
    assert borne("(단위: 십억원)\n매출액 | 1,350 | △ 16", "1,350십억원")
    assert borne("(단위: 십억원)\n매출액 | 1,350 | △ 16", "△16십억원")
    assert not borne("(단위: 십억원)\n매출액 | 1,350", "1,350백만원")
