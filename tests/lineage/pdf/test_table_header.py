"""The header of a table whose rules down begin below it."""

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import FONT, put, read, tables, write

EDGES = (60, 110, 200, 260, 320, 380)
HEAD = ["", "", "2031", "2032", "33.1/4"]
ROWS = [
    ["가람", "생산지수", "2.0", "3.2", "7.2"],
    ["", "판매액", "2.6", "3.9", "-"],
    ["", "재고율", "-2.8", "2.8", "2.1"],
]
MORE = [["나래", "생산지수", "0.2", "-2.2", "5.4"], ["", "판매액", "6.3", "-3.0", "0.7"]]


def row(page: Any, y: float, texts: list[str]) -> None:
    for start, end, text in zip(EDGES, EDGES[1:], texts, strict=False):
        write(page, end - 6 - FONT.text_length(text, 9) if start >= 200 else start + 3, y, text, 9)


def grouped(page: Any, top: float, head: list[list[str]], *, rule: bool, ground: bool) -> None:
    """Rules between groups, and down between blocks of columns, but not in the header."""
    height = 16 * len(head)
    if ground:
        page.draw_rect((60, top, 380, top + height), color=None, fill=(0.8, 0.9, 1))
    if rule:
        page.draw_line((60, top), (380, top))
    for i, texts in enumerate(head):
        row(page, top + 12 + 16 * i, texts)
    y = top + height
    page.draw_line((60, y), (380, y))
    for group in (ROWS, MORE):
        for i, texts in enumerate(group):
            row(page, y + 12 + 16 * i, texts)
        y += 16 * len(group)
        page.draw_line((60, y), (380, y))
    for x in (110, 260):
        page.draw_line((x, top + height), (x, y))


@pytest.mark.parametrize(("rule", "ground"), [(True, False), (False, True), (True, True)])
def test_the_header_above_the_rules_down_is_the_tables_first_row(tmp_path: Path, rule: bool, ground: bool) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        put(page, 60, 80, "□ 주요 지표는 지역마다 다르게 움직였다.")
        grouped(page, 120, [HEAD], rule=rule, ground=ground)
        document = read(doc, tmp_path)
    (table,) = tables(document)
    assert table[0] == HEAD
    assert table[1][1:] == ROWS[0][1:]
    assert [b["text"] for b in document["blocks"] if "text" in b] == ["□ 주요 지표는 지역마다 다르게 움직였다."]


def test_a_header_of_two_lines_is_two_rows(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        grouped(doc.new_page(), 120, [["", "", "", "잠정", "잠정"], HEAD], rule=True, ground=False)
        (table,) = tables(read(doc, tmp_path))
    assert table[:2] == [["", "", "", "잠정", "잠정"], HEAD]


def test_a_sentence_above_a_table_stays_a_sentence(tmp_path: Path) -> None:
    said = "이 표는 세 지역의 생산과 판매를 2031년부터 견주어 보인 것으로 확정치가 아니다."
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.draw_line((60, 100), (380, 100))
        put(page, 62, 112, said, 8)
        grouped(page, 118, [], rule=True, ground=False)
        document = read(doc, tmp_path)
    (table,) = tables(document)
    assert table[0][1:] == ROWS[0][1:]
    assert said in [b["text"] for b in document["blocks"] if "text" in b]


def test_what_stands_far_above_is_no_header(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.draw_line((60, 40), (380, 40))
        row(page, 60, HEAD)
        grouped(page, 160, [], rule=True, ground=False)
        (table,) = tables(read(doc, tmp_path))
    assert table[0][1:] == ROWS[0][1:]
