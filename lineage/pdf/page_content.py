"""One page → its lines in reading order, its tables and charts, and what is to be said of it."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.pdf.admission import Limits, Refused, has_text_layer
from lineage.pdf.annotations import beside_the_page
from lineage.pdf.charts import Chart
from lineage.pdf.fonts import Fonts, Unread
from lineage.pdf.layout import reading_order
from lineage.pdf.ocr import SECONDS, recognise
from lineage.pdf.page import read_page
from lineage.pdf.tables import Table, find_tables, lost_numbers, without_letter
from lineage.pdf.text import UNREAD, Line
from lineage.pdf.visibility import IMAGE, MASK, covered, pictures

NOTHING = Unread(0, 0)
FEW = 200  # characters: a page with fewer may be a picture
TORN = 0.6  # of a page's lines: where more hold signs that are pictures, what is left is not worth reading


@dataclass(frozen=True)
class PageContent:
    """A page that was read. `lines` stand outside of tables and charts, `columns` are all lines in reading order.

    `sure` is 1 for a text layer, less for OCR and where signs inside lines are pictures. `count` says how many
    characters the page has; where `left_out` says why, none of them is in `text`.
    """

    height: float
    lines: list[Line]
    columns: list[list[Line]]
    tables: list[Table]
    charts: list[Chart]
    text: str
    pictured: bool
    sure: float
    warnings: list[str]
    count: int
    left_out: str = ""
    unread: Unread = NOTHING


def page_content(
    page: Any, number: int, before: Table | None, fonts: Fonts, limits: Limits, more: Callable[[float], None]
) -> PageContent:
    """The text layer of a page; what OCR reads, where that is switched on and the layer is missing.

    Args:
        page: of pymupdf.
        number: of the page, from 1.
        before: the last table of the page before, which the first one of this page may continue.
        fonts: of the document.
        limits: whether OCR is switched on.
        more: called with seconds that the file may take beyond its limit.

    Raises:
        Refused: OCR took too long.
    """
    read = read_page(page)
    columns = reading_order([*read.lines, *read.aside])
    text = _as_text(columns)
    pictured = len(text) < FEW and _is_pictured(page)
    torn, why = _torn(read.signs, columns)
    unread = fonts.unread(page, text)
    readable = torn <= TORN and not unread.is_most()
    if limits.ocr and not (readable and (has_text_layer(text, pictured) or not page.get_bboxlog())):
        more(SECONDS)
        return _read_by_ocr(page, number)
    if unread.is_most():
        warnings = [f"left out, {unread}", *beside_the_page(page, text)]
        return PageContent(read.height, [], [], [], [], "", pictured, 0.0, warnings, 0, unread=unread)
    if torn > TORN:
        warnings = [f"left out, {why}", *beside_the_page(page, text)]
        return PageContent(read.height, [], [], [], [], "", pictured, 0.0, warnings, len(text), why)
    found, drawn, lines, warnings = find_tables(read, before)
    if why:
        warnings.append(f"{why}: {UNREAD} stands for each")
    if read.lone:
        warnings.append(f"{read.lone} small pictures stand apart on the level of its lines: they may be figures")
    if read.hidden:
        warnings.append(f"{read.hidden} characters that nobody sees were left out")
    if read.layer:
        warnings.append(f"{read.layer} characters are a hidden layer over a picture, as OCR leaves it: check figures")
    if read.askew:
        warnings.append(f"{read.askew} characters written askew, such as a watermark, were left out")
    warnings += beside_the_page(page, text)
    for table in found:
        table.pages.append(number)
        if lost := lost_numbers(table, text):
            warnings.append(f"not in the page's text, though in a table: {', '.join(lost[:5])}")
    if unsure := sum(table.unsure for table in found):
        warnings.append(f"{unsure} figures of tables stand in cells whose rows or columns are not certain: see there")
    if not text.strip():
        warnings.append("no text on it, it is scanned, drawn or empty")
    elif pictured:
        warnings.append("most of it is a picture")
    if text.count(UNREAD) > read.signs or unread.lost * 10 > unread.shown:
        warnings.append(str(unread))
    unseen = without_letter(found)
    sure = (1.0 - torn) * len(read.lines) / max(1, len(read.lines) + unseen) if unseen else 1.0 - torn
    return PageContent(
        read.height, lines, columns, found, drawn, text, pictured, sure, warnings, len(text), unread=unread
    )


def _torn(signs: int, columns: Sequence[Sequence[Line]]) -> tuple[float, str]:
    """The share of a page's lines that hold a sign without a letter, and the sentence that says so, or ""."""
    if not signs:
        return 0.0, ""
    torn = [UNREAD in line.text for column in columns for line in column]
    share = sum(torn) / len(torn)
    return share, f"{signs} figures or signs inside {sum(torn)} of its {len(torn)} lines are pictures"


def _read_by_ocr(page: Any, number: int) -> PageContent:
    try:
        read = recognise(page)
    except subprocess.TimeoutExpired as error:
        raise Refused("timed out", f"OCR of page {number} took more than {SECONDS} s") from error
    if read is None or not read.lines:
        return PageContent(page.rect.height, [], [], [], [], "", True, 1.0, ["no text on it, and OCR found none"], 0)
    warnings = [f"read by OCR, {read.sure:.0%} sure: check its figures"]
    if read.doubtful:
        warnings.append(f"{read.doubtful} words that OCR was not sure of were left out")
    columns = reading_order(read.lines)
    text = _as_text(columns)
    return PageContent(page.rect.height, list(read.lines), columns, [], [], text, True, read.sure, warnings, len(text))


def _as_text(columns: Sequence[Sequence[Line]]) -> str:
    return "\n".join([line.text for column in columns for line in column])


def _is_pictured(page: Any) -> bool:
    boxes = [box for kind, box in pictures(page) if kind in (IMAGE, MASK)]
    return covered(boxes, page.cropbox.width, page.cropbox.height) > 0.5
