"""Tables whose header alone has rules, each as wide as the columns that the text above it names."""

import random
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import read, texts, write

PITCH, SIZE, WIDTH, LEFT = 14, 8, 58, 40
Group = tuple[str, int, int]  # a text, and the first and last column that it names
STEPPED = [[("금융상품", 2, 8)], [("은행이 낸 상품", 2, 6)], [("통화에 든 상품", 2, 4), ("가진 이", 9, 11)]]


def draw(page: Any, levels: list[list[Group]], columns: int, note: str = "") -> None:
    """Levels of a header over names and six rows of figures, with a rule under each text and no other line."""
    xs = [LEFT + WIDTH * at for at in range(columns + 1)]
    y = 100
    if note:
        write(page, xs[-1], y, note, SIZE, 1)
    for level in levels:
        for name, first, last in level:
            write(page, (xs[first] + xs[last + 1]) / 2, y, name, SIZE, 0.5)
            if last > first:
                page.draw_line((xs[first] + 3, y + 4), (xs[last + 1] - 3, y + 4), width=0.5)
        y += PITCH
    for at in range(columns):
        write(page, (xs[at] + xs[at + 1]) / 2, y, f"이름{at}" if at else "연월", SIZE, 0.5)
    for row in range(6):
        y += PITCH
        write(page, LEFT + 4, y, f"20{20 + row}", SIZE)
        for at in range(1, columns):
            write(page, xs[at + 1] - 6, y, f"{row}{at:02d}.{at % 10}", SIZE, 1)


def said(level: list[Group], columns: int) -> list[tuple[str, int]]:
    """A level as the document's cells say it: text and width in columns, an empty one beside."""
    over = {first: (name, last - first + 1) for name, first, last in level}
    hidden = {at for _, first, last in level for at in range(first + 1, last + 1)}
    return [over.get(at, ("", 1)) for at in range(columns) if at not in hidden]


def check(levels: list[list[Group]], columns: int, document: dict[str, Any]) -> None:
    (table,) = [block for block in document["blocks"] if block["kind"] == "table"]
    rows = [[(cell["text"], cell["colspan"]) for cell in row] for row in table["rows"]]
    assert rows[: len(levels)] == [said(level, columns) for level in levels]
    assert [text for text, _ in rows[len(levels)]] == ["연월", *(f"이름{at}" for at in range(1, columns))]
    assert [text for text, _ in rows[-1]] == ["2025", *(f"5{at:02d}.{at % 10}" for at in range(1, columns))]


@pytest.mark.parametrize("single", [False, True])
def test_steps_of_a_header(tmp_path: Path, single: bool) -> None:
    """Levels that end further left the lower they stand; `single`: names of one column beside them."""
    levels = [*STEPPED[:2], [*STEPPED[2], *([("현금", 1, 1), ("주식", 8, 8)] if single else [])]]
    levels[2].sort(key=lambda group: group[1])
    doc = pymupdf.open()
    draw(doc.new_page(width=800), levels, 12)
    check(levels, 12, read(doc, tmp_path))


def test_a_unit_beside_the_first_level_stays_outside(tmp_path: Path) -> None:
    doc = pymupdf.open()
    draw(doc.new_page(width=800), STEPPED, 12, note="(계절조정계열 기준 잔액, 십억원)")
    document = read(doc, tmp_path)
    check(STEPPED, 12, document)
    assert "(계절조정계열 기준 잔액, 십억원)" in [
        block["text"] for block in document["blocks"] if block["kind"] != "table"
    ]


def test_a_title_over_a_rule_of_the_whole_table_is_none_of_its_cells(tmp_path: Path) -> None:
    doc = pymupdf.open()
    page = doc.new_page(width=800)
    draw(page, [[("가진 이", 1, 3), ("상품", 4, 6)]], 7)
    write(page, LEFT + 3.5 * WIDTH, 100 - PITCH, "표 1. 상품별 잔액", SIZE, 0.5)
    page.draw_line((LEFT, 104 - PITCH), (LEFT + 7 * WIDTH, 104 - PITCH))
    document = read(doc, tmp_path)
    check([[("가진 이", 1, 3), ("상품", 4, 6)]], 7, document)
    assert any("표 1. 상품별 잔액" in text for text in texts(document))


def test_any_tree_of_names_over_columns(tmp_path: Path) -> None:
    """Sixty headers drawn at random: groups, groups of groups, and columns that no group names."""
    for seed in range(60):
        draws = random.Random(seed)
        columns = draws.randint(5, 12)
        levels: list[list[Group]] = []
        spans = [(1, columns - 1)]
        for depth in range(draws.randint(1, 3)):
            level = []
            for first, last in spans:
                at = first
                while at < last:
                    width = draws.randint(2, last - at + 1)
                    if draws.random() < 0.75:
                        level.append((f"묶음{depth}{at}", at, at + width - 1))
                    at += width
            if not level:
                break
            levels.append(level)
            spans = [(first, last) for _, first, last in level if last > first]
        doc = pymupdf.open()
        if levels:
            draw(doc.new_page(width=800), levels, columns)
            check(levels, columns, read(doc, tmp_path))
