"""Opens a PDF, or refuses it: protected, damaged, cut short, no PDF at all, too many pages."""

import re
from pathlib import Path
from typing import Any

from lineage.pdf.admission import Limits, Refused


def open_pdf(path: Path, limits: Limits) -> Any:
    """The pymupdf document of a file. Raises Refused with the reason, and what was seen."""
    import pymupdf

    try:
        doc = pymupdf.open(path, filetype="pdf")
        if doc.needs_pass:
            raise Refused("encrypted", "it asks for a password")
        pages = doc.page_count
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        if locked := _lock(error):
            raise Refused("encrypted", locked) from error
        reason = "too many pages" if "number of pages" in str(error) else "damaged"
        raise Refused(reason, _first_line(error)) from error
    if not doc.is_pdf:
        raise Refused("not a PDF")
    if pages == 0:
        raise Refused("damaged", "it has no pages")
    if pages > limits.max_pages:
        raise Refused("too many pages", f"{pages}, allowed are {limits.max_pages}")
    check_whole(doc, path)
    return doc


def _lock(error: BaseException) -> str:
    """What protects a file that MuPDF cannot decrypt at all, if that is why it does not open it; else ""."""
    said = str(error.__cause__ or "")  # the error itself quotes the path
    if "encryption" not in said:
        return ""
    handler = re.search(r"encryption handler: '([\w.]{1,40})'", said)
    if handler is None:
        return "by a method that PDF readers do not know"
    return "by certificates (Adobe.PubSec)" if handler[1] == "Adobe.PubSec" else f"by {handler[1]}"


def check_whole(doc: Any, path: Path) -> None:
    """Refuse a repaired file whose end is missing: it opens, with text lost in silence."""
    if doc.is_repaired:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2048))
            if b"%%EOF" not in file.read():
                raise Refused("damaged", "its end is missing")


def load_page(doc: Any, number: int) -> Any:
    """A page by its number, from 1. Raises Refused if it cannot be read."""
    import pymupdf

    try:
        return doc[number - 1]
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise Refused("damaged", f"page {number} cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else ""
    return "" if " at 0x" in text or "'" in text else text.splitlines()[0][:100] if text else ""
