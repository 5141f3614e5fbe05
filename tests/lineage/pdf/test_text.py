"""Spaces, order, furniture: what a reader of the text of a page sees."""

import json
import random
import re
from pathlib import Path

import pymupdf
import pytest

from lineage.sample_world.pdf import Sheet
from tests.lineage.pdf.drawn import glued, put, read, texts

SENTENCE = "기후 위기 대응을 위한 탄소 중립 기본 계획을 2023년 4월에 세웠다"


@pytest.mark.parametrize("gap", [0.22, 0.3, 0.6])
def test_words_that_are_only_drawn_apart_get_their_spaces(tmp_path: Path, gap: float) -> None:
    with pymupdf.open() as doc:
        glued(doc.new_page(), 72, 100, SENTENCE, gap=gap)
        assert read(doc, tmp_path)["page_text"] == [SENTENCE]


def test_letters_set_wide_are_one_word_and_digits_are_not_one_number(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i, c in enumerate("구분별현황표"):
            put(page, 72 + 14 * i, 100, c)
        for i, c in enumerate("12345"):
            put(page, 72 + 18 * i, 140, c)
        assert read(doc, tmp_path)["page_text"] == ["구분별현황표\n1 2 3 4 5"]


@pytest.mark.parametrize("edges", [(50, 300), (50, 380), (50, 215, 380), (40, 190, 380)])
def test_columns_are_read_one_after_the_other(tmp_path: Path, edges: tuple[int, ...]) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        put(page, 50, 60, "세 단 위를 가로지르는 아주 긴 제목이 여기에 끝에서 끝까지 온다 그렇다", 14)
        for column, (x, end) in enumerate(zip(edges, (*edges[1:], 560), strict=True)):
            letters = int((end - x - 18) / 10)
            for i in range(12):
                put(page, x, 100 + 14 * i, (f"단{column}줄{i}" + "가나다라마바사아자차" * 6)[:letters])
        found = re.findall(r"단(\d)줄(\d+)", read(doc, tmp_path)["page_text"][0])
    assert found == [(str(column), str(i)) for column in range(len(edges)) for i in range(12)]


def test_a_spread_is_two_pages_and_loses_both_numbers(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        for sheet in range(4):
            page = doc.new_page(width=1190, height=842)
            for side, x in enumerate((60, 660)):
                for i in range(14):
                    put(page, x, 100 + 20 * i, f"장{sheet}쪽{side}줄{i:02} " + "끝까지 가득 찬 글줄이 이어진다 " * 2)
                put(page, x + 200, 810, f"{2 * sheet + side + 6:02}")
        document = read(doc, tmp_path)
    assert document["furniture"] == [f"{n:02}" for n in range(6, 14)]
    order = re.findall(r"장(\d)쪽(\d)", " ".join(document["page_text"]))
    assert order == sorted(order)


def test_heads_and_page_numbers_are_listed_not_kept(tmp_path: Path) -> None:
    paper = Sheet("새벽전자 보고서", "가온거래소 자료")
    for i in range(60):
        paper.paragraph(f"{i}번째 문단은 매출액 {i * 37 + 11:,}억원을 말한다. " * 3)
    (tmp_path / "paper.pdf").write_bytes(paper.to_bytes())
    with pymupdf.open(tmp_path / "paper.pdf") as doc:
        document = read(doc, tmp_path)
        pages = doc.page_count
    assert document["furniture"] == ["가온거래소 자료", *(f"- {n} -" for n in range(1, pages + 1))]
    assert not any("가온거래소" in text or re.fullmatch(r"- \d+ -", text) for text in texts(document))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_rotated_page_reads_the_same(tmp_path: Path, rotation: int) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(4):
            put(page, 72, 100 + 20 * i, f"{i}째 줄의 매출액은 {i},230억원이다")
        page.set_rotation(rotation)
        lines = read(doc, tmp_path)["page_text"][0].split("\n")
    assert lines == [f"{i}째 줄의 매출액은 {i},230억원이다" for i in range(4)]


def test_a_label_on_its_side_stays_and_a_watermark_is_said_to_be_left_out(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(6):
            put(page, 100, 100 + 20 * i, f"{i}째 줄의 글이 여기에 있다")
        put(page, 60, 200, "옆글 2023", rotate=90)
        put(page, 200, 400, "대외비", 40, morph=(pymupdf.Point(200, 400), pymupdf.Matrix(45)))
        document = read(doc, tmp_path)
    assert "옆글 2023" in document["page_text"][0]
    assert "대외비" not in document["page_text"][0]
    assert document["warnings"] == ["page 1: 3 characters written askew, such as a watermark, were left out"]


def test_small_lines_with_a_mark_are_notes(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(8):
            put(page, 72, 100 + 16 * i, "본문의 글줄은 열 포인트로 쓰여 있고 이렇게 끝까지 이어진다")
        put(page, 72, 260, "1) 매출액")
        put(page, 72, 700, "1) 2023년 12월 31일 기준이다.", 8)
        put(page, 72, 715, "* 잠정치이다.", 8)
        document = read(doc, tmp_path)
    kinds = {block["text"]: block["kind"] for block in document["blocks"]}
    assert kinds["1) 2023년 12월 31일 기준이다."] == kinds["* 잠정치이다."] == "note"
    assert kinds["1) 매출액"] != "note"


def test_bold_that_is_drawn_twice_is_read_once(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for x in (72, 72.9):
            put(page, x, 100, "두 번 찍은 제목 1,234")
        put(page, 72, 130, "같은 값 1,234")
        put(page, 72, 150, "같은 값 1,234")
        assert read(doc, tmp_path)["page_text"] == ["두 번 찍은 제목 1,234\n같은 값 1,234\n같은 값 1,234"]


def test_every_number_of_a_page_is_in_its_blocks_and_no_other(tmp_path: Path) -> None:
    chance = random.Random(7)
    numbers = []
    with pymupdf.open() as doc:
        for _ in range(3):
            page = doc.new_page()
            for i in range(25):
                found = [f"{chance.randint(1, 10**9):,}", f"{chance.random():.3f}", str(chance.randint(1900, 2100))]
                numbers += found
                glued(page, 60, 90 + 26 * i, f"{found[0]}원과 {found[1]}%는 △{found[2]} 이다", gap=0.25)
        document = read(doc, tmp_path)
    said = re.findall(r"\d+(?:[.,]\d+)*", " ".join(texts(document)))
    assert sorted(said) == sorted(numbers)


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    paper = Sheet("새벽전자 보고서", "가온거래소 자료")
    paper.heading("1. 개요")
    paper.paragraph("다음은 이 회사의 자산과 부채를 해마다 정리한 것이다.")
    paper.table([["구분", "2022", "2023"], *([f"{i}번째 자산과 부채", f"{i},100", f"△{i}"] for i in range(50))])
    with pymupdf.open(stream=paper.to_bytes()) as doc:
        first = json.dumps(read(doc, tmp_path), ensure_ascii=False)
        assert json.dumps(read(doc, tmp_path), ensure_ascii=False) == first


def test_a_figure_whose_comma_is_drawn_as_an_outline_keeps_it(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        put(page, 72, 100, "매출액은 다음과 같이 늘었다")
        put(page, 72, 133, "1,234.", render_mode=3)  # text without ink under letters that are drawn
        for i, c in enumerate("1,234."):
            top = 132.5 if c in ",." else 125
            page.draw_rect((75 + 10 * i, top, 77 + 10 * i, 134), fill=(0, 0, 0), width=0)
        lines = read(doc, tmp_path)["page_text"][0].split("\n")
    assert lines[1:] == ["1,234."]
