"""Turned and slanted pages are read along their own direction; only what stands across it is a watermark."""

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import read

LINES = [
    "거래소는 상장법인의 보고서를 받아 공시한다.",
    "투자자는 그 내용을 보고 판단하며 책임을 진다.",
    "매출액은 1,234억원이고 영업이익은 56억원이다.",
]
MIDDLE = pymupdf.Point(297, 421)


def slanted(degrees: float, *, words: bool = False) -> Any:
    """A page whose lines are written at an angle, in one piece each or word by word, as text layers of scans are."""
    doc = pymupdf.open()
    page = doc.new_page()
    writer = pymupdf.TextWriter(page.rect)
    font = pymupdf.Font("cjk")
    for i, line in enumerate(LINES):
        x = 180.0
        for piece in line.split(" ") if words else [line]:
            writer.append((x, 380 + 20 * i), piece, font=font, fontsize=10)
            x += font.text_length(piece + " ", 10)
    writer.write_text(page, morph=(MIDDLE, pymupdf.Matrix(degrees)))
    return doc


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("degrees", [0, 0.4, 1, 3, -7, 12, 15, 30, 45, 90, 93, 135, 180, 184, 270, 300])
def test_a_page_is_read_along_its_own_direction(tmp_path: Path, degrees: float, words: bool) -> None:
    made = read(slanted(degrees, words=words), tmp_path)
    assert made["page_text"] == ["\n".join(LINES)]
    assert made["warnings"] == []


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_may_be_slanted_too(tmp_path: Path, rotation: int) -> None:
    doc = slanted(4)
    doc[0].set_rotation(rotation)
    assert read(doc, tmp_path)["page_text"] == ["\n".join(LINES)]


def watermarked(page: Any, text: str, times: int = 1) -> None:
    for i in range(times):
        at = pymupdf.Point(150, 700 - 40 * i)
        page.insert_text(at, text, fontname="korea", fontsize=20, morph=(at, pymupdf.Matrix(45)))


@pytest.mark.parametrize("degrees", [0, 3])
@pytest.mark.parametrize("times", [1, 12])
def test_a_watermark_is_left_out_and_counted(tmp_path: Path, degrees: float, times: int) -> None:
    doc = slanted(degrees)
    watermarked(doc[0], "대외비", times)
    made = read(doc, tmp_path)
    assert made["page_text"] == ["\n".join(LINES)]
    assert made["warnings"] == [f"page 1: {3 * times} characters written askew, such as a watermark, were left out"]


def test_a_title_under_a_longer_watermark_is_the_text(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        doc.new_page().insert_text((72, 100), "표지", fontname="korea")
        watermarked(doc[0], "CONFIDENTIAL DRAFT", 5)
        assert read(doc, tmp_path)["page_text"] == ["표지"]


def test_a_number_stamped_straight_on_a_crooked_scan_stays(tmp_path: Path) -> None:
    doc = slanted(5)
    doc[0].insert_text((280, 815), "- 3 -", fontname="helv")
    assert read(doc, tmp_path)["page_text"] == ["\n".join([*LINES, "- 3 -"])]


def test_a_page_with_nothing_but_slanted_text_has_a_text_layer(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        watermarked(doc.new_page(), "대외비")
        assert read(doc, tmp_path)["page_text"] == ["대외비"]
