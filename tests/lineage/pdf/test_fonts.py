"""Sound papers of every kind are converted; text is refused where the codes of its glyphs show that it is none."""

import re
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from lineage.pdf.admission import Refused
from tests.lineage.pdf.drawn import read
from tests.lineage.pdf.drawn_codes import TEXT, embedded, numbered, with_table, without_table, write

ENGLISH = "The exchange publishes the reports of listed firms, and investors read them before they buy."
SOUND = {
    "codes": [f"KR70{i * 37:08} {i * 1013:06} {i * 517:,}" for i in range(20)],
    "tickers": ["BXTR KRWQ ZNTX PLMN SDKR", "QWRT NHGT BVCX LKJH MNBV"] * 8,
    "prices": [f"{i * 1234:,}.{i:02} {i * 77:,} {i}%" for i in range(20)],
    "few syllables": ["합계 잔액 합계 잔액 합계 잔액 합계 잔액"] * 20,
    "names": ["강건남 권혁찬 뢰범준 명륜휘 복웅엽 설경택 옥환철 추탁형 표혜림 황윤섭"] * 15,
    "leaders": ["." * 60] * 8,
    "contents": [f"{'…' * 30} {i}" for i in range(12)],
    "bullets": ["● ○ ■ □ ▲ △"] * 12,
    "alphabet": ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"] * 2,
    "English": [ENGLISH] * 4,
    "German": ["Die Börse veröffentlicht die Größe der börsennotierten Gesellschaften, süß."] * 4,
    "Chinese": ["交易所公布上市公司的报告，投资者阅读并作出决定。财务报表显示营业收入增长。"] * 4,
    "traditional Chinese": ["交易所公佈上市公司的報告，投資者閱讀並作出決定。財務報表顯示營業收入。"] * 4,
    "Japanese": ["取引所は上場会社の報告書を公表し、投資家はそれを読んで判断する。"] * 4,
    "Russian": ["Биржа публикует отчёты компаний, и инвесторы читают их."] * 4,
    "Greek": ["Το χρηματιστήριο δημοσιεύει τις εκθέσεις των εταιρειών."] * 4,
    "Hanja": ["去來所 上場法人 報告書 公示 投資者 內容 財務諸表"] * 4,
    "one digit": ["7"],
}


@pytest.mark.parametrize("kind", SOUND)
def test_sound_papers_are_converted(tmp_path: Path, kind: str) -> None:
    made = read(embedded(SOUND[kind]), tmp_path)
    assert made["page_text"][0].split() == " ".join(SOUND[kind]).split()
    assert (made["quality"], made["warnings"]) == (1.0, [])


def upside_down(code: int, letter: str) -> str:
    return chr(0xAC00 + 11171 - (ord(letter) - 0xAC00)) if "가" <= letter <= "힣" else letter


BROKEN = {
    "no table": (lambda: without_table(embedded([TEXT] * 4)), r"Identity-H, no ToUnicode"),
    "private": (lambda: with_table(embedded([TEXT] * 4), lambda c, u: chr(0xE000 + c % 6000)), "without letters"),
    "control": (lambda: with_table(embedded([TEXT] * 4), lambda c, u: chr(1 + c % 8)), "without letters"),
    "one letter": (lambda: with_table(embedded([TEXT] * 4), lambda c, u: "x"), r"\d+ of \d+ codes the same"),
    "blanks": (lambda: with_table(embedded([TEXT] * 4), lambda c, u: " "), r"\d+ of \d+ codes the same"),
    "glyph numbers": (lambda: with_table(embedded([TEXT] * 4), lambda c, u: chr(c)), "numbers of the glyphs"),
    "next letters": (lambda: with_table(embedded([ENGLISH] * 4), lambda c, u: chr(ord(u) + 1)), "differently|above"),
    "rare syllables": (lambda: with_table(embedded([TEXT] * 4), upside_down), "differently|KS X 1001"),
    "in order of use": (lambda: numbered(ENGLISH, [ENGLISH] * 4), "numbered in the order of their first use"),
    "without gaps": (lambda: numbered("".join(sorted(ENGLISH)), [ENGLISH] * 4), "numbered without gaps"),
    "named by numbers": (lambda: numbered("".join(sorted(ENGLISH)), [ENGLISH] * 4, "g"), r"named by numbers \(g\d+\)"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_text_without_letters_is_refused_with_what_was_found(tmp_path: Path, kind: str) -> None:
    draw, found = BROKEN[kind]
    with pytest.raises(Refused, match="undecodable fonts") as refused:
        read(draw(), tmp_path)
    assert re.search(rf"^[\d,]+ of [\d,]+ characters cannot be told: .*(?:{found})", refused.value.detail)


def test_names_that_are_the_codes_of_their_letters_are_read(tmp_path: Path) -> None:
    letters = "".join(map(chr, range(33, 127)))
    assert read(numbered(letters, [ENGLISH.replace(" ", "")] * 4), tmp_path)["quality"] == 1.0


def one_bad_page() -> Any:
    doc = pymupdf.open()
    for _ in range(3):
        write(doc.new_page(), [TEXT] * 8)
    doc.subset_fonts()
    doc.insert_pdf(without_table(embedded([TEXT] * 4)))
    return doc


def test_a_page_that_cannot_be_told_is_left_out_and_said(tmp_path: Path) -> None:
    made = read(one_bad_page(), tmp_path)
    assert made["page_text"] == ["\n".join([TEXT] * 8)] * 3 + [""]
    assert any(re.match(r"page 4: left out, 18\d of 184 characters cannot be told", w) for w in made["warnings"])
    assert made["quality"] == pytest.approx(24 / 28, abs=0.01)


def test_leaders_of_a_sign_without_a_letter_are_no_fault_of_the_text(tmp_path: Path) -> None:
    doc = without_table(embedded(["·" * 60] * 2))
    doc[0].insert_text((50, 200), TEXT, fontname="korea", fontsize=9)
    made = read(doc, tmp_path)
    assert TEXT in made["page_text"][0]
    assert any("no ToUnicode" in warning for warning in made["warnings"])


def test_a_letter_that_cannot_be_told_counts_each_time(tmp_path: Path) -> None:
    lines = ["가나다라마바 가나다라마바 가나다라마바 가나다라마바"] * 4
    made = read(with_table(embedded(lines), lambda _, u: "\ufffd" if u == "나" else u), tmp_path)
    assert made["quality"] == pytest.approx(1 - 16 / (96 + 15), abs=0.01)  # blanks are shown as well
    assert made["warnings"][0].startswith("page 1: 16 of 96 characters cannot be told")


def test_boxes_for_letters_that_a_font_does_not_hold_are_no_text(tmp_path: Path) -> None:
    doc = embedded([TEXT])
    name = doc[0].get_fonts()[0][4]
    content = doc[0].get_contents()[0]
    rows = f"<{'0000' * 40}> Tj T* " * 4
    doc.update_stream(content, doc.xref_stream(content) + f" BT /{name} 9 Tf 14 TL 50 300 Td {rows} ET".encode())
    with pytest.raises(Refused, match="undecodable fonts") as refused:
        read(doc, tmp_path)
    assert "160 of" in refused.value.detail


def test_one_letter_in_twenty_that_cannot_be_told_is_warned_of(tmp_path: Path) -> None:
    lines = ["가나다라마바사아자차카타파하거너더러 가나다라마바사아자차카타파하거너더러"] * 4
    made = read(with_table(embedded(lines), lambda _, u: "\ufffd" if u == "나" else u), tmp_path)
    assert [w.split(":")[1] for w in made["warnings"]] == [" 8 of 144 characters cannot be told"]
