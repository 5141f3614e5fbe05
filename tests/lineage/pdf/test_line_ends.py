"""Ends of lines: papers that break them after words, and papers that break them anywhere, come out as written."""

from itertools import pairwise
from pathlib import Path
from textwrap import wrap

import pymupdf
import pytest

from lineage.pdf.line_ends import WRAP, LineEnds, habit
from lineage.pdf.line_joins import join_wrapped
from tests.lineage.pdf.drawn import put, read, tables, texts

PROSE = """\
가온거래소는 지난해 하반기에 시장 조성 제도를 크게 손질하였다. 호가 의무를 지키지 못한 회원에게는
수수료 감면을 줄이고, 거래가 적은 종목을 맡은 회원에게는 보상을 늘리는 방향으로 제도를 바꾸었다.
제도를 바꾼 뒤 거래가 적은 종목의 호가 차이는 눈에 띄게 줄어들었으며, 개인 투자자의 거래 비용도 함께
낮아진 것으로 나타났다. 다만 시장 변동성이 커지는 시기에는 호가 의무를 지키는 회원의 수가 크게
줄어들어 제도의 효과가 제한적이었다는 평가도 있다. 이에 따라 거래소는 변동성이 커지는 시기에 적용할
별도의 기준을 마련하기로 하였다. 별도의 기준에는 호가 의무를 완화하는 조건과 완화한 기간에 지켜야 할
사항이 담길 예정이다. 한편 채권 시장에서는 금리 인하 기대가 이어지면서 장기물을 중심으로 수요가
늘어났고, 외국인의 국채 투자도 꾸준히 증가하는 모습을 보였다. 그러나 기업의 실적이 나빠질 수 있다는
우려가 커지면서 신용 등급이 낮은 회사채에 대한 수요는 빠르게 위축되었다. 전문가들은 당분간 우량
회사채와 비우량 회사채의 금리 차이가 더 커질 가능성이 높다고 내다보았다. 거래소는 투자자 보호를 위하여
공시 기준을 강화하고, 공시를 위반한 기업에 대한 제재 수준을 높이는 방안을 검토하고 있다. 제재 수준이
높아지면 공시의 정확성이 높아지고 투자자의 신뢰도 회복될 것으로 기대된다. 기업들은 새로운 기준이
시행되기 전에 내부 통제 절차를 정비해야 하며, 정비가 늦어지는 기업에는 거래소가 별도의 교육을 제공할
계획이다. 금리가 내려가면 기업의 이자 부담이 줄어들지만, 수출이 줄어드는 업종에서는 매출이 함께
줄어들어 수익성이 나빠질 수 있다. 따라서 업종별로 수익성과 부채 수준을 나누어 살펴볼 필요가 있다는
의견이 많았다. 투자자는 기업의 공시와 시장의 금리 수준을 함께 살펴보고 투자 여부를 결정해야 한다.
"""
PROSE = " ".join(PROSE.split())


def anywhere(text: str, width: int) -> list[str]:
    """Lines of so many letters; a space at an end is not drawn."""
    return [text[i : i + width].strip() for i in range(0, len(text), width)]


def at_words(text: str, width: int) -> list[str]:
    return wrap(text, width)


def joined(lines: list[str]) -> str:
    text = ""
    for line in lines:
        text = join_wrapped(text, line, room=0, size=10)
    (found,) = LineEnds(["\n".join(lines)]).resolve([text])
    return found


def right_ends(lines: list[str], found: str) -> tuple[int, int]:
    """How many line ends of the text found are as they were written, of how many."""
    at, right = 0, 0
    for first, second in pairwise(lines):
        at = found.index(first, max(0, at)) + len(first)
        parted = found.startswith(" ", at)
        right += parted == (f"{first} {second}" in PROSE)
    return right, len(lines) - 1


def share_right(how: object, widths: range) -> float:
    counted = [right_ends(lines, joined(lines)) for width in widths if (lines := how(PROSE, width))]  # type: ignore[operator]
    return sum(right for right, _ in counted) / sum(every for _, every in counted)


def test_a_paper_that_breaks_lines_between_words_keeps_its_spaces() -> None:
    assert share_right(at_words, range(22, 48)) > 0.97


def test_a_paper_that_breaks_lines_anywhere_keeps_its_words() -> None:
    assert share_right(anywhere, range(22, 48)) > 0.9


@pytest.mark.parametrize("break_lines", [anywhere, at_words])
def test_both_habits_on_a_page(tmp_path: Path, break_lines: object) -> None:
    lines = break_lines(PROSE, 34)  # type: ignore[operator]
    font = pymupdf.Font("korea")
    with pymupdf.open() as doc:
        page = doc.new_page()
        writer = pymupdf.TextWriter(page.rect)
        for i, line in enumerate(lines):
            words = line.split(" ")
            free = 350 - sum(font.text_length(word, 10) for word in words) if i < len(lines) - 1 else 3.0 * len(words)
            x = 72.0
            for word in words:  # every line but the last is set to the width of the column
                writer.append((x, 100 + 14 * i), word, font=font, fontsize=10)
                x += font.text_length(word, 10) + free / max(1, len(words) - 1)
        writer.write_text(page)
        found = " ".join(texts(read(doc, tmp_path)))
    assert WRAP not in found
    right, every = right_ends(lines, found)
    assert right >= 0.9 * every


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        ("전월 대비 2.8", "소매판매는 줄었다", "전월 대비 2.8 소매판매는 줄었다"),
        ("지수는 101.3", "대한상의 조사에서", "지수는 101.3 대한상의 조사에서"),
        ("모두 12", "개정 조항을", "모두 12 개정 조항을"),
        ("올해는 2024", "년에 시작한", "올해는 2024년에 시작한"),
        ("규모는 350", "억원으로 늘었다", "규모는 350억원으로 늘었다"),
        ("세계 매출 1", "위를 지켰다", "세계 매출 1위를 지켰다"),
        ("성장률은 2.8", "로 낮아졌다", "성장률은 2.8로 낮아졌다"),
        ("법 제3", "조의2에 따라", "법 제3조의2에 따라"),
        ("법 제", "3조에 따라", "법 제3조에 따라"),
        ("국내 ETF", "는 늘었다", "국내 ETF는 늘었다"),
        ("국내 ETF", "시장은 컸다", "국내 ETF 시장은 컸다"),
        ("금리는 3.5%", "를 넘었다", "금리는 3.5%를 넘었다"),
        ("금리는 3.5", "%를 넘었다", "금리는 3.5%를 넘었다"),
        ("이를 (이하 「", "기준」이라 한다)", "이를 (이하 「기준」이라 한다)"),
        ("하였다.", "그러나", "하였다. 그러나"),
        ("lin-", "eage", "lineage"),
        ("中國", "經濟", "中國經濟"),
    ],
)
def test_figures_letters_and_brackets_at_the_end_of_a_line(first: str, second: str, whole: str) -> None:
    assert joined([first, second]) == whole


def test_a_unit_that_only_this_document_has_stays_with_its_figure() -> None:
    page = "잔여 30년채는 줄었고 남은 10년채가 늘었다 . 만기 20년채도 있다\n발행한 5\n년채는 모두"
    (found,) = LineEnds([page]).resolve([join_wrapped("발행한 5", "년채는 모두", 0, 10)])
    assert found == "발행한 5년채는 모두"


def test_a_line_that_had_room_ended_with_a_word() -> None:
    assert join_wrapped("재정", "정상화", room=30, size=10) == "재정 정상화"
    assert join_wrapped("재정", "정상화", room=2, size=10, spaced=True) == "재정 정상화"
    assert join_wrapped("재정 정상", "화를", room=2, size=10) == f"재정 정상{WRAP}화를"


def test_the_ends_of_lines_in_cells_follow_the_cells(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i, line in enumerate(at_words(PROSE, 40)):
            put(page, 60, 300 + 14 * i, line)
        for x in (60, 140, 204):
            page.draw_line((x, 100), (x, 180))
        for y in (100, 140, 180):
            page.draw_line((60, y), (204, y))
        for x, y, lines in ((60, 100, ["회사채 수요는", "줄어들었다"]), (140, 100, ["투자자의 신", "뢰도"])):
            for i, line in enumerate(lines):
                put(page, x + 4, y + 14 + 14 * i, line)
        put(page, 64, 158, "금리")
        put(page, 144, 158, "3.5")
        (table,) = tables(read(doc, tmp_path))
    assert table[0] == ["회사채 수요는 줄어들었다", "투자자의 신뢰도"]


def test_a_habit_without_evidence_is_even() -> None:
    assert habit([]) == 0.5
    assert habit([3.0] * 50) > 0.9
    assert habit([-3.0] * 50) < 0.1


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        ("「가온법」", "에 따라", "「가온법」에 따라"),
        ("『시장의 역사』", "를 펴냈다", "『시장의 역사』를 펴냈다"),
        ("‘가온’", "이라는 이름", "‘가온’이라는 이름"),
        ('그는 "오른다"', "고 말하였다", '그는 "오른다"고 말하였다'),
        ('그는 "', "오른다고 보았다", '그는 "오른다고 보았다'),
        ("매출은", "’24년에 늘었다", "매출은 ’24년에 늘었다"),
        ("银行宣布（不含）。", "本次下调后", "银行宣布（不含）。本次下调后"),
        ("引き上げることを", "決定した", "引き上げることを決定した"),
        ("決定は", "きのう出た", "決定はきのう出た"),
        ("发布于2024", "年三月", "发布于2024年三月"),
        ("die Zinsen erhö-", "hen will", "die Zinsen erhöhen will"),
        ("Öl-", "und Gas", "Öl- und Gas"),
        ("the K-", "ICS ratio", "the K-ICS ratio"),
        ("from 2020–", "2024", "from 2020–2024"),
        ("수출/", "수입 금액", "수출/수입 금액"),
        ("AA, AA-", "A+, A", "AA, AA- A+, A"),
        ("매출 -", "비용", "매출 - 비용"),
        ("https://example.com/reports/", "2024/annual for all", "https://example.com/reports/2024/annual for all"),
        ("모두 3,000", "억원어치를 샀다", "모두 3,000억원어치를 샀다"),
        ("모두 30", "여명이", "모두 30여명이"),
        ("크게 성장하였", "다. 반면", "크게 성장하였다. 반면"),
        ("www.example.co.kr/li", "st.do?page=1", "www.example.co.kr/list.do?page=1"),
        ("see https://example.com/a", "and the notes", "see https://example.com/a and the notes"),
        ("전년보다 2.8", "소매판매는", "전년보다 2.8 소매판매는"),
    ],
)  # fmt: skip
def test_what_the_letters_at_a_join_tell(first: str, second: str, right: str) -> None:
    assert LineEnds([]).resolve([join_wrapped(first, second, 0, 10)]) == [right]


def test_a_hyphen_stays_where_the_document_writes_the_word_with_it() -> None:
    ends = LineEnds(["a long-term loan, well known"])
    texts = [join_wrapped("for the long-", "term plan", 0, 10), join_wrapped("the expec-", "tation is", 0, 10)]
    assert ends.resolve(texts) == ["for the long-term plan", "the expectation is"]
