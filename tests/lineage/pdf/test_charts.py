"""Charts: their scales, labels and legends stay in the document, and in no sentence, table or heading."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import read, tables, write

BLUE, RED = (0, 0.3, 0.8), (0.8, 0.1, 0.1)
ABOVE = "새벽전자의 매출은 지난 다섯 해 동안 꾸준히 늘어났다."
BELOW = "이 흐름은 다음 해에도 이어질 것으로 모두가 내다본다."


def scale(page: Any, x: float, top: float, labels: list[str], step: float = 30, share: float = 1.0) -> None:
    for at, label in enumerate(labels):
        write(page, x, top + step * at, label, 8, share)


def years(page: Any, x: float, y: float, labels: list[str], step: float = 60) -> None:
    for at, label in enumerate(labels):
        write(page, x + step * at, y, label, 8)


def curve(page: Any) -> None:
    scale(page, 100, 130, ["40", "30", "20", "10", "0"])
    page.draw_polyline([(110 + 60 * i, 240 - (i * 37) % 90) for i in range(6)], color=BLUE)
    years(page, 104, 266, ["2019", "2020", "2021", "2022", "2023", "2024"])


def bars(page: Any) -> None:
    scale(page, 100, 130, ["800", "600", "400", "200", "0"])
    for at in range(5):
        page.draw_rect((120 + 60 * at, 230 - 20 * at, 140 + 60 * at, 247), color=None, fill=BLUE)
        write(page, 120 + 60 * at, 226 - 20 * at, f"{at}6.5", 7)
    years(page, 118, 262, ["동부", "서부", "남부", "북부", "중부"])


def two_scales(page: Any) -> None:
    scale(page, 100, 130, ["1.2", "0.9", "0.6", "0.3", "0.0"])
    scale(page, 430, 130, ["50", "40", "30", "20", "10"], share=0.0)
    page.draw_polyline([(110 + 60 * i, 150 + (i * 53) % 80) for i in range(6)], color=BLUE)
    page.draw_polyline([(110 + 60 * i, 230 - (i * 31) % 70) for i in range(6)], color=RED)
    years(page, 104, 266, ["22.1", "22.7", "23.1", "23.7", "24.1", "24.7"])
    page.draw_rect((150, 280, 158, 285), color=None, fill=BLUE)
    write(page, 161, 286, "거래대금(좌축)", 8)
    page.draw_rect((260, 280, 268, 285), color=None, fill=RED)
    write(page, 271, 286, "회전율(우축)", 8)
    write(page, 76, 116, "(조원)", 8)
    write(page, 430, 116, "(%)", 8)


def grid(page: Any) -> None:
    scale(page, 100, 130, ["6,000", "4,000", "2,000", "0"])
    for at in range(4):
        page.draw_line((106, 127.5 + 30 * at), (420, 127.5 + 30 * at))
    for at in range(4):
        write(page, 130 + 70 * at, 150 + 9 * at, f"{at},410", 7)
    years(page, 130, 232, ["1분기", "2분기", "3분기", "4분기"], 70)


def lying(page: Any) -> None:
    for at, name in enumerate(["은행", "보험", "증권", "카드"]):
        write(page, 80, 140 + 24 * at, name, 8)
        page.draw_rect((110, 132 + 24 * at, 180 + 55 * at, 144 + 24 * at), color=None, fill=BLUE)
    years(page, 108, 236, ["0", "20", "40", "60", "80"])


@pytest.mark.parametrize("chart", [curve, bars, two_scales, grid, lying])
def test_labels_of_a_chart_are_no_sentences(tmp_path: Path, chart: Callable[[Any], None]) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        chart(page)
        labels = sorted(page.get_text().split())
        write(page, 72, 90, ABOVE)
        write(page, 72, 310, BELOW)
        document = read(doc, tmp_path)
    assert tables(document) == []
    assert [b["text"] for b in document["blocks"] if b["kind"] != "caption"] == [ABOVE, BELOW]
    said = [word for b in document["blocks"] if b["kind"] == "caption" for word in b["text"].split()]
    assert sorted(said) == labels
    assert set(labels) <= set(document["page_text"][0].split())


def test_labels_that_no_drawing_shows_to_be_a_chart_are_rows_of_their_own(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        write(page, 72, 96, ABOVE)
        scale(page, 100, 112, ["40", "30", "20", "10", "0"], 13)
        years(page, 104, 177, ["2019", "2020", "2021", "2022"])
        write(page, 72, 191, BELOW)
        document = read(doc, tmp_path)
    texts = [block["text"] for block in document["blocks"]]
    assert texts == [ABOVE, "40", "30", "20", "10", "0", "2019 2020 2021 2022", BELOW]
    assert tables(document) == []


def test_a_table_in_a_round_frame_is_no_chart(tmp_path: Path) -> None:
    rows = [["연도", "매출", "이익"], ["2024", "1,204", "88"], ["2023", "990", "7"], ["2022", "1,400", "△12"]]
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.draw_rect((60, 84, 420, 176), radius=0.1, color=BLUE)
        for at, row in enumerate(rows):
            for x, text in zip((80, 200, 320), row, strict=True):
                write(page, x, 104 + 20 * at, text)
        assert tables(read(doc, tmp_path)) == [rows]
