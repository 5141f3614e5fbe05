"""Real Korean documents, where they are at hand: figures and shapes that were compared with the printed pages by eye.

Only numbers, counts, places and hashes are written here; the documents themselves are not the project's to give away.
"""

import hashlib
import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from lineage.pdf.admission import Limits
from lineage.pdf.reading import read_document
from tests.lineage.pdf.drawn import texts

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("KRX_CORPUS", ROOT.parent / "shared/corpus")) / "pdf"
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="no corpus of real PDFs; set KRX_CORPUS")


@cache
def path_of(sha256: str) -> Path:
    for path in sorted(CORPUS.glob("*.pdf")):
        if hashlib.sha256(path.read_bytes()).hexdigest().startswith(sha256):
            return path
    pytest.skip(f"{sha256} is not in the corpus")


@cache
def document(sha256: str) -> dict[str, Any]:
    return read_document(path_of(sha256), "0" * 64, Limits(64, 500, 60), lambda seconds: None)


def shapes(sha256: str, page: int) -> list[tuple[int, int]]:
    """(rows, columns) of the tables that begin on a page."""
    found = [b["rows"] for b in document(sha256)["blocks"] if b["kind"] == "table" and b["page"] == page]
    return [(len(rows), sum(c["colspan"] for c in rows[0])) for rows in found]


def table(sha256: str, page: int, number: int) -> list[list[dict[str, Any]]]:
    return [b["rows"] for b in document(sha256)["blocks"] if b["kind"] == "table" and b["page"] == page][number]


@pytest.mark.parametrize(
    ("sha256", "page", "expected"),
    [
        ("06c0ae6bda662dc7", 4, [(4, 6), (6, 6), (18, 8)]),  # a spread: one table on the left, two on the right
        ("06c0ae6bda662dc7", 5, [(6, 7), (15, 6), (4, 3)]),
        ("96005592bd0d8cbf", 2, [(3, 8), (10, 15)]),  # rows parted by dotted lines, and by none
        ("89110ddd35c5d999", 2, [(3, 7), (25, 14)]),  # goes on over the page
        ("1ec5b204d06c1306", 1, [(3, 7), (3, 4), (2, 7), (3, 8)]),
        ("bc5ada8c2883aa7b", 1, [(24, 26), (24, 26)]),  # rules in the header alone
        ("f00b3200777bfd71", 2, [(9, 7)]),  # beside two charts
        ("f00b3200777bfd71", 4, []),  # three charts
        ("fe9477c658453204", 9, [(7, 3)]),  # open at its sides
        ("e7037e00b7bafeef", 1, []),
    ],
)
def test_tables_have_the_rows_and_columns_that_are_printed(
    sha256: str, page: int, expected: list[tuple[int, int]]
) -> None:
    assert shapes(sha256, page) == expected


@pytest.mark.parametrize(
    ("sha256", "page", "number", "row", "expected"),
    [
        ("06c0ae6bda662dc7", 4, 2, 17, ["5", "11", "14", "0", "7", "7", "50.0"]),
        (
            "96005592bd0d8cbf",
            2,
            0,
            2,
            ["4,775,041", "4,174,950", "5,087,730", "4,546,931", "4,546,931", "371,981", "8.9"],
        ),
        ("89110ddd35c5d999", 2, 1, 9, ["-", "-", "-", "-", "-", "-", "74,964", "74,964 [60,854]", "74,964"]),
        ("f00b3200777bfd71", 2, 0, 2, ["162", "168", "157", "-11", "155"]),
        ("bc5ada8c2883aa7b", 1, 0, 7, ["-10.6", "3.8", "2.9", "3.5", "1.5", "-12.8", "-12.0", "17.4", "18.4", "37.6"]),
    ],
)
def test_figures_stand_in_the_cells_where_they_are_printed(
    sha256: str, page: int, number: int, row: int, expected: list[str]
) -> None:
    cells = [c["text"] for c in table(sha256, page, number)[row]][1:]
    assert cells[: len(expected)] == expected


def test_minus_figures_of_a_small_table() -> None:
    minus = [c["text"] for row in table("f00b3200777bfd71", 2, 0) for c in row if c.get("minus")]
    assert minus == ["-13", "-11", "-13", "-19", "-17", "-17"]


def test_a_page_of_minutes_has_the_spaces_that_are_printed() -> None:
    text = document("b4776ba53a7a1a33")["page_text"][9]
    assert text.count(" ") + text.count("\n") == 283
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "b602385e90cdbbaf"


@pytest.mark.parametrize("page", [3, 4, 5, 6, 7])
def test_a_spread_is_read_page_by_page(page: int) -> None:
    blocks = [b for b in document("06c0ae6bda662dc7")["blocks"] if b["page"] == page]
    sides = ["right" if b["bbox"][0] > 595 else "left" for b in blocks]
    assert sides == sorted(sides)
    assert "right" in sides


def test_no_number_is_changed_or_lost() -> None:
    for path in sorted(CORPUS.glob("*.pdf")):
        made = document(hashlib.sha256(path.read_bytes()).hexdigest()[:16])
        printed = Counter(n for text in made["page_text"] for n in NUMBER.findall(text))
        said = Counter(n for text in texts(made) for n in NUMBER.findall(text))
        left_out = {n for text in made["furniture"] for n in NUMBER.findall(text)}
        joined = [b for b in made["blocks"] if len(b.get("pages", ())) > 1]
        header = {n for b in joined for row in b["rows"][:3] for c in row for n in NUMBER.findall(c["text"])}
        assert not said - printed, path.name
        assert set(printed - said) <= left_out | header, path.name


def test_the_same_document_gives_the_same_bytes() -> None:
    first = json.dumps(document("f00b3200777bfd71"), ensure_ascii=False)
    document.cache_clear()
    assert json.dumps(document("f00b3200777bfd71"), ensure_ascii=False) == first


def case(name: str) -> dict[str, Any]:
    path = CORPUS.parents[1] / "cases/pdf" / name
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    return read_document(path, "0" * 64, Limits(64, 500, 60), lambda seconds: None)


def test_a_print_with_pictured_figures_is_in_whole_lines_and_says_what_is_missing() -> None:
    made = case("print_to_pdf_torn_figures.pdf")
    lines = made["page_text"][0].split("\n")
    assert [line for line in lines if len(line) < 5] == ["9"]  # the page's number
    assert len(lines) == 43
    assert made["page_text"][0].count("\ufffd") == 40
    assert [warning for warning in made["warnings"] if "40 figures or signs inside 21 of its 43" in warning]
    assert made["quality"] < 0.6


@pytest.mark.parametrize("name", ["gap2.pdf", "gapdigit.pdf"])
def test_runs_in_gaps_of_others_are_in_their_line(name: str) -> None:
    lines = case(name)["page_text"][0].split("\n")
    assert all(re.fullmatch(r"\D+ \d+\D+", line) for line in lines)
    assert 12 <= len(lines) <= 15
