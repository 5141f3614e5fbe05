"""Scanned pages with the OCR switch on; these tests are skipped where Tesseract or its Korean data is missing."""

import json
from pathlib import Path

import pymupdf
import pytest

from lineage.core.errors import LineageError
from lineage.pdf import convert, ocr
from lineage.pdf.admission import Limits

OFF, ON = Limits(5, 20, 20), Limits(5, 20, 20, ocr=True)
SENTENCE = "가온거래소는 2023년 12월 29일 상장법인의 보고서를 공시하였다."


def missing() -> str:
    try:
        ocr.require_tesseract()
        return ""
    except LineageError as error:
        return str(error)


needs_tesseract = pytest.mark.skipif(bool(missing()), reason=missing())


def printed(path: Path, *, scanned: tuple[bool, ...]) -> Path:
    """A page for each item of `scanned`: text, or a picture of the same text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as text, pymupdf.open() as doc:
        for number, _ in enumerate(scanned, 1):
            page = text.new_page()
            page.insert_text((72, 90), f"제{number}장 공시", fontname="korea", fontsize=22)
            for line in range(6):
                page.insert_text((72, 150 + 26 * line), SENTENCE, fontname="korea", fontsize=13)
        for number, picture in enumerate(scanned):
            if picture:
                image = text[number].get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
                page = doc.new_page()
                page.insert_image(page.rect, pixmap=image)
            else:
                doc.insert_pdf(text, from_page=number, to_page=number)
        doc.save(path)
    return path


def document(tmp_path: Path, limits: Limits) -> dict:
    convert.convert_folder(tmp_path / "raw", tmp_path / "out", limits, tmp_path / "cache")
    return json.loads((tmp_path / "out/쪽.json").read_text(encoding="utf-8"))


@needs_tesseract
def test_only_pages_without_a_text_layer_are_read(tmp_path: Path) -> None:
    printed(tmp_path / "raw/쪽.pdf", scanned=(False, True))
    made = document(tmp_path, ON)
    assert made["page_text"][0].count(SENTENCE) == 6
    letters = made["page_text"][1].replace(" ", "")
    assert "보고서" in letters and "2023" in letters
    assert next(w for w in made["warnings"] if "OCR" in w).startswith("page 2: read by OCR")
    assert not [w for w in made["warnings"] if w.startswith("page 1")]
    assert 0.5 < made["quality"] < 1.0
    left, top, right, bottom = next(b["bbox"] for b in made["blocks"] if b["page"] == 2)
    assert 60 < left < 90 and 60 < top < bottom < 360 and right < 595  # points of the page, not pixels


@needs_tesseract
def test_the_switch_is_part_of_what_a_result_is(tmp_path: Path) -> None:
    printed(tmp_path / "raw/쪽.pdf", scanned=(False, True))
    assert document(tmp_path, OFF)["page_text"][1] == ""
    assert document(tmp_path, ON)["page_text"][1]
    assert document(tmp_path, OFF)["page_text"][1] == ""


@needs_tesseract
def test_a_scan_is_quarantined_without_the_switch_and_read_with_it(tmp_path: Path) -> None:
    printed(tmp_path / "raw/쪽.pdf", scanned=(True,))
    off = convert.convert_folder(tmp_path / "raw", tmp_path / "out", OFF, tmp_path / "cache")
    assert off.reasons == {"no text layer": 1}
    assert "ocr: true" in (tmp_path / "out/quarantine.jsonl").read_text(encoding="utf-8")
    assert document(tmp_path, ON)["pages"] == 1


@needs_tesseract
def test_a_picture_without_letters_stays_in_quarantine(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    with pymupdf.open() as doc:
        doc.new_page().draw_rect((100, 100, 500, 700), fill=(0.4, 0.4, 0.4))
        doc.save(tmp_path / "raw/grey.pdf")
    done = convert.convert_folder(tmp_path / "raw", tmp_path / "out", ON, tmp_path / "cache")
    assert done.reasons == {"no text layer": 1}


@pytest.mark.parametrize("found", ["no program", "no Korean"])
def test_a_missing_tesseract_is_said_before_a_file_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    program = tmp_path / "bin/tesseract"
    program.parent.mkdir()
    if found == "no Korean":
        program.write_text("#!/bin/sh\necho 'List of available languages in \"/none\" (1):'; echo eng\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/쪽.pdf").write_bytes(b"%PDF-")
    with pytest.raises(LineageError, match="apt-get install tesseract-ocr tesseract-ocr-kor"):
        convert.convert_folder(tmp_path / "raw", tmp_path / "out", ON, tmp_path / "cache")
    assert not (tmp_path / "out").exists()


def test_spaces_come_from_the_text_and_places_from_the_boxes() -> None:
    def word(line: int, left: int, width: int, conf: float, text: str) -> str:
        return f"5\t1\t1\t1\t{line}\t1\t{left}\t{100 * line}\t{width}\t40\t{conf}\t{text}"

    syllables = [word(1, 300 + 45 * i, 40, 90.0, c) for i, c in enumerate("상장안내")]
    other = word(1, 1500, 120, 80.0, "오른쪽")
    logo = word(2, 300, 40, 12.0, "ㅎㄴ")
    tsv = "\n".join(["level\tpage_num", *syllables, other, logo])
    read = ocr.to_lines(tsv, "상장 안내   오른쪽\nㅎㄴ\n\f", dpi=300)
    assert [line.text for line in read.lines] == ["상장 안내", "오른쪽"]
    assert read.lines[0].box == pytest.approx((72, 24, 114, 33.6), abs=0.1)
    assert read.doubtful == 1
    assert read.sure == pytest.approx((4 * 0.9 + 3 * 0.8) / 7)
