"""Tables: spans, rows without rulings, signs, continuation, and charts that are none."""

import random
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from lineage.pdf.number_check import is_minus, triangles
from lineage.pdf.tables import cell
from lineage.sample_world.pdf import Cell, Sheet
from tests.lineage.pdf.drawn import put, read, ruled, tables, texts

EDGES = (72, 190, 300, 410, 520)


def test_merged_cells_have_their_spans(tmp_path: Path) -> None:
    paper = Sheet("표", "")
    paper.table(
        [
            [Cell("구분", rows=2), Cell("매출액", columns=2), Cell("비고", rows=2)],
            ["국내", "해외"],
            [Cell("새벽", rows=2), "120", "△ 3", ""],
            ["130", "(1,234)", "잠정"],
        ],
        header=2,
    )
    with pymupdf.open(stream=paper.to_bytes()) as doc:
        (table,) = [b for b in read(doc, tmp_path)["blocks"] if b["kind"] == "table"]
    assert [[(c["text"], c["colspan"], c["rowspan"]) for c in row] for row in table["rows"]] == [
        [("구분", 1, 2), ("매출액", 2, 1), ("비고", 1, 2)],
        [("국내", 1, 1), ("해외", 1, 1)],
        [("새벽", 1, 2), ("120", 1, 1), ("△ 3", 1, 1), ("", 1, 1)],
        [("130", 1, 1), ("(1,234)", 1, 1), ("잠정", 1, 1)],
    ]
    assert [c["text"] for row in table["rows"] for c in row if c.get("minus")] == ["△ 3", "(1,234)"]


@pytest.mark.parametrize("drawn", ["lines", "boxes", "filled boxes", "thin areas"])
def test_however_the_lines_are_drawn(tmp_path: Path, drawn: str) -> None:
    rows = [["구분", "2022", "2023"], ["매출", "1,234", "△56"], ["이익", "2.62", "-3.5%"]]
    edges, height = EDGES[:4], 20
    with pymupdf.open() as doc:
        page = doc.new_page()
        shape = page.new_shape()
        for i, row in enumerate(rows):
            for x0, x1, text in zip(edges, edges[1:], row, strict=False):
                box = pymupdf.Rect(x0, 100 + i * height, x1, 120 + i * height)
                if drawn == "lines":
                    for a, b in ((box.tl, box.tr), (box.bl, box.br), (box.tl, box.bl), (box.tr, box.br)):
                        shape.draw_line(a, b)
                elif drawn == "thin areas":
                    for side in ((box.x0, box.y0, box.x1, box.y0 + 0.5), (box.x0, box.y0, box.x0 + 0.5, box.y1)):
                        shape.draw_rect(side)
                    shape.draw_rect((box.x0, box.y1, box.x1, box.y1 + 0.5))
                    shape.draw_rect((box.x1, box.y0, box.x1 + 0.5, box.y1))
                else:
                    shape.draw_rect(box)
                put(page, x0 + 4, 114 + i * height, text)
        fill = {"filled boxes": (0.9, 0.9, 0.9), "thin areas": (0, 0, 0)}.get(drawn)
        shape.finish(width=0.5, fill=fill, color=None if drawn == "thin areas" else (0, 0, 0))
        shape.commit(overlay=False)
        assert tables(read(doc, tmp_path)) == [rows]


def test_rows_that_no_line_parts_are_parted_by_their_figures(tmp_path: Path) -> None:
    body = [["자산", "1,200", "△30"], ["부채", "800", "12"], ["자본", "400", "-"]]
    with pymupdf.open() as doc:
        page = doc.new_page()
        for y in (100, 120, 190):
            page.draw_line((EDGES[0], y), (EDGES[3], y))
        for x in EDGES[:4]:
            page.draw_line((x, 100), (x, 190))
        for i, row in enumerate([["구분", "2022", "2023"], *body]):
            for x, text in zip(EDGES, row, strict=False):
                put(page, x + 4, 114 + 22 * i, text)
        assert tables(read(doc, tmp_path)) == [[["구분", "2022", "2023"], *body]]


def test_a_label_over_two_lines_keeps_its_row_whole(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        ruled(page, 100, [["구분", "2022", "2023"], ["", "1,200", "30"]], EDGES[:4], height=40)
        put(page, 76, 154, "영업활동으로")
        put(page, 76, 168, "인한 현금")
        found = tables(read(doc, tmp_path))[0]
    assert found == [["구분", "2022", "2023"], ["영업활동으로 인한 현금", "1,200", "30"]]


def test_figures_in_columns_are_a_table_without_rulings(tmp_path: Path) -> None:
    rows = [["매출액", "1,234", "△ 567", "3.1"], ["영업이익", "89", "1,011", "-0.4"], ["순이익", "7", "20", "12.0"]]
    with pymupdf.open() as doc:
        page = doc.new_page()
        put(page, 72, 70, "다음은 새벽전자의 실적을 정리한 것이다.")
        for x, year in ((240, "2021년"), (340, "2022년"), (440, "2023년")):
            put(page, x - 32, 100, year)
        for i, (label, *figures) in enumerate(rows):
            put(page, 72, 120 + 18 * i, label)
            for x, figure in zip((240, 340, 440), figures, strict=True):
                put(page, x - pymupdf.Font("korea").text_length(figure, 10), 120 + 18 * i, figure)
        put(page, 72, 230, "매출액은 늘고 이익은 줄었다.")
        document = read(doc, tmp_path)
    assert tables(document) == [[["", "2021년", "2022년", "2023년"], *rows]]
    kinds = [block["kind"] for block in document["blocks"]]
    assert kinds == ["paragraph", "table", "paragraph"]


def test_contents_and_prose_with_figures_are_no_table(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(8):
            put(page, 72, 100 + 18 * i, f"{i + 1}. 장의 제목")
            put(page, 500, 100 + 18 * i, str(3 * i + 1))
        for i in range(8):
            put(page, 72, 300 + 18 * i, f"매출액 {i},234 억원은 전년 {i},100 억원보다 {i}.5 % 늘었다")
        assert tables(read(doc, tmp_path)) == []


def test_a_chart_with_its_legend_and_scales_is_no_table(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.draw_rect((90, 100, 500, 330))
        for i in range(6):
            y = 130 + 30 * i
            page.draw_line((120, y), (470, y))
            put(page, 96, y + 3, str(800 - 100 * i), 8)
            put(page, 475, y + 3, str(50 - 10 * i), 8)
        for i in range(5):
            page.draw_rect((140 + 60 * i, 200 - 10 * i, 165 + 60 * i, 280), fill=(0, 0.4, 0.8))
            put(page, 140 + 60 * i, 300, str(2019 + i), 8)
            put(page, 142 + 60 * i, 195 - 10 * i, f"{i}2.5", 7)
        page.draw_rect((150, 312, 158, 320), fill=(0, 0.4, 0.8))
        put(page, 162, 320, "총지출", 8)
        document = read(doc, tmp_path)
    assert tables(document) == []
    assert {"총지출", "800", "2023"} <= {word for text in texts(document) for word in text.split()}


def test_a_frame_around_text_is_no_table(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.draw_rect((60, 90, 530, 200))
        for i in range(4):
            page.draw_rect((70, 106 + 20 * i, 78, 114 + 20 * i))
            put(page, 84, 114 + 20 * i, f"틀 안의 {i}째 항목은 글로 남는다")
        document = read(doc, tmp_path)
    assert tables(document) == []
    assert len(document["page_text"][0].split("\n")) == 4


def test_a_table_goes_on_over_three_pages_with_a_header_of_two_rows(tmp_path: Path) -> None:
    head: list[list[Any]] = [[Cell("연도", rows=2), Cell("매출액", columns=2)], ["국내", "해외"]]
    body = [[f"{1950 + i}년", f"{i},100", f"△{i}.5"] for i in range(90)]
    paper = Sheet("표", "가온거래소")
    paper.table([*head, *body], header=2)
    with pymupdf.open(stream=paper.to_bytes()) as doc:
        document = read(doc, tmp_path)
    assert tables(document) == [[["연도", "매출액"], ["국내", "해외"], *body]]
    assert [b["pages"] for b in document["blocks"] if b["kind"] == "table"] == [[1, 2, 3]]


def test_another_table_on_the_next_page_is_another_table(tmp_path: Path) -> None:
    rows = [["가", "1", "2"], ["나", "3", "4"]]
    with pymupdf.open() as doc:
        ruled(doc.new_page(), 700, rows, EDGES[:4])
        ruled(doc.new_page(), 80, rows, (72, 150, 300, 410))
        assert tables(read(doc, tmp_path)) == [rows, rows]


def test_a_sign_drawn_far_from_its_figure_is_one_cell(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        ruled(page, 100, [["구분", "2022", "2023"], ["손익", "", ""], ["차액", "", "7"]], EDGES[:4])
        for y, figure in ((134, "1,234"), (154, "5.6%")):
            put(page, EDGES[1] + 4, y, "△")
            put(page, EDGES[1] + 60, y, figure)
        (table,) = [b for b in read(doc, tmp_path)["blocks"] if b["kind"] == "table"]
    assert [(c["text"], c.get("minus")) for row in table["rows"] for c in row if "△" in c["text"]] == [
        ("△ 1,234", True),
        ("△ 5.6%", True),
    ]


def test_no_figure_of_a_table_is_changed(tmp_path: Path) -> None:
    chance = random.Random(3)
    rows = [["구분", *map(str, range(2018, 2026))]]
    for i in range(30):
        figures = [f"{chance.choice(['', '△', '-'])}{chance.randint(1, 10**7):,}" for _ in range(4)]
        rows.append([f"항목{i}", *figures, *(f"{chance.uniform(0, 100):.2f}%" for _ in range(4))])
    with pymupdf.open() as doc:
        ruled(doc.new_page(width=842), 60, rows, [40 + 85 * i for i in range(10)], height=15, size=6)
        document = read(doc, tmp_path)
    assert tables(document) == [rows]
    assert document["warnings"] == []


def test_what_the_figures_of_papers_mean() -> None:
    for text in ("△ 1,234", "△1,234억원", "(△5.2%p)", "▽3", "−0.4", "-3.5%", "(1,234)", "(12)", "(0.3%)"):
        assert is_minus(text), text
    for text in ("▲5", "(1)", "1,234", "-", "2023-12", "△", "A-1", "(B-A)/A", "제3조"):
        assert not is_minus(text), text


@pytest.mark.parametrize(
    ("rows", "texts", "minus", "warned"),
    [
        ([["▲5", "12", "7"], ["3", "▲2", "9"]], ["실적"], True, False),  # its only sign, beside plain figures
        ([["▲5", "12", "7"], ["3", "▼2", "9"]], ["실적"], False, False),  # a rise and a fall
        ([["▲5", "12", "7"], ["3", "△2", "9"]], ["실적"], False, True),  # two signs: which is which?
        ([["▲5", "▲12"], ["3", "▲2"]], ["실적"], False, True),  # mostly marked: perhaps rises
        ([["▲5", "▲12"], ["3", "△2"]], ["주: ▲는 감소를 뜻함"], True, False),  # it says so
    ],
)
def test_a_black_triangle_is_a_minus_only_where_the_document_shows_it(
    rows: list[list[str]], texts: list[str], minus: bool, warned: bool
) -> None:
    made = [[cell(text) for text in row] for row in rows]
    warning = triangles([made], texts)
    assert {c.get("minus", False) for row in made for c in row if "▲" in c["text"]} == {minus}
    assert bool(warning) is warned
    assert [[c["text"] for c in row] for row in made] == rows


def test_a_ruled_row_of_three_cells_is_a_table(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        put(page, 72, 80, "아래로 물어보면 된다.")
        ruled(page, 100, [["담당", "가나다", "02-0000-0000"]], EDGES[:4])
        ruled(page, 160, [["응모 금액", "1,200억원"]], EDGES[:3])
        assert tables(read(doc, tmp_path)) == [[["담당", "가나다", "02-0000-0000"]], [["응모 금액", "1,200억원"]]]


@pytest.mark.parametrize("row", [["Ⅰ", "추진 배경"], ["1", "시장의 흐름"], ["붙임", "지어낸 자료의 목록"]])
def test_a_title_in_two_boxes_is_no_table(tmp_path: Path, row: list[str]) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        ruled(page, 100, [row], (72, 110, 400), size=14)
        put(page, 72, 150, "글은 여기에서 이어진다.")
        document = read(doc, tmp_path)
    assert tables(document) == []
    assert document["blocks"][0]["text"] == " ".join(row)


@pytest.mark.parametrize("apart", [1, 3.2, 4, 5.4, 8])
def test_a_double_rule_is_no_table(tmp_path: Path, apart: float) -> None:
    doc = pymupdf.open()
    page = doc.new_page()
    put(page, 60, 100, "가온거래소 매출 현황")
    page.draw_line((60, 110), (400, 110))
    page.draw_line((60, 110 + apart), (400, 110 + apart))
    assert texts(read(doc, tmp_path)) == ["가온거래소 매출 현황"]
