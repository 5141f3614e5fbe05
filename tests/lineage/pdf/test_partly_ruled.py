"""Tables ruled only in part: every figure in its own cell, or the cell keeps its lines and the document says so."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import read, tables, texts
from tests.lineage.pdf.drawn_statistics import FONT, Layout, draw, faults

SHARED = Path(os.environ.get("KRX_CORPUS", Path(__file__).parents[4] / "shared/corpus")).parent
CASES = SHARED / "cases/pdf"
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
LAYOUTS = {
    "between groups and years": Layout(side="side", notes=True, blanks=".."),
    "groups written downwards": Layout(groups=(7, 10), blocks=(5, 1), side="letters", down="none", shaded=True),
    "three lines": Layout(groups=(6,), blocks=(5,), across="ends", down="none", align="decimal"),
    "three lines, years over quarters": Layout(
        groups=(5, 4), blocks=(4, 2), across="ends", down="none", years=True, blanks="-"
    ),
    "a frame around it": Layout(groups=(6,), blocks=(3, 2), across="frame", down="none", align="centre"),
    "a line beside the labels": Layout(groups=(8,), blocks=(3, 4), across="ends", down="label", blanks="none"),
    "years over their quarters": Layout(groups=(3, 1, 4), blocks=(4, 3, 1), years=True, shaded=True),
    "lines down alone between columns": Layout(groups=(6,), blocks=(3,), across="ends", down="all", wrapped=True),
    "rows ruled, columns not": Layout(groups=(4, 3), blocks=(4,), across="rows", down="none", blanks="n.a."),
    "headings between the rows": Layout(groups=(3, 4), blocks=(2, 2), across="ends", side="heading", pitch=20),
    "labels over two lines": Layout(groups=(5, 4), wrapped=True, side="side", pitch=20),
    "figures in brackets below": Layout(groups=(4, 2), brackets=True, align="centre"),
    "dashed": Layout(dashed=True, side="side", years=True),
    "double lines": Layout(double=True, blanks="-", align="left", width=50),
    "lines as thin areas": Layout(thin_areas=True, blocks=(3, 3, 2), size=7, pitch=12, width=38),
    "no line below the header": Layout(groups=(7,), header_rule=False, across="ends", down="label"),
    "many columns": Layout(groups=(4, 4), blocks=(4, 4, 4), size=7, pitch=12, width=36, years=True, side="letters"),
}


def drawn_page(doc: Any) -> Any:
    return doc.new_page(width=900, height=842)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_every_figure_has_its_own_cell_row_and_column(tmp_path: Path, layout: Layout) -> None:
    with pymupdf.open() as doc:
        drawn = draw(drawn_page(doc), layout)
        document = read(doc, tmp_path)
    (table,) = [block for block in document["blocks"] if block["kind"] == "table"]
    assert list(faults(drawn, table["rows"])) == []
    assert max(sum(cell["colspan"] for cell in row) for row in table["rows"]) == drawn.columns
    assert document["warnings"] == []
    assert document["quality"] == 1.0
    assert counted(texts(document)) == counted(document["page_text"])


@pytest.mark.parametrize("seed", range(12))
def test_however_it_is_drawn(tmp_path: Path, seed: int) -> None:
    aligned = ("right", "decimal", "centre", "left")[seed % 4]
    down = ("blocks", "label", "all")[seed % 3]
    layout = Layout(
        groups=[(3, 5), (6,), (2, 4, 3)][seed % 3],
        blocks=[(2, 3), (4, 4), (1, 2, 4), (5,)][seed % 4],
        side=("", "side", "letters", "heading")[seed // 2 % 4],
        align=aligned,
        down=down,
        blanks=("", "-", "..", "n.a.", "none")[seed % 5],
        size=(7, 8, 9, 10)[seed // 3],
        width=46,
        seed=seed,
    )
    with pymupdf.open() as doc:
        drawn = draw(drawn_page(doc), layout)
        document = read(doc, tmp_path)
    (table,) = [block for block in document["blocks"] if block["kind"] == "table"]
    assert list(faults(drawn, table["rows"])) == []
    assert counted(texts(document)) == counted(document["page_text"])


def counted(found: list[str]) -> Counter[str]:
    """Figures, however often; what is lost or doubled shows."""
    return Counter(figure for text in found for figure in FIGURE.findall(text))


class Paper:
    """A page on which text and lines are put by hand."""

    def __init__(self, page: Any) -> None:
        self.page, self.writer = page, pymupdf.TextWriter(page.rect)

    def put(self, x: float, y: float, text: str, right: bool = False) -> None:
        self.writer.append((x - right * FONT.text_length(text, 9), y), text, font=FONT, fontsize=9)

    def box(self, xs: tuple[float, ...], ys: tuple[float, ...]) -> None:
        for y in ys:
            self.page.draw_line((xs[0], y), (xs[-1], y))
        for x in xs:
            self.page.draw_line((x, ys[0]), (x, ys[-1]))

    def read(self, tmp_path: Path) -> dict[str, Any]:
        self.writer.write_text(self.page)
        return read(self.page.parent, tmp_path)


def test_years_span_their_columns_and_groups_their_rows(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        draw(drawn_page(doc), Layout(groups=(3, 2), blocks=(4, 2), years=True, side="letters"))
        rows = next(block["rows"] for block in read(doc, tmp_path)["blocks"] if block["kind"] == "table")
    spans = {cell["text"]: (cell["colspan"], cell["rowspan"]) for row in rows for cell in row}
    assert spans["2021년"] == (4, 1)
    assert spans["2022년"] == (2, 1)
    assert spans["갑지역"] == (1, 3)


def test_units_and_remarks_are_columns_too(tmp_path: Path) -> None:
    rows = [
        ["구분", "단위", "2023", "2024", "비고"],
        ["매출액", "억원", "1,234", "2,345", "잠정치"],
        ["영업이익", "억원", "-12", "34", "흑자전환"],
        ["종업원", "명", "12,000", "9", ""],
        ["S&P 500", "%", "3.1", "적자", "연결기준"],
    ]
    with pymupdf.open() as doc:
        paper = Paper(doc.new_page())
        for y in (100, 118, 195):
            paper.page.draw_line((60, y), (540, y))
        for i, row in enumerate(rows):
            for k, (x, text) in enumerate(zip((64, 180, 300, 370, 420), row, strict=True)):
                if text:
                    paper.put(x, 113 + 19 * i, text, k in (2, 3))
        assert tables(paper.read(tmp_path)) == [rows]


def test_two_tables_beside_each_other_stay_two(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = drawn_page(doc)
        layouts = [
            Layout(groups=(4,), blocks=(2,), left=left, label=90, seed=seed) for seed, left in ((1, 40), (2, 480))
        ]
        drawn = [draw(page, layout) for layout in layouts]
        found = [block["rows"] for block in read(doc, tmp_path)["blocks"] if block["kind"] == "table"]
    assert [list(faults(*pair)) for pair in zip(drawn, found, strict=True)] == [[], []]


def test_a_ground_that_fades_is_no_stack_of_rows(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = drawn_page(doc)
        layout = Layout(groups=(4,), blocks=(3,), down="label")
        for i in range(190):
            y = layout.top + 0.1 * i
            page.draw_rect((60, y, 200 + 3 * 46, y + 0.1), color=None, fill=(0.5 + i / 400, 0.8, 1))
        drawn = draw(page, layout)
        (table,) = [block for block in read(doc, tmp_path)["blocks"] if block["kind"] == "table"]
    assert list(faults(drawn, table["rows"])) == []
    assert len(table["rows"]) == 5


def test_columns_that_disagree_keep_their_lines_and_lower_the_quality(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        paper = Paper(doc.new_page())
        paper.box((60, 180, 290, 400), (100, 118, 220))
        for x, text in ((64, "구분"), (200, "2023년"), (310, "2024년")):
            paper.put(x, 113, text)
        for i in range(5):
            paper.put(64, 132 + 18 * i, f"항목{'가나다라마'[i]}")
            paper.put(280, 132 + 18 * i, f"1{i}.3", True)
        for i in range(7):
            paper.put(390, 130 + 13.1 * i, f"4{i}.6", True)
        document = paper.read(tmp_path)
    assert tables(document)[0][1][1:] == [
        "10.3\n11.3\n12.3\n13.3\n14.3",
        "40.6\n41.6\n42.6\n43.6\n44.6\n45.6\n46.6",
    ]
    assert document["warnings"] == [
        "page 1: 12 figures of tables stand in cells whose rows or columns are not certain: see there"
    ]
    assert document["quality"] == round(1 - 12 / 14, 3)


def test_figures_that_are_a_space_apart_are_no_columns(tmp_path: Path) -> None:
    lines = ["37.0 6257.2 6.1", "550.8 99.6 5409.7 3971.3", "63.5 7412.5", "1.6 3.0 8.8 12.25"]
    with pymupdf.open() as doc:
        paper = Paper(doc.new_page())
        paper.box((60, 180, 400), (100, 118, 200))
        for i, line in enumerate(lines):
            paper.put(64, 132 + 18 * i, f"항목{'가나다라'[i]}")
            paper.put(190, 132 + 18 * i, line)
        document = paper.read(tmp_path)
    (cell,) = [text for text in texts(document) if "550.8" in text]
    assert cell == "\n".join(line.replace(" ", " | ") for line in lines)
    assert "13 figures" in document["warnings"][0]
    assert document["quality"] < 0.2


def test_a_remark_beside_stacked_figures_reaches_over_them(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        paper = Paper(doc.new_page())
        paper.box((60, 150, 220, 290, 420), (100, 118, 200))
        for i in range(4):
            paper.put(64, 132 + 19 * i, f"항목{'가나다라'[i]}")
            paper.put(210, 132 + 19 * i, f"{i}.5", True)
            paper.put(280, 132 + 19 * i, f"1{i}.7", True)
        for i, text in enumerate(("연결 재무제표를", "기준으로 한 값이며", "잠정치를 포함한다")):
            paper.put(296, 140 + 13 * i, text)
        found = paper.read(tmp_path)
    rows = next(block["rows"] for block in found["blocks"] if block["kind"] == "table")
    assert [[cell["text"] for cell in row][:3] for row in rows[1:]] == [
        [f"항목{'가나다라'[i]}", f"{i}.5", f"1{i}.7"] for i in range(4)
    ]
    assert rows[1][3]["rowspan"] == 4
    assert found["warnings"] == []


def test_cells_of_prose_and_of_one_row_stay_as_they_are(tmp_path: Path) -> None:
    items = ("가. 난방 36명 × 12만원 = 432만원", "나. 냉방 85명 × 10만원 = 850만원", "다. 합계 1,282만원")
    with pymupdf.open() as doc:
        paper = Paper(doc.new_page())
        paper.box((60, 130, 330, 420, 500), (100, 118, 176, 200))
        for x, text in ((64, "구분"), (140, "산출 내역"), (340, "금액"), (430, "기간")):
            paper.put(x, 113, text)
        for i, line in enumerate(
            ("가. 난방 36명 × 12만원 = 432만원", "나. 냉방 85명 × 10만원 = 850만원", "다. 합계 1,282만원")
        ):
            paper.put(134, 132 + 15 * i, line)
        paper.put(64, 147, "지원금")
        paper.put(360, 141, "1,282")
        paper.put(358, 154, "(97.5)")
        paper.put(424, 147, "2024. 3. 15")
        paper.put(64, 191, "예비비")
        paper.put(360, 191, "74 [60]")
        document = paper.read(tmp_path)
    assert tables(document)[0][1:] == [
        ["지원금", " ".join(items), "1,282 (97.5)", "2024. 3. 15"],
        ["예비비", "", "74 [60]", ""],
    ]
    assert document["warnings"] == []


def test_text_between_rules_is_no_table(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        paper = Paper(doc.new_page())
        for y in (60, 400, 640):
            paper.page.draw_line((60, y), (540, y))
        for i in range(18):
            paper.put(
                64, 90 + 16 * i, f"2023년 매출액은 {i},234 억원으로 전년 대비 {i}.5% 늘었고 이익은 {i}00 억원이다."
            )
        for i in range(8):
            paper.put(64, 430 + 18 * i, f"{i + 1}. 장의 제목")
            paper.put(530, 430 + 18 * i, str(3 * i + 1), True)
        assert tables(paper.read(tmp_path)) == []


@pytest.mark.skipif(not CASES.is_dir(), reason="no handed cases")
@pytest.mark.parametrize(
    ("name", "shape", "groups"),
    [("partly_ruled_32x11.pdf", (32, 11), 5), ("partly_ruled_19x7.pdf", (18, 8), 2)],  # a header of one row, and groups
)
def test_handed_pages(name: str, shape: tuple[int, int], groups: int, tmp_path: Path) -> None:
    with pymupdf.open(CASES / name) as doc:
        document = read(doc, tmp_path)
    (rows,) = [block["rows"] for block in document["blocks"] if block["kind"] == "table"]
    assert (len(rows), sum(cell["colspan"] for cell in rows[0])) == shape
    full = [row[-(shape[1] - 2) :] for row in rows[1:]]
    assert all(len(FIGURE.findall(cell["text"])) <= 2 and "\n" not in cell["text"] for row in full for cell in row)
    assert sum(len(row) == shape[1] for row in rows[1:]) == groups
    assert document["warnings"] == []
