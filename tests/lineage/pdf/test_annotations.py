"""Form fields, annotations and attached files: what is drawn is in the text, all else in a warning."""

import time
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from tests.lineage.pdf.drawn import put, read

SAID = "가온상사의 매출은 120억원이다"


@pytest.fixture
def doc() -> Any:
    with pymupdf.open() as doc:
        put(doc.new_page(), 72, 100, SAID)
        yield doc


def field(page: Any, kind: int, value: object, y: float, **more: object) -> None:
    widget = pymupdf.Widget()
    widget.field_type, widget.field_name, widget.field_value = kind, f"field{y}", value
    widget.rect = pymupdf.Rect(72, y, 300, y + 18)
    for name, said in more.items():
        setattr(widget, name, said)
    page.add_widget(widget)


def test_what_is_drawn_of_fields_and_annotations_is_text(doc: Any, tmp_path: Path) -> None:
    page = doc[0]
    page.add_freetext_annot((72, 120, 300, 140), "DRAFT of 2026", fontsize=10)
    page.add_stamp_annot((350, 300, 500, 340), stamp=0)
    field(page, pymupdf.PDF_WIDGET_TYPE_TEXT, "FIELD 1,234", 160)
    document = read(doc, tmp_path)
    assert all(text in document["page_text"][0] for text in (SAID, "DRAFT of 2026", "APPROVED", "FIELD 1,234"))
    assert document["warnings"] == []


def test_letters_in_boxes_of_a_field_are_one_word(doc: Any, tmp_path: Path) -> None:
    put(doc[0], 72, 173, "번호")
    widget = pymupdf.Widget()
    widget.field_type, widget.field_name, widget.field_value = pymupdf.PDF_WIDGET_TYPE_TEXT, "number", "12345678"
    widget.rect, widget.field_flags, widget.text_maxlen = pymupdf.Rect(120, 160, 300, 178), 1 << 24, 8
    doc[0].add_widget(widget)
    assert read(doc, tmp_path)["page_text"] == [f"{SAID}\n번호 12345678"]


def test_a_check_mark_is_no_figure(doc: Any, tmp_path: Path) -> None:
    field(doc[0], pymupdf.PDF_WIDGET_TYPE_CHECKBOX, True, 160)
    doc[0].insert_text((72, 300), "4 8 l", fontname="zadb", fontsize=10)
    text = read(doc, tmp_path)["page_text"][0]
    assert not any(c in text.replace(SAID, "") for c in "348l")
    assert "✔ ✘ ●" in text


def test_notes_are_counted(doc: Any, tmp_path: Path) -> None:
    page = doc[0]
    page.add_text_annot((300, 100), "매출은 다시 확인할 것")
    page.add_highlight_annot(page.search_for("120억원")[0]).set_info(content="단위?")
    hidden = page.add_freetext_annot((72, 120, 300, 140), "out of sight", fontsize=10)
    hidden.set_flags(pymupdf.PDF_ANNOT_IS_HIDDEN)
    hidden.update()
    document = read(doc, tmp_path)
    assert document["page_text"] == [SAID]
    assert document["warnings"] == ["page 1: 3 notes beside the text, of 22 characters, were left out"]


def test_passages_struck_out_are_told(doc: Any, tmp_path: Path) -> None:
    doc[0].add_strikeout_annot(doc[0].search_for("120억원")[0])
    assert read(doc, tmp_path)["warnings"] == [
        "page 1: 1 passages are struck out by annotations, and still stand in its text"
    ]


def test_a_field_that_is_not_shown_is_counted(doc: Any, tmp_path: Path) -> None:
    field(doc[0], pymupdf.PDF_WIDGET_TYPE_TEXT, "HIDDEN 99", 160, field_display=1)
    document = read(doc, tmp_path)
    assert "99" not in document["page_text"][0]
    assert document["warnings"] == ["page 1: 1 form fields hold text that is not shown, it was left out"]


def test_attached_files_are_counted(doc: Any, tmp_path: Path) -> None:
    doc.embfile_add("표.xlsx", b"figures")
    assert read(doc, tmp_path)["warnings"] == [
        "1 files are attached, they are not read: take them out and put them beside it"
    ]


def test_a_form_that_only_its_program_shows(doc: Any, tmp_path: Path) -> None:
    field(doc[0], pymupdf.PDF_WIDGET_TYPE_TEXT, "1", 160)
    xfa = doc.get_new_xref()
    doc.update_object(xfa, "<<>>")
    doc.update_stream(xfa, b"<xdp/>")
    doc.xref_set_key(doc.pdf_catalog(), "AcroForm/XFA", f"{xfa} 0 R")
    assert any("XFA" in warning for warning in read(doc, tmp_path)["warnings"])


def test_layers_that_are_switched_off_are_told(doc: Any, tmp_path: Path) -> None:
    put(doc[0], 72, 140, "꺼진 층의 매출 9,999", oc=doc.add_ocg("old", on=False))
    put(doc[0], 72, 180, "켜진 층의 매출 1,111", oc=doc.add_ocg("new", on=True))
    document = read(doc, tmp_path)
    assert document["page_text"] == [f"{SAID}\n켜진 층의 매출 1,111"]
    assert document["warnings"] == ["1 layers are switched off, what they hold was left out"]


def test_thousands_of_notes_cost_no_minutes(doc: Any, tmp_path: Path) -> None:
    page = doc[0]
    notes = []
    for number in range(3000):
        notes.append(doc.get_new_xref())
        doc.update_object(notes[-1], f"<</Type/Annot/Subtype/Text/Rect[9 9 19 19]/Contents(note {number})>>")
    doc.xref_set_key(page.xref, "Annots", f"[{' '.join(f'{xref} 0 R' for xref in notes)}]")
    begun = time.process_time()
    document = read(doc, tmp_path)
    assert time.process_time() - begun < 8  # looked for one by one from the first: 20 s
    assert document["warnings"] == ["page 1: 3000 notes beside the text, of 22890 characters, were left out"]
