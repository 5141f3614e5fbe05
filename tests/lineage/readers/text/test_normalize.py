import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.readers.io.json_repair import without_spare_commas
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.chunking import TextPart, split
from lineage.readers.text.normalize import clean, one_line

# What a financial text must not lose. The best-known cleaner of the field fails on nearly every one.
FIGURES = [
    "-3.5%(전년 12.1%)", "△5.2%p", "▲ 1,234", "△ 1,234백만원", "(1,234)", "−0.25%p", "–12",
    "+3.7bp", "±0.5", "￦1,000", "₩1,000", "$110 million", "€2.5", "¥300", "1조 2,345억원", "12.50",
    "0.10", "1,234,567.89", "10÷3", "3×4=12", "√2", "2²", "x₁", "½", "≤30%", "≥ 5", "≠", "∞", "∑",
    "①항", "㈜가온", "㎡", "㎏", "℃", "％", "「자본시장법」", "『편람』", "【별표 1】", "〈표 2〉",
    "[주1]", "{a}", "제3조(정의)", "제3조의2", "<개정 2024.1.1>", "2024.1.1.", "2021~2023",
    "2021∼2023", "1:2", "A·B", "AㆍB", "※ 주", "• 항목", "가.", "1)", "Q&A", "50/50", "a\u00adb",
    "5 000", "<|im_end|>", "\\frac{1}{2}", "10^{-3}",
]  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES)
def test_figures_pass_unchanged(figure: str) -> None:
    assert clean(figure) == figure
    assert clean(f"매출액은 {figure} 이다.") == f"매출액은 {figure} 이다."


def test_what_is_cleaned() -> None:
    assert clean(unicodedata.normalize("NFD", "가온거래소")) == "가온거래소"
    assert clean("\ufeff 가\u200b나 \t\r\n다\u00a0라\x0c마\n\n\n\n\n바  ") == "가나\n다 라\n마\n\n\n바"
    assert clean("12\x0013") == "12 13", "a control character must never join two figures"
    assert one_line(" 가\n\t나  다 ") == "가 나 다"


@given(st.text())
def test_no_visible_character_is_lost(text: str) -> None:
    def visible(s: str) -> list[str]:
        return [c for c in unicodedata.normalize("NFC", s) if unicodedata.category(c)[0] not in "ZC"]

    assert visible(clean(text)) == visible(text)
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    "step",
    [clean, lambda text: split([TextPart((text,))]), lambda text: without_spare_commas('"\\' * 20_000), measure_of],
    ids=["clean", "parts", "json", "answers"],
)
def test_long_runs_take_no_longer_than_their_length(step: Callable[[str], object]) -> None:
    begun = time.process_time()
    step(" " * 40_000 + "x")
    assert time.process_time() - begun < 0.5
