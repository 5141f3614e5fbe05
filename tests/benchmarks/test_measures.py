"""What the benchmark of fidelity counts, on results made by hand."""

import pytest

from benchmarks.fidelity.converted import Converted, Grid, plain_grid, spanned_grid
from benchmarks.fidelity.facts import PERHAPS, CellFact, Facts, TableFact
from benchmarks.fidelity.measures import score, total

ROWS: list[list[str | None]] = [
    ["구분", "2031", None, "2032", None],
    ["", "상반기", "하반기", "상반기", "하반기"],
    ["국내", "120", "131", "140", "△ 3"],
    ["해외", "52", "50", "48", "47"],
]


def found(grid: Grid, *cells: CellFact) -> tuple[int, int]:
    return score(Facts("x.pdf", tables=(TableFact(cells),)), Converted(("x",), (grid,))).counts["cells"]


def text(*blocks: str, **facts: object) -> dict[str, tuple[int, int]]:
    return score(Facts("x.pdf", **facts), Converted(blocks)).counts  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "column", "value", "right"),
    [
        ("국내", "2031 > 상반기", "120", True),
        ("국내", "2031 > 하반기", "131", True),
        ("국내", "2032 > 하반기", "△3", True),
        ("국내", "2032 > 상반기", "120", False),  # the other year's
        ("해외", "2031 > 상반기", "120", False),  # the other row's
        ("국내", "2031 > 하반기", "120", False),  # the other column's
        ("국내", "2031 > 상반기", "12", False),  # not the whole text of a cell
        (3, 2, "120", True),
        (3, 3, "120", False),
        (2, 5, "하반기", True),
    ],
)
def test_a_figure_counts_where_its_row_and_column_meet(
    row: str | int, column: str | int, value: str, right: bool
) -> None:
    assert found(plain_grid(ROWS), (row, column, value)) == (int(right), 1)


def test_spans_and_empty_cells_say_the_same() -> None:
    cells: list[list[dict[str, object]]] = [
        [
            {"text": "구분", "colspan": 1, "rowspan": 2},
            *({"text": y, "colspan": 2, "rowspan": 1} for y in ("2031", "2032")),
        ],
        [{"text": h, "colspan": 1, "rowspan": 1} for h in ("상반기", "하반기") * 2],
        [{"text": t, "colspan": 1, "rowspan": 1} for t in ("국내", "120", "131", "140", "△ 3")],
    ]
    grid = spanned_grid(cells)
    assert (grid.rows, grid.columns) == (3, 5)
    assert found(grid, ("국내", "2031 > 하반기", "131"), ("국내", "2032 > 하반기", "△3")) == (2, 2)
    assert found(grid, ("국내", "2031 > 하반기", "140")) == (0, 1)


def test_figures_run_together_are_in_no_cell_of_their_own() -> None:
    rows: list[list[str | None]] = [["", "2031 2032"], ["국내 해외", "120 131 52 50 48 47"]]
    result = Converted(("x",), (plain_grid(rows),))
    made = score(Facts("x.pdf", tables=(TableFact((("국내", "2031", "120"),)),)), result)
    assert made.counts["cells"] == (0, 1)
    assert made.counts["collapsed"] == made.counts["runs"] == (6, 8)


def test_a_cell_that_holds_two_labels_labels_nothing() -> None:
    rows: list[list[str | None]] = [["", "2031"], ["국내 해외", "120"]]
    assert found(plain_grid(rows), ("국내", "2031", "120"), ("해외", "2031", "52")) == (0, 2)


def test_labels_are_words_of_their_own_whatever_spreads_them() -> None:
    rows: list[list[str | None]] = [["", "24.1/4", "1/4"], ["국\n내1)", "7", "8"], ["국내총생산", "9", "10"]]
    assert found(plain_grid(rows), ("국내", "24.1/4", "7"), ("국내", "1/4", "8")) == (2, 2)
    assert found(plain_grid(rows), ("국내", "24.1/4", "9"), ("국내", "1/4", "7")) == (0, 2)


def test_a_group_stands_before_or_above_its_rows() -> None:
    rows: list[list[str | None]] = [["", "", "값"], ["가", "합", "1"], [None, "차", "2"], ["나", "합", "3"]]
    assert found(plain_grid(rows), ("가 > 차", "값", "2"), ("나 > 합", "값", "3")) == (2, 2)
    assert found(plain_grid(rows), ("가 > 합", "값", "3"), ("나 > 차", "값", "2")) == (0, 2)


def test_sizes_are_those_of_the_table_that_holds_the_texts() -> None:
    fact = TableFact(((3, 2, "120"),), rows=4, columns=5)
    other = plain_grid([["a", "b"]])
    made = score(Facts("x.pdf", tables=(fact,)), Converted(("x",), (other, plain_grid(ROWS))))
    assert made.counts["sizes"] == (1, 1)
    assert score(Facts("x.pdf", tables=(fact,)), Converted(("x",), (other,))).counts["sizes"] == (0, 1)


def test_order_and_its_reverse() -> None:
    order = (("먼저", "나중"), ("나중", "먼저"), ("먼저", "없는 것"))
    assert text("먼저 온다.", "나중에 온다.", order=order)["order"] == (1, 3)


def test_strings_with_white_space_collapsed_and_strictly() -> None:
    counts = text("매출은\n120억원이다.", strings=("매출은 120억원이다.", "120억원"))
    assert counts["strings"] == (2, 2)
    assert counts["strings, strictly"] == (1, 2)
    assert text("매출은120억원이다.", strings=("매출은 120억원이다.",))["strings"] == (0, 1)


def test_spaces_by_the_letters_of_a_line() -> None:
    line = "가나 다라 마바 사아"  # three spaces; given two of them and one that is wrong: 2·2 / (2·2 + 1 + 1)
    assert text("앞 가나 다라마 바 사아 뒤", lines=(line,))["spaces"] == (4, 6)
    assert text("가나 다라\n마바 사아", lines=(line,))["spaces"] == (6, 6)
    counts = text("다른 글", lines=(line,))
    assert (counts["lines"], counts["spaces"]) == ((0, 1), (0, 3))


def test_absent_is_judged_by_block() -> None:
    assert text("0", "20", "40", absent=("0 20 40",))["absent"] == (1, 1)
    assert text("0 20 40", absent=("0 20 40",))["absent"] == (0, 1)


def test_furniture_in_the_text_is_a_miss() -> None:
    furniture = ("- 3 -", "12", "가람연구소")
    assert text("본문은 112쪽이다.", furniture=furniture)["furniture"] == (3, 3)
    assert text("본문\n- 3 -\n12", "가람연구소 보고서", furniture=furniture)["furniture"] == (0, 3)


def test_refusals_and_their_reasons() -> None:
    def judged(expected: str | None, refusal: str | None) -> dict[str, tuple[int, int]]:
        counts = score(Facts("x.pdf", refused=expected), Converted(refusal=refusal)).counts
        return {name: counts[name] for name in ("refused", "reasons", "kept") if counts[name][1]}

    assert judged("encrypted", "PDFPasswordIncorrect: ") == {"refused": (1, 1), "reasons": (1, 1)}
    assert judged("damaged", "crashed: exit -11") == {"refused": (1, 1), "reasons": (0, 1)}
    assert judged("damaged", None) == {"refused": (0, 1), "reasons": (0, 1)}
    assert judged(None, "undecodable fonts") == {"kept": (0, 1)}
    assert judged(PERHAPS, "undecodable fonts") == {}


def test_a_refused_file_misses_what_was_asked_of_it() -> None:
    facts = Facts(
        "x.pdf", strings=("가",), lines=("나 다",), furniture=("라",), tables=(TableFact((("가", "나", "1"),)),)
    )
    counts = score(facts, Converted(refusal="damaged")).counts
    assert {counts[n][0] for n in ("strings", "lines", "spaces", "furniture", "cells", "kept")} == {0}


def test_a_total_adds_counts() -> None:
    one = score(Facts("x.pdf", strings=("가", "나")), Converted(("가",)))
    assert total([one, one]).counts["strings"] == (2, 4)
    assert total([one, one]).share("strings") == 0.5
    assert one.misses == [("strings", "나"), ("strings, strictly", "나")]
