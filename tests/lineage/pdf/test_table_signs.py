"""Signs that stand apart from their figures, and figures whose thousands do."""

from pathlib import Path

import pymupdf
import pytest

from tests.lineage.pdf.drawn import read, tables
from tests.lineage.pdf.drawn_grid import RULES, grid

HEADER = [[("구분", 0, 0), ("2023", 1, 1), ("2024", 2, 2), ("2025", 3, 3)]]
NAMES = ("매출", "영업이익", "순이익", "자산", "부채", "자본")
WIDTHS = (110, 85, 85, 85)


def told(tmp_path: Path, rules: str, rows: list[list[str]]) -> list[list[str]]:
    with pymupdf.open() as doc:
        grid(doc.new_page(), HEADER, rows, WIDTHS, rules=rules)
        (table,) = tables(read(doc, tmp_path))
    return table


@pytest.mark.parametrize("rules", RULES)
def test_a_sign_at_the_left_of_a_cell_belongs_to_the_figure_at_its_right(tmp_path: Path, rules: str) -> None:
    rows = [
        ["매출", "1,234", "△  5,678", "910"],
        ["영업이익", "△  22,345", "678", "△  91,011"],
        ["순이익", "△  3,456", "7,890", "1,112"],
        ["자산", "45,678", "△  9,012", "△  345"],
    ]
    table = told(tmp_path, rules, rows)
    assert table == [["구분", "2023", "2024", "2025"], *[[text.replace("  ", " ") for text in row] for row in rows]]


@pytest.mark.parametrize("rules", RULES)
def test_a_dash_at_the_left_of_a_cell_is_a_minus_and_one_alone_is_no_figure(tmp_path: Path, rules: str) -> None:
    rows = [
        ["매출", "1,234", "-  5,678", "910"],
        ["영업이익", "-  22,345", "678", "-  91,011"],
        ["순이익", "-  3,456", "-", "1,112"],
        ["자산", "45,678", "-  9,012", "-  345"],
        ["부채", "5,678", "9,012", "345"],
    ]
    table = told(tmp_path, rules, rows)
    assert table[1:] == [[text.replace("  ", " ") for text in row] for row in rows]


@pytest.mark.parametrize("rules", RULES)
def test_a_column_of_dashes_stays_one(tmp_path: Path, rules: str) -> None:
    rows = [[name, "-" if n % 3 else "", f"{n + 2},345", f"{n + 1}1,678"] for n, name in enumerate(NAMES)]
    table = told(tmp_path, rules, rows)
    assert [row[-3:] for row in table if row[0] in NAMES] == [row[-3:] for row in rows]


@pytest.mark.parametrize("rules", RULES)
def test_spaces_between_thousands_part_no_columns(tmp_path: Path, rules: str) -> None:
    rows = [[name, f"{n + 1} 234 567", f"{n + 8} 901", f"{n + 23} 456.7"] for n, name in enumerate(NAMES)]
    assert told(tmp_path, rules, rows)[1:] == rows


@pytest.mark.parametrize("rules", RULES)
def test_a_name_in_the_middle_over_short_labels_makes_no_column(tmp_path: Path, rules: str) -> None:
    rows = [[name, f"{n}.1", f"-{n}.25", f"{n}8.3"] for n, name in enumerate(NAMES)]
    assert told(tmp_path, rules, rows) == [["구분", "2023", "2024", "2025"], *rows]
