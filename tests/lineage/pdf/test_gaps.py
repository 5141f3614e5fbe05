"""Runs that are drawn into gaps of other runs, as print drivers do that write a page font by font."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from lineage.pdf.reading import read_document
from tests.lineage.pdf.drawn import LIMITS, glued, put, read, ruled, tables

KOREAN, LATIN = pymupdf.Font("korea"), pymupdf.Font("helv")
OTHERS = re.compile(r"[0-9A-Za-z.,()%·‘’/~-]+(?: [0-9A-Za-z.,()%·‘’/~-]+)*")
SENTENCES = [
    "국내 판매 1위 생산품인",
    "국내 판매 12위 생산품이다",
    "1위는 매출 2,345억원, 2위는 678억원이다.",
    "(2023년 12월) 말의 이익은 37.5%(전년 대비)이다",
    "제1조와 제2조의 대상은 ETF와 ELS이다",
    "주요 기업(KOSPI 200)의 매출, 이익, 자산은 다음과 같다.",
    "자산·부채·자본의 합계는 1,234",
    "가 1 나 2 다 3 라 4",
]
Runs = list[tuple[float, str]]  # x from the line's left, text


def by_font(text: str, size: float, small: float = 1.0) -> tuple[Runs, Runs]:
    """A line parted into what a Korean font writes and what is left to another: the Korean ends are kept spaced."""
    korean: Runs = []
    latin: Runs = []
    x, at = 0.0, 0
    for match in [*OTHERS.finditer(text), None]:
        piece = text[at : match.start() if match else None]
        if piece:
            korean.append((x, piece))
        x += KOREAN.text_length(piece, size)
        if match:
            latin.append((x, match[0]))
            x += LATIN.text_length(match[0], size * small)
            at = match.end()
    return korean, latin


def write(page: Any, runs: Runs, y: float, font: Any, size: float) -> None:
    writer = pymupdf.TextWriter(page.rect)
    for x, text in runs:
        writer.append((72 + x, y), text, font=font, fontsize=size)
    writer.write_text(page)


def page_of(page: Any, texts: Sequence[str], *, size: float, small: float, lift: float, last: bool) -> None:
    """Lines written font by font, the Korean one first or last; the other `small` beside it and `lift` points up."""
    parted = [(100 + 1.6 * size * i, *by_font(text, size, small)) for i, text in enumerate(texts)]

    def korean() -> None:
        for y, runs, _ in parted:
            filled = [(x, text + " ") for x, text in runs]  # room is often left as spaces
            write(page, filled, y, KOREAN, size)

    if not last:
        korean()
    for y, _, runs in parted:
        write(page, runs, y - lift, LATIN, size * small)
    if last:
        korean()


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("size", "small", "lift"), [(10, 1, 0), (9, 1, 0.3), (12, 0.9, -0.2), (11, 1, -0.5)])
def test_a_page_written_font_by_font_reads_line_by_line(
    tmp_path: Path, last: bool, size: float, small: float, lift: float
) -> None:
    with pymupdf.open() as doc:
        page_of(doc.new_page(), SENTENCES, size=size, small=small, lift=lift, last=last)
        assert read(doc, tmp_path)["page_text"][0].split("\n") == SENTENCES


def lines_of(doc: Any, tmp_path: Path) -> list[str]:
    return read(doc, tmp_path)["page_text"][0].split("\n")


@pytest.mark.parametrize("figure", ["3", "10"])
def test_the_first_of_two_spaces_that_a_figure_covers_is_the_space_before_it(tmp_path: Path, figure: str) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(3):
            write(page, [(0, "그해 순위  위의 회사")], 100 + 20 * i, KOREAN, 11)
            write(page, [(KOREAN.text_length("그해 순위", 11), figure)], 100 + 20 * i, LATIN, 9)
        assert lines_of(doc, tmp_path) == [f"그해 순위 {figure}위의 회사"] * 3


def test_marks_of_notes_stand_where_they_are_printed(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(3):
            y, x = 100 + 20 * i, 0.0
            for text, note in (("가온전자", f"{i + 1})"), ("와 새벽전자", f"{i + 2})"), ("의 매출이다.", "")):
                write(page, [(x, text)], y, KOREAN, 12)
                x += KOREAN.text_length(text, 12)
                write(page, [(x, note)], y - 4, LATIN, 7)
                x += LATIN.text_length(note, 7) + 1
        assert lines_of(doc, tmp_path) == [f"가온전자{i})와 새벽전자{i + 1})의 매출이다." for i in (1, 2, 3)]


def test_a_blank_of_a_form_is_filled_where_it_is_printed(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        write(page, [(0, "사업 연도: (          )년, 성명: ________ 이다")], 100, KOREAN, 11)
        write(page, [(KOREAN.text_length("사업 연도: (  ", 11), "2023")], 100, LATIN, 10)
        write(page, [(KOREAN.text_length("사업 연도: (          )년, 성명: _", 11), "가온")], 99.5, KOREAN, 10)
        line = lines_of(doc, tmp_path)[0]
    assert re.fullmatch(r"사업 연도: \( ?2023 ?\)년, 성명: _* ?가온 ?_* 이다", line)


def test_a_cell_written_font_by_font_holds_its_own_figure(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        ruled(page, 100, [["", ""]] * 3, (72, 200, 330))
        texts = [[f"제{i}기의 매출", f"약 {i}2,345억원"] for i in range(3)]
        for i, row in enumerate(texts):
            for column, text in enumerate(row):
                korean, latin = by_font(text, 10)
                for runs, font in ((korean, KOREAN), (latin, LATIN)):
                    write(page, [(x + 4 + 128 * column, piece) for x, piece in runs], 114 + 20 * i, font, 10)
        assert tables(read(doc, tmp_path)) == [texts]


def test_columns_are_not_gaps_of_each_other(tmp_path: Path) -> None:
    left = [f"왼쪽 단의 {i}번째 글줄은 여기까지 가득 찬다" for i in range(12)]
    right = [f"오른쪽 단의 {i}번째 글줄도 이렇게 가득 찬다" for i in range(12)]
    with pymupdf.open() as doc:
        page = doc.new_page()
        for x, texts in ((0, left), (250, right)):
            for i, text in enumerate(texts):
                korean, latin = by_font(text, 10)
                for runs, font in ((korean, KOREAN), (latin, LATIN)):
                    write(page, [(x + at, piece) for at, piece in runs], 100 + 16 * i, font, 10)
        assert lines_of(doc, tmp_path) == left + right


def test_a_stamp_over_a_line_keeps_both_whole(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        glued(page, 72, 100, "가온거래소 이사장은 이 문서를 다음과 같이 승인한다", 11)
        put(page, 110, 101, "사본임", 12)
        glued(page, 72, 130, "둘째 줄은 그대로 이어진다", 11)
        found = lines_of(doc, tmp_path)
    assert sorted(found) == sorted(
        ["가온거래소 이사장은 이 문서를 다음과 같이 승인한다", "사본임", "둘째 줄은 그대로 이어진다"]
    )


def test_tight_lines_of_justified_text_stay_lines(tmp_path: Path) -> None:
    wide = "벌린  낱말  사이에  윗줄의  글자는  들어가지  않는다".replace("  ", "   ")
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(8):
            write(page, [(3 * (i % 2), wide)], 100 + 11 * i, KOREAN, 11)
        assert lines_of(doc, tmp_path) == [re.sub(" +", " ", wide)] * 8


def test_a_page_of_rubbish_takes_no_minutes(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.insert_text((72, 300), "a  b  c  d", fontname="helv")
        piece = "BT /helv 9 Tf 1 0 0 1 %d 700 Tm (a  b  c  d%d) Tj ET\n"
        doc.update_stream(page.get_contents()[0], "".join(piece % (20 + i % 500, i) for i in range(6000)).encode())
        path = tmp_path / "rubbish.pdf"
        doc.save(path)
    assert read_document(path, "0" * 64, LIMITS, lambda _: None)["pages"] == 1
