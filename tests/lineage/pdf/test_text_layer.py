"""Text without ink: the layer of a scan is the page's text whatever is stamped on it; other hidden text is left out."""

import random
import time
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import put, read

LINES = [f"가온거래소의 {n}분기 거래대금은 {n}조 {n}20억원으로 늘었다" for n in range(1, 9)]
TEXT = "\n".join(LINES)
OTHER = "전혀 다른 글귀가 적힌 낡은 표지의 그림이다"


def scan_of(lines: list[str], width: float = 595, height: float = 842) -> Any:
    """A picture of a page with these lines, as a scanner makes it."""
    with pymupdf.open() as paper:
        page = paper.new_page(width=width, height=height)
        for i, line in enumerate(lines):
            put(page, 72, 120 + 24 * i, line, 12)
        return page.get_pixmap(dpi=100)


def hidden(page: Any, lines: list[str] = LINES) -> None:
    for i, line in enumerate(lines):
        put(page, 72, 120 + 24 * i, line, 12, render_mode=3)


@pytest.fixture
def scanned() -> Any:
    with pymupdf.open() as doc:
        doc.new_page().insert_image((0, 0, 595, 842), pixmap=scan_of(LINES))
        yield doc


@pytest.mark.parametrize("stamp", ["", "출력 2026.11.26 열람용", "이 문서는 열람용이며 복사할 수 없습니다 " * 3])
def test_the_layer_of_a_scan_is_its_text_whatever_is_stamped_on_it(scanned: Any, tmp_path: Path, stamp: str) -> None:
    hidden(scanned[0])
    for y in (60, 400, 800) if stamp else ():
        put(scanned[0], 40, y, stamp, 8)
    document = read(scanned, tmp_path)
    assert TEXT in document["page_text"][0]
    assert any("hidden layer over a picture" in warning for warning in document["warnings"])
    assert not any("left out" in warning for warning in document["warnings"])


def test_a_stamp_across_the_text_hides_none_of_it(scanned: Any, tmp_path: Path) -> None:
    hidden(scanned[0])
    put(scanned[0], 90, 145, "접수 제123호", 14)
    document = read(scanned, tmp_path)
    assert all(line in document["page_text"][0] for line in LINES)


def test_a_scan_in_strips(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        whole = scan_of(LINES)
        strip = whole.height // 6
        for i in range(6):
            part = pymupdf.Pixmap(whole.colorspace, pymupdf.IRect(0, i * strip, whole.width, (i + 1) * strip), False)
            part.copy(whole, part.irect)
            page.insert_image((0, i * 842 / 6, 595, (i + 1) * 842 / 6), pixmap=part)
        hidden(page)
        put(page, 40, 800, "열람용 2026.11.26", 8)
        assert TEXT in read(doc, tmp_path)["page_text"][0]


def test_a_page_on_its_side(scanned: Any, tmp_path: Path) -> None:
    hidden(scanned[0])
    put(scanned[0], 40, 800, "열람용 2026.11.26", 8)
    scanned[0].set_rotation(90)
    assert TEXT in read(scanned, tmp_path)["page_text"][0]


def test_words_hidden_on_a_plain_ground_are_left_out(tmp_path: Path) -> None:
    ground = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 60, 84), False)
    ground.clear_with(200)
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.insert_image((0, 0, 595, 842), pixmap=ground)
        hidden(page, ["찾기에 걸리도록 숨긴 낱말들"])
        put(page, 72, 300, "보이는 글은 이것뿐이다")
        document = read(doc, tmp_path)
    assert document["page_text"] == ["보이는 글은 이것뿐이다"]
    assert "page 1: 12 characters that nobody sees were left out" in document["warnings"]


def test_an_old_name_under_the_new_one_is_left_out_on_a_picture_too(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.insert_image((0, 0, 595, 842), pixmap=scan_of([OTHER]))
        put(page, 72, 300, "가온 코리아 성장 펀드", 12, render_mode=3)
        put(page, 72, 300, "누리 코리아 배당 펀드", 12)
        put(page, 72, 340, "두 번째 줄은 보이는 글이다", 12)
        document = read(doc, tmp_path)
    assert document["page_text"] == ["누리 코리아 배당 펀드\n두 번째 줄은 보이는 글이다"]


def test_a_small_picture_has_no_layer(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        page.insert_image((72, 100, 372, 280), pixmap=scan_of(LINES))
        hidden(page, LINES[:3])
        put(page, 72, 500, "보이는 글은 이것뿐이다")
        assert read(doc, tmp_path)["page_text"] == ["보이는 글은 이것뿐이다"]


def test_thousands_of_letters_seen_and_unseen_cost_no_minutes(scanned: Any, tmp_path: Path) -> None:
    page = scanned[0]
    put(page, 40, 800, "a", 8)
    page.insert_text((40, 810), "a", fontname="helv", fontsize=8)
    places = random.Random(7)
    pieces = (
        f"BT {3 * (i % 2)} Tr /helv 5 Tf {places.randrange(590)} {places.randrange(840)} Td (x{i % 9}) Tj ET"
        for i in range(16_000)
    )
    content = scanned.get_new_xref()
    scanned.update_object(content, "<<>>")
    scanned.update_stream(content, page.read_contents() + "\n".join(["", *pieces]).encode())
    page.set_contents(content)
    begun = time.process_time()  # not the clock's, which tells of everybody on the machine
    read(scanned, tmp_path)
    assert time.process_time() - begun < 9  # each compared with each: 25 s
