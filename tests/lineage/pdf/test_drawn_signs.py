"""Figures and signs inside lines that are pictures or outlines: seen in the text, counted, and no sound sentence."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from lineage.pdf import page_content
from lineage.pdf.admission import Limits, Refused
from lineage.pdf.ocr import Recognised
from lineage.pdf.reading import read_document
from lineage.pdf.text import UNREAD, Line
from tests.lineage.pdf.drawn import LIMITS, put, read, ruled, tables
from tests.lineage.pdf.test_ocr import needs_tesseract

KOREAN, LATIN = pymupdf.Font("korea"), pymupdf.Font("helv")
BODY = "본문의 글줄은 열 포인트로 쓰여 있고 이렇게 끝까지 이어진다."


def words(page: Any, x: float, y: float, text: str, size: float = 10, **more: Any) -> float:
    """Text with its baseline at y; returns where it ends."""
    writer = pymupdf.TextWriter(page.rect)
    writer.append((x, y), text, font=KOREAN, fontsize=size)
    writer.write_text(page, **more)
    return x + KOREAN.text_length(text, size)


def picture(text: str, size: float, *, pad: float = 0, alpha: bool = True, font: str = "helv") -> Any:
    """Letters as a picture that is `pad` points wider at either side."""
    with pymupdf.open() as doc:
        page = doc.new_page(width=pymupdf.get_text_length(text, font, size) + 2 * pad, height=1.3 * size)
        page.insert_text((pad, size), text, fontname=font, fontsize=size)
        return page.get_pixmap(dpi=300, alpha=alpha)


def pasted(page: Any, x: float, y: float, text: str, size: float = 10, *, pad: float = 0, alpha: bool = True) -> float:
    """Letters as a picture with the baseline at y; returns where the last one ends."""
    drawn = picture(text, size, pad=pad, alpha=alpha)
    wide = pymupdf.get_text_length(text, "helv", size)
    page.insert_image((x - pad, y - size, x + wide + pad, y + 0.3 * size), pixmap=drawn, keep_proportion=False)
    return x + wide


def inline(page: Any, x: float, y: float, text: str, size: float = 10) -> float:
    """The same as an inline picture, which no resource names."""
    drawn = pymupdf.Pixmap(pymupdf.csGRAY, picture(text, size, alpha=False))
    wide = pymupdf.get_text_length(text, "helv", size)
    place = f"q {wide} 0 0 {1.3 * size} {x} {page.rect.height - y - 0.3 * size} cm\n"
    head = f"BI /W {drawn.width} /H {drawn.height} /BPC 8 /CS /G /F /AHx ID "
    doc = page.parent
    xref = doc.get_new_xref()
    doc.update_object(xref, "<<>>")
    doc.update_stream(xref, (place + head + drawn.samples.hex() + "> EI Q").encode())
    doc.xref_set_key(page.xref, "Contents", f"[{' '.join(f'{c} 0 R' for c in [*page.get_contents(), xref])}]")
    return x + wide


def one_by_one(page: Any, x: float, y: float, text: str, size: float = 10) -> float:
    """The same as a picture for each letter."""
    for c in text:
        x = pasted(page, x, y, c, size)
    return x


def outlined(page: Any, x: float, y: float, text: str, size: float = 10) -> float:
    """The same as filled outlines, a ring for every letter."""
    for _ in text:
        shape = page.new_shape()
        shape.draw_oval((x + 0.05 * size, y - 0.72 * size, x + 0.5 * size, y))
        shape.draw_oval((x + 0.15 * size, y - 0.62 * size, x + 0.4 * size, y - 0.1 * size))
        shape.finish(fill=(0, 0, 0), color=None, even_odd=True)
        shape.commit()
        x += 0.556 * size
    return x


def body(page: Any, count: int = 8, top: float = 400) -> None:
    for i in range(count):
        words(page, 72, top + 18 * i, BODY)


def lines_of(document: dict[str, Any]) -> list[str]:
    return [line for line in document["page_text"][0].split("\n") if line != BODY]


WAYS: dict[str, Callable[..., float]] = {
    "tight": pasted,
    "padded": lambda *a: pasted(*a, pad=6),
    "on white": lambda *a: pasted(*a, alpha=False),
    "one by one": one_by_one,
    "inline": inline,
    "outlines": outlined,
}


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("figure", ["9", "20.7%", "1,234,567"])
def test_a_figure_that_is_a_picture_leaves_a_mark_and_a_warning(tmp_path: Path, way: str, figure: str) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        body(page)
        x = words(page, 72, 100, "수출은 연평균 ", 11)
        words(page, WAYS[way](page, x, 100, figure, 11), 100, "억원의 높은 성장을 이뤘다.", 11)
        document = read(doc, tmp_path)
    assert lines_of(document) == [f"수출은 연평균 {UNREAD}억원의 높은 성장을 이뤘다."]
    says = "page 1: 1 figures or signs inside 1 of its 9 lines are pictures: \ufffd stands for each"
    assert document["warnings"] == [says]
    assert 0.85 < document["quality"] < 0.9


@pytest.mark.parametrize("pad", [0, 5])
@pytest.mark.parametrize(
    ("before", "sign", "after"),
    [
        ("매출이 늘었다", ".", " 이익은 줄었다."),
        ("매출이 늘었다", ".", ""),
        ("전년보다 ", "-", "2.0 낮다"),
        ("이익은 ", "37", ""),
        ("", "2023", "년의 이익은 늘었다"),
        ("", "9", "월의 이익은 늘었다"),
        ("자산", "3)", "과 부채"),
    ],
)
def test_every_place_of_a_line_is_looked_at(tmp_path: Path, pad: float, before: str, sign: str, after: str) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        body(page)
        x = pasted(page, words(page, 72, 100, before) if before else 72, 100, sign, pad=pad)
        if after:
            words(page, x, 100, after)
        found = lines_of(read(doc, tmp_path))
    assert [re.sub(" ", "", line) for line in found] == [(before + UNREAD + after).replace(" ", "")]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("turned", [False, True])
def test_a_turned_page_shows_them_too(tmp_path: Path, rotation: int, turned: bool) -> None:
    with pymupdf.open() as doc, pymupdf.open() as made:
        page = doc.new_page()
        body(page)
        x = pasted(page, words(page, 72, 100, "수출은 연평균 "), 100, "20.7%", pad=4)
        words(page, x, 100, "의 성장을 이뤘다.")
        if turned and rotation:
            size = pymupdf.Rect(page.rect) if rotation == 180 else pymupdf.Rect(0, 0, page.rect.height, page.rect.width)
            made.new_page(width=size.width, height=size.height).show_pdf_page(size, doc, 0, rotate=rotation)
        else:
            page.set_rotation(rotation)
        document = read(made if made.page_count else doc, tmp_path)
    assert lines_of(document) == [f"수출은 연평균 {UNREAD}의 성장을 이뤘다."]


def test_a_figure_in_a_cell_is_missing_there(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        body(page, 12)
        for i in range(5):
            put(page, 80, 114 + 20 * i, f"제{i}부문")
            pasted(page, 230, 114 + 20 * i, "1,234")
            put(page, 340, 114 + 20 * i, f"{i},345")
        for y in range(100, 201, 20):
            page.draw_line((72, y), (440, y))
        for x in (72, 200, 320, 440):
            page.draw_line((x, 100), (x, 200))
        document = read(doc, tmp_path)
    assert tables(document) == [[[f"제{i}부문", UNREAD, f"{i},345"] for i in range(5)]]


@pytest.mark.parametrize("figure", ["7", "34", "1,234"])
def test_figures_that_stand_alone_in_two_cells_are_warned_of(tmp_path: Path, figure: str) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        rows = [["구분", "올해", "작년"], ["매출", "", "15"], ["이익", "", "16"], ["자산", "90", "95"]]
        ruled(page, 60, rows, (60, 160, 260, 360))
        for y in (94, 114):
            pasted(page, 200, y, figure)
        body(page)
        document = read(doc, tmp_path)
    warning = "page 1: 2 small pictures stand apart on the level of its lines: they may be figures"
    assert document["warnings"] == [warning]


def coloured(width: int = 60, height: int = 20) -> Any:
    drawn = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, width, height))
    drawn.set_rect(drawn.irect, (200, 30, 30))
    return drawn


def bullets(page: Any) -> None:
    for column in (72, 330):
        for i in range(6):
            page.insert_image((column, 92 + 20 * i, column + 8, 100 + 20 * i), pixmap=coloured(20, 20))
            words(page, column + 12, 100 + 20 * i, f"{2020 + i}년의 실적은 다음과 같다")


def logo(page: Any) -> None:
    page.insert_image((72, 90, 130, 108), pixmap=coloured(), keep_proportion=False)
    words(page, 150, 104, "가온거래소 보고서", 14)
    page.insert_image((480, 90, 520, 104), pixmap=coloured(), keep_proportion=False)


def grounds(page: Any) -> None:
    for i, (left, right) in enumerate([(70, 125), (66, 300)]):
        page.insert_image((left, 90 + 30 * i, right, 105 + 30 * i), pixmap=coloured(), keep_proportion=False)
        words(page, 74, 101 + 30 * i, "중요 공지", color=(1, 1, 1))
        words(page, 130, 101 + 30 * i, "다음과 같이 알린다")


def outlined_grounds(page: Any) -> None:
    page.draw_rect((68, 90, 106, 104), fill=(0, 0.5, 1), color=None, radius=0.4)
    words(page, 71, 101, "공지", color=(1, 1, 1))
    words(page, 112, 101, "다음과 같이 알린다")


def outlined_bullets(page: Any) -> None:
    for i in range(6):
        page.draw_circle((75, 96 + 20 * i), 2.5, fill=(0, 0, 0), color=None)
        words(page, 82, 100 + 20 * i, f"{2020 + i}년의 실적은 다음과 같다")


def formula(page: Any) -> None:
    words(page, 72, 100, "다음 식으로 셈한다.")
    pasted(page, 250, 120, "x = a + b / c", 11)
    words(page, 72, 140, "여기서 각 기호는 위와 같다.")


def underlined(page: Any) -> None:
    words(page, 72, 100, "밑줄은  글자가  아니며  빈칸도  그대로다")
    page.insert_image((72, 101, 280, 102), pixmap=coloured(), keep_proportion=False)
    page.draw_line((72, 131), (280, 131))
    words(page, 72, 130, "밑줄은  글자가  아니며  빈칸도  그대로다")


def blank(page: Any) -> None:
    x = words(page, 72, 100, "보이지 않는 그림은 ")
    clear = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 40, 20), True)
    clear.clear_with()  # no ink at all
    page.insert_image((x, 90, x + 30, 103), pixmap=clear, keep_proportion=False)
    words(page, x + 30, 100, "글자가 아니다")


def scanned(page: Any) -> None:
    """A scan in strips of a line's height, with its text read by OCR over it."""
    for i in range(20):
        strip = picture("strip of a scan, with ink in every gap of the words", 12, alpha=False)
        page.insert_image((40, 80 + 15 * i, 550, 95 + 15 * i), pixmap=strip, keep_proportion=False)
        words(page, 72, 92 + 15 * i, "글의  낱말  사이에  잉크가  있다", 11)


def tiled(page: Any) -> None:
    """A chart whose grounds are patterns of small pictures, between the scales of its axes."""
    for x in range(4):
        for y in range(10):
            page.insert_image((90 + 6 * x, 100 + 6 * y, 96 + 6 * x, 106 + 6 * y), pixmap=picture("#", 6, alpha=False))
    for i in range(5):
        words(page, 81, 106 + 12 * i, f"{i}0", 7)
        words(page, 115, 106 + 12 * i, f"{i}5", 7)


def legend(page: Any) -> None:
    for i, (x, name) in enumerate([(72, "매출"), (160, "이익"), (250, "자산")]):
        page.draw_circle((x, 97), 3, fill=(0.3 * i, 0.5, 0.5), color=None)
        words(page, x + 8, 100, name)


@pytest.mark.parametrize(
    "draw",
    [bullets, logo, grounds, outlined_grounds, outlined_bullets, formula, underlined, blank, scanned, tiled, legend],
    ids=lambda draw: draw.__name__,
)
def test_what_is_no_sign_of_a_line_stays_out_of_it(tmp_path: Path, draw: Callable[[Any], None]) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        draw(page)
        body(page)
        document = read(doc, tmp_path)
    assert not [warning for warning in document["warnings"] if "figures or signs" in warning]
    assert UNREAD not in document["page_text"][0]
    assert document["quality"] == 1.0


def test_a_page_that_cannot_be_drawn_keeps_its_text_and_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    with pymupdf.open() as doc:
        page = doc.new_page()
        body(page)
        words(page, pasted(page, words(page, 72, 100, "매출은 "), 100, "20.7"), 100, "원이다")
        monkeypatch.setattr(pymupdf.Page, "get_pixmap", fail)
        assert lines_of(read(doc, tmp_path)) == [f"매출은 {UNREAD}원이다"]


def torn(page: Any, count: int) -> None:
    for i in range(count):
        x = pasted(page, words(page, 72, 100 + 18 * i, "수출은 연평균 ", 11), 100 + 18 * i, "20.7%", 11)
        words(page, x, 100 + 18 * i, "라는 고속 성장을 이뤘다.", 11)


def test_pictures_right_above_each_other_are_figures_too(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        for i in range(4):
            words(
                page, pasted(page, words(page, 72, 100 + 13 * i, "매출은 "), 100 + 13 * i, "20.7"), 100 + 13 * i, "원"
            )
        body(page)
        assert lines_of(read(doc, tmp_path)) == [f"매출은 {UNREAD}원"] * 4


def test_a_document_of_torn_lines_is_refused_with_what_was_found(tmp_path: Path) -> None:
    with pymupdf.open() as doc, pytest.raises(Refused) as refused:
        torn(doc.new_page(), 15)
        read(doc, tmp_path)
    assert refused.value.reason == "figures are pictures"
    assert refused.value.detail == "page 1: 15 figures or signs inside 15 of its 15 lines are pictures"


def test_a_torn_page_is_left_out_of_a_sound_document_and_said_to_be(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        for number in range(3):
            page = doc.new_page()
            torn(page, 8 if number == 1 else 0)
            body(page, 2 if number == 1 else 10)
        document = read(doc, tmp_path)
    assert [bool(text) for text in document["page_text"]] == [True, False, True]
    assert {block["page"] for block in document["blocks"]} == {1, 3}
    says = "page 2: left out, 8 figures or signs inside 8 of its 10 lines are pictures"
    assert document["warnings"] == [says]
    assert 0.6 < document["quality"] < 0.8


def test_the_more_lines_are_torn_the_lower_the_quality(tmp_path: Path) -> None:
    found = []
    for count in (0, 1, 4):
        with pymupdf.open() as doc:
            page = doc.new_page()
            torn(page, count)
            body(page)
            found.append(read(doc, tmp_path)["quality"])
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert found[2] < 0.7


def test_ocr_gets_a_torn_page_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def recognise(page: Any) -> Recognised:
        asked.append(page.number)
        return Recognised((Line("OCR이 읽은 20.7%의 글줄", (72, 90, 300, 102), 10, False),), 0.9, 0)

    monkeypatch.setattr(page_content, "recognise", recognise)
    with pymupdf.open() as doc:
        for count in (1, 8):
            page = doc.new_page()
            torn(page, count)
            body(page, 4)
        doc.save(tmp_path / "torn.pdf")
    limits = Limits(LIMITS.max_megabytes, LIMITS.max_pages, LIMITS.seconds, ocr=True)
    document = read_document(tmp_path / "torn.pdf", "0" * 64, limits, lambda seconds: None)
    assert asked == [1]
    assert document["page_text"][1] == "OCR이 읽은 20.7%의 글줄"


@needs_tesseract
def test_a_torn_page_is_read_by_ocr_where_that_is_on(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        torn(doc.new_page(), 6)
        doc.save(tmp_path / "torn.pdf")
    limits = Limits(LIMITS.max_megabytes, LIMITS.max_pages, LIMITS.seconds, ocr=True)
    document = read_document(tmp_path / "torn.pdf", "0" * 64, limits, lambda seconds: None)
    assert document["page_text"][0].count("20.7") >= 4
    assert any("read by OCR" in warning for warning in document["warnings"])


def test_forms_without_end_are_no_reason_to_refuse_a_page(tmp_path: Path) -> None:
    with pymupdf.open() as doc:
        page = doc.new_page()
        words(page, 72, 100, BODY)
        forms = [doc.get_new_xref() for _ in range(1500)]
        for form, inner in zip(forms, [*forms[1:], forms[0]], strict=True):
            named = f"/Resources<</XObject<</F {inner} 0 R>>>>"
            doc.update_object(form, f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]{named}>>")
            doc.update_stream(form, b"/F Do")
        font = page.get_fonts()[0]
        doc.xref_set_key(page.xref, "Resources", f"<</Font<</{font[4]} {font[0]} 0 R>>/XObject<</F {forms[0]} 0 R>>>>")
        found = read(doc, tmp_path)
    assert found["page_text"] == [BODY]
