"""Headers of several levels, tables of few rows, and what stands beside figures, under rules of all kinds."""

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from lineage.readers.text.key_figures import as_grid
from tests.lineage.pdf.drawn import read, texts, write
from tests.lineage.pdf.drawn_grid import RULES, grid

QUARTERS = [
    [("구분", 0, 0), ("2024년", 1, 4), ("2025년", 5, 7)],
    [*((f"{n}/4", n, n) for n in range(1, 5)), *((f"{n}월", n + 4, n + 4) for n in range(1, 4))],
]
HALVES = [
    [("금액", 1, 4), ("증감률", 5, 7)],
    [("2024", 1, 2), ("2025", 3, 4), ("2024", 5, 6), ("2025", 7, 7)],
    [("상" if n % 2 else "하", n, n) for n in range(1, 8)],
]
YEARS = [[("구분", 0, 0), *((str(2021 + n), n, n) for n in range(1, 5))]]
NAMES = ("수출", "내수", "설비투자", "건설투자", "민간소비")


def figures(rows: int, columns: int) -> list[list[str]]:
    return [[NAMES[n], *(f"{(n + 2) ** (k % 5) + k}.{k}" for k in range(columns))] for n in range(rows)]


def told(tmp_path: Path, header: Any, rows: list[list[str]], widths: list[float], rules: str) -> list[list[str]]:
    with pymupdf.open() as doc:
        grid(doc.new_page(), header, rows, widths, rules=rules)
        (table,) = [b for b in read(doc, tmp_path)["blocks"] if b["kind"] == "table"]
    return as_grid(table["rows"])


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("header", [QUARTERS, HALVES], ids=["quarters", "halves"])
def test_every_column_has_all_its_names(tmp_path: Path, header: Any, rules: str) -> None:
    rows = figures(5, 7)
    table = told(tmp_path, header, rows, [90, *[56] * 7], rules)
    assert table[-5:] == rows
    for column in range(1, 8):
        names = [name for level in header for name, first, last in level if first <= column <= last]
        assert [row[column] for row in table[:-5]] == names


@pytest.mark.parametrize("rules", [rules for rules in RULES if rules != "none"])
@pytest.mark.parametrize("count", [1, 2])
def test_one_row_or_two_under_their_years(tmp_path: Path, count: int, rules: str) -> None:
    rows = figures(count, 4)
    if rules in ("every cell", "columns", "labels") or count == 2:
        table = told(tmp_path, YEARS, rows, [110, *[80] * 4], rules)
        assert table == [["구분", "2022", "2023", "2024", "2025"], *rows]


@pytest.mark.parametrize("rules", ["rows", "three lines"])
def test_a_heading_without_figures_parts_no_table_from_its_header(tmp_path: Path, rules: str) -> None:
    rows = figures(5, 4)
    rows.insert(0, ["실물", "", "", "", ""])
    assert told(tmp_path, YEARS, rows, [110, *[80] * 4], rules) == [["구분", "2022", "2023", "2024", "2025"], *rows]


def test_figures_among_lines_of_remarks_keep_their_lines_and_are_warned_of(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for n in range(6):
            y = 120 + 40 * n
            write(page, 44, y, f"과제{n}", 9)
            write(page, 200, y, f"{n + 3},45{n}", 9, 1)
            write(page, 250, y, f"{n + 11}", 9, 1)
            write(page, 259, y - 12, "해외 전시회 참가와 인증 취득을 지원하고", 9)
            write(page, 259, y, "물류비를 함께 보조하며 지난해보다 대상을", 9)
            write(page, 259, y + 12, "늘린다", 9)
        for y in (90, 350):
            page.draw_line((40, y), (520, y))
        page.draw_line((130, 90), (130, 350))
        document = read(doc, tmp_path)
    for text in texts(document):
        assert sum(f"{n + 11}" in text for n in range(6)) < 2 or "\n" in text
    alone = {text for text in texts(document)}
    assert all(str(n + 11) in alone for n in range(6)) or (document["warnings"] and document["quality"] < 1)


def test_a_figure_in_a_column_of_its_own_is_no_accident(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for n, name in enumerate(NAMES):
            write(page, 60, 100 + 15 * n, name, 9)
            write(page, 200, 100 + 15 * n, f"{n}.5", 9, 1)
            write(page, 280, 100 + 15 * n, f"1{n}.5", 9, 1)
        write(page, 400, 175, "7.7", 9, 1)
        assert "7.7" in " ".join(texts(read(doc, tmp_path)))


@pytest.mark.parametrize("rules", ["labels", "frame", "three lines", "rows"])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_years_stand_over_their_columns_though_all_figures_are_equally_wide(
    tmp_path: Path, first: int, rules: str
) -> None:
    header = [
        [("구분", 0, 0), ("2024년", 1, first), ("2025년", first + 1, 4)],
        [(f"{n}/4", n, n) for n in range(1, 5)],
    ]
    rows = [[name, *(f"{n + 1}{k}.{k}%" for k in range(4))] for n, name in enumerate(NAMES)]
    table = told(tmp_path, header, rows, [100, *[80] * 4], rules)
    assert table[0] == ["구분", *["2024년"] * first, *["2025년"] * (4 - first)]
    assert table[-5:] == rows
