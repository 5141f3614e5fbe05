"""Words that are drawn as curves: a table's cell that shows one is not empty, and a page says how many there are."""

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import read, tables, write

WHITE, BLACK, BLUE = (1, 1, 1), (0, 0, 0), (0.1, 0.2, 0.5)


def curve(page: Any, x: float, y: float, width: float = 24, color: tuple[float, ...] = BLACK) -> None:
    """A filled shape as high as a line, with its lower end at y; no rectangle."""
    shape = page.new_shape()
    shape.draw_bezier((x, y), (x + width / 3, y - 9), (x + width / 2, y - 9), (x + width, y - 8))
    shape.draw_line((x + width, y - 8), (x + width, y))
    shape.draw_line((x + width, y), (x, y))
    shape.finish(fill=color, color=None)
    shape.commit()


def frame(page: Any, rows: int) -> None:
    for row in range(rows + 1):
        page.draw_line((60, 100 + 20 * row), (300, 100 + 20 * row))
    for x in (60, 180, 300):
        page.draw_line((x, 100), (x, 100 + 20 * rows))


def table_of_outlines(*, letters: bool) -> Any:
    """Figures in letters, their labels as curves, white on a dark ground in the header; `letters` under them."""
    doc = pymupdf.open()
    page = doc.new_page()
    write(page, 60, 80, "자산별 비중을 아래 표에 나타낸다.")
    page.draw_rect((60, 100, 300, 120), fill=BLUE)
    frame(page, 4)
    for row, figure in enumerate(["", "22.36", "77.34", "0.29"]):
        for x in [80, 200][: 1 if row else 2]:
            curve(page, x, 115 + 20 * row, color=BLACK if row else WHITE)
            if letters:
                write(page, x, 114 + 20 * row, "주식", 9)
        write(page, 210, 115 + 20 * row, figure)
    return doc


def test_a_cell_that_shows_a_word_without_letters_is_not_empty(tmp_path: Path) -> None:
    document = read(table_of_outlines(letters=False), tmp_path)
    assert tables(document) == [[["\ufffd", "\ufffd"], ["\ufffd", "22.36"], ["\ufffd", "77.34"], ["\ufffd", "0.29"]]]
    assert any("5 cells of its tables show a drawing and no letters" in warning for warning in document["warnings"])
    assert document["quality"] < 0.6


def test_letters_under_their_own_outlines_are_read(tmp_path: Path) -> None:
    document = read(table_of_outlines(letters=True), tmp_path)
    assert tables(document) == [[["주식", "주식"], ["주식", "22.36"], ["주식", "77.34"], ["주식", "0.29"]]]
    assert document["warnings"] == []
    assert document["quality"] == 1.0


@pytest.mark.parametrize(("count", "said"), [(2, False), (5, True)])
def test_words_outside_of_tables_are_counted(tmp_path: Path, count: int, said: bool) -> None:
    """Two may be the name in a logo."""
    doc = pymupdf.open()
    page = doc.new_page()
    write(page, 60, 80, "운용 성과는 보수를 빼지 않은 것이다.")
    for at in range(count):
        curve(page, 60, 130 + 40 * at)
    document = read(doc, tmp_path)
    assert [f"{count} shapes look like words" in warning for warning in document["warnings"]] == [True] * said


def test_a_white_shape_on_white_paper_is_not_seen(tmp_path: Path) -> None:
    doc = pymupdf.open()
    page = doc.new_page()
    frame(page, 2)
    for row, texts in enumerate([["구분", "비중"], ["", "1.2"]]):
        for x, text in zip((80, 200), texts, strict=True):
            write(page, x, 115 + 20 * row, text)
    curve(page, 80, 135, color=WHITE)
    assert tables(read(doc, tmp_path)) == [[["구분", "비중"], ["", "1.2"]]]
