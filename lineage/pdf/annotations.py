"""What a PDF holds beside what its pages show: notes, passages struck out, form fields, attached files.

What is drawn of them (a text box, a stamp, a filled-in field) is text of the page like any other. All else is not taken
into the text, and a warning counts it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

HIDDEN = 2 | 32  # bits of an annotation's flags: hidden, no view
STRUCK = frozenset({11, 12})  # pymupdf's PDF_ANNOT_STRIKE_OUT, PDF_ANNOT_REDACT
BUTTONS = frozenset(
    {1, 2, 5, 6}
)  # pymupdf's kinds of fields without text: buttons, check boxes, radio buttons, signatures


def beside_the_page(page: Any, text: str) -> list[str]:
    """Warnings of a pymupdf page: what its annotations and form fields hold that is not in its `text`."""
    count: Counter[str] = Counter()
    if page.first_annot:
        shown = _bare(text)
        for annot in one_by_one(page.first_annot):
            said = _bare(annot.info.get("content") or "")
            drawn = annot.type[0] not in STRUCK and not annot.flags & HIDDEN
            count["struck"] += annot.type[0] in STRUCK
            if said and not (drawn and said in shown):
                count["notes"] += 1
                count["letters"] += len(said)
    if page.first_widget:
        shown = _bare(text)
        for field in one_by_one(page.first_widget):
            said = _bare(str(field.field_value or ""))
            count["fields"] += bool(said) and field.field_type not in BUTTONS and said not in shown
    found = []
    if count["notes"]:
        found.append(f"{count['notes']} notes beside the text, of {count['letters']} characters, were left out")
    if count["struck"]:
        found.append(f"{count['struck']} passages are struck out by annotations, and still stand in its text")
    if count["fields"]:
        found.append(f"{count['fields']} form fields hold text that is not shown, it was left out")
    return found


def one_by_one(first: Any) -> Iterator[Any]:
    """An annotation or form field and those after it: pymupdf's own lists look for each from the first."""
    while first:
        yield first
        first = first.next


def beside_the_pages(doc: Any) -> list[str]:
    """Warnings of a whole pymupdf document: attached files, layers and a form that its pages do not show."""
    found = []
    if off := sum(not layer["on"] for layer in doc.get_ocgs().values()):
        found.append(f"{off} layers are switched off, what they hold was left out")
    if files := doc.embfile_count():
        found.append(f"{files} files are attached, they are not read: take them out and put them beside it")
    if doc.is_form_pdf and doc.xref_get_key(doc.pdf_catalog(), "AcroForm/XFA")[0] != "null":
        found.append("it holds an XFA form, which is not read: print it to a PDF with a program that shows it")
    return found


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()
