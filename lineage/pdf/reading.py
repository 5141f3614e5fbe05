"""One PDF file → one document (the dictionary of lineage/artifacts/document.py). Runs inside a worker process.

{"schema": 1, "file": "2023/상장.pdf", "sha256": "…", "title": "…", "dates": ["2023-12-31"], "pages": 3,
 "blocks": [{"kind": "heading", "page": 1, "bbox": [72.0, 60.1, 300.2, 80.4], "text": "…"},
            {"kind": "table", "page": 2, "bbox": […],
             "rows": [[{"text": "△ 1,234", "colspan": 1, "rowspan": 1, "minus": true}]]}],
 "page_text": ["…"], "furniture": ["- 1 -"], "warnings": [], "quality": 1.0}
"""

import gc
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from lineage.pdf.admission import Limits, Refused, check_text, has_text_layer
from lineage.pdf.annotations import beside_the_page, beside_the_pages
from lineage.pdf.blocks import Block, body_size, to_blocks
from lineage.pdf.charts import Chart
from lineage.pdf.fonts import Fonts, Unread
from lineage.pdf.layout import furniture, reading_order
from lineage.pdf.line_ends import LineEnds
from lineage.pdf.metadata import dates, title
from lineage.pdf.number_check import NUMBER, triangles
from lineage.pdf.ocr import SECONDS, recognise
from lineage.pdf.page import read_page
from lineage.pdf.tables import Table, continues, find_tables, join, lost_numbers
from lineage.pdf.text import STANDIN, UNREAD, Line
from lineage.pdf.visibility import IMAGE, MASK, covered, pictures

if TYPE_CHECKING:  # a worker starts sooner without pydantic
    from lineage.artifacts.document import Document, DocumentBlock, TableBlock, TextKind

SCHEMA: Literal[1] = 1
NOTHING = Unread(0, 0)
FEW = 200  # characters: a page with fewer may be a picture
TORN = 0.6  # of a page's lines: where more hold signs that are pictures, what is left is not worth reading


@dataclass(frozen=True)
class Page:
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


@contextmanager
def _uncollected() -> Iterator[None]:
    """Python's search for cycles put off: the characters of pages are a myriad of objects, and hold none."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@_uncollected()
def read_document(path: Path, sha256: str, limits: Limits, more: Callable[[float], None]) -> "Document":
    """Convert one file.

    Args:
        path: the PDF.
        sha256: of its bytes; the document carries it.
        limits: what the file may cost; its seconds are the caller's to keep.
        more: called as pages are read, with seconds that the file may take beyond its limit.

    Raises:
        Refused: with the reason, and what was seen.
    """
    doc = _open(path, limits)
    count = doc.page_count
    pages: list[Page] = []
    fonts = Fonts(doc)
    for number in range(1, count + 1):
        before = pages[-1].tables[-1] if pages and pages[-1].tables else None
        pages.append(_read(_load(doc, number), number, before, fonts, limits, more))
        more(1.0)
    _check_whole(doc, path)
    if doc.page_count != count:  # a broken object was met, and the repair found other pages than those that were read
        raise Refused("damaged", f"{count} pages became {doc.page_count} while they were read")
    _check_left_out(pages)
    page_text = [page.text for page in pages]
    share = check_text(page_text, [page.pictured for page in pages], [page.unread for page in pages])
    warnings = [f"page {n}: {warning}" for n, page in enumerate(pages, 1) for warning in page.warnings]
    warnings += beside_the_pages(doc)
    if doc.is_repaired:
        warnings.append("the file was damaged and has been repaired: compare it with the original")
    removed, repeated = furniture([(page.height, page.lines) for page in pages])
    blocks = _with_whole_words(_blocks(pages, removed), page_text)
    if warning := triangles([block.table.rows for _, block in blocks if block.table], page_text):
        warnings.append(warning)
    sure = sum(page.count * page.sure for page in pages) / sum(page.count for page in pages)
    sure *= 1 - _unparted(pages)
    return {
        "schema": SCHEMA,
        "file": path.name,
        "sha256": sha256,
        "title": title(doc.metadata.get("title") or "", blocks, page_text),
        "dates": dates("\n".join(page_text)),
        "pages": count,
        "blocks": [_block_json(page, block) for page, block in blocks],
        "page_text": page_text,
        "furniture": repeated,
        "warnings": warnings,
        "quality": round(share * sure, 3),
    }


def _unparted(pages: Sequence[Page]) -> float:
    """The share of a document's figures that stand in cells of several rows or columns."""
    unsure = sum(table.unsure for page in pages for table in page.tables)
    return unsure / max(unsure, sum(len(NUMBER.findall(page.text)) for page in pages)) if unsure else 0.0


def _read(
    page: Any, number: int, before: Table | None, fonts: Fonts, limits: Limits, more: Callable[[float], None]
) -> Page:
    """The text layer of a page; what OCR reads, where that is switched on and the layer is missing."""
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
        return Page(read.height, [], [], [], [], "", pictured, 0.0, warnings, 0, unread=unread)
    if torn > TORN:
        warnings = [f"left out, {why}", *beside_the_page(page, text)]
        return Page(read.height, [], [], [], [], "", pictured, 0.0, warnings, len(text), why)
    found, drawn, lines, warning = find_tables(read, before)
    warnings = [warning] if warning else []
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
    return Page(
        read.height, lines, columns, found, drawn, text, pictured, 1.0 - torn, warnings, len(text), unread=unread
    )


def _torn(signs: int, columns: Sequence[Sequence[Line]]) -> tuple[float, str]:
    """The share of a page's lines that hold a sign without a letter, and the sentence that says so, or ""."""
    if not signs:
        return 0.0, ""
    torn = [UNREAD in line.text for column in columns for line in column]
    share = sum(torn) / len(torn)
    return share, f"{signs} figures or signs inside {sum(torn)} of its {len(torn)} lines are pictures"


def _check_left_out(pages: Sequence[Page]) -> None:
    """Refuse a document most of whose pages had to be left out."""
    left_out = [(number, page.left_out) for number, page in enumerate(pages, 1) if page.left_out]
    if 2 * len(left_out) > sum(page.count > 0 for page in pages):
        number, why = left_out[0]
        rest = f", and {len(left_out) - 1} pages more are so" if len(left_out) > 1 else ""
        raise Refused("figures are pictures", f"page {number}: {why}{rest}")


def _read_by_ocr(page: Any, number: int) -> Page:
    try:
        read = recognise(page)
    except subprocess.TimeoutExpired as error:
        raise Refused("timed out", f"OCR of page {number} took more than {SECONDS} s") from error
    if read is None or not read.lines:
        return Page(page.rect.height, [], [], [], [], "", True, 1.0, ["no text on it, and OCR found none"], 0)
    warnings = [f"read by OCR, {read.sure:.0%} sure: check its figures"]
    if read.doubtful:
        warnings.append(f"{read.doubtful} words that OCR was not sure of were left out")
    columns = reading_order(read.lines)
    text = _as_text(columns)
    return Page(page.rect.height, list(read.lines), columns, [], [], text, True, read.sure, warnings, len(text))


def _open(path: Path, limits: Limits) -> Any:
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
    _check_whole(doc, path)
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


def _check_whole(doc: Any, path: Path) -> None:
    """Refuse a repaired file whose end is missing: it opens, with text lost in silence."""
    if doc.is_repaired:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 2048))
            if b"%%EOF" not in file.read():
                raise Refused("damaged", "its end is missing")


def _load(doc: Any, number: int) -> Any:
    import pymupdf

    try:
        return doc[number - 1]
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise Refused("damaged", f"page {number} cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else ""
    return "" if " at 0x" in text or "'" in text else text.splitlines()[0][:100] if text else ""


def _as_text(columns: Sequence[Sequence[Line]]) -> str:
    return "\n".join([line.text for column in columns for line in column])


def _is_pictured(page: Any) -> bool:
    boxes = [box for kind, box in pictures(page) if kind in (IMAGE, MASK)]
    return covered(boxes, page.cropbox.width, page.cropbox.height) > 0.5


def _blocks(pages: Sequence[Page], removed: Sequence[set[int]]) -> list[tuple[int, Block]]:
    """All blocks with their page, tables between the text, a table that runs over pages as one.

    `removed` are the indices of each page's lines that are furniture.
    """
    kept = [
        [line for i, line in enumerate(page.lines) if i not in out] if out else page.lines
        for page, out in zip(pages, removed, strict=True)
    ]
    body = body_size(line for lines in kept for line in lines)
    blocks: list[tuple[int, Block]] = []
    for number, (page, lines, out) in enumerate(zip(pages, kept, removed, strict=True), 1):
        # the order that the page's text has holds for its blocks too, where these are of the same lines
        same = not page.tables and not page.charts and not out
        on_page = to_blocks(page.columns, body) if same else _with_tables(lines, page, body)
        if on_page and blocks and on_page[0].table and blocks[-1][1].table:
            first, second = blocks[-1][1].table, on_page[0].table
            if first.pages[-1] == number - 1 and continues(first, second):
                joined = join(first, second)
                blocks[-1] = (blocks[-1][0], blocks[-1][1]._replace(table=joined))
                on_page = on_page[1:]
        blocks += [(number, block) for block in on_page]
    return blocks


def _with_whole_words(blocks: Sequence[tuple[int, Block]], page_text: Sequence[str]) -> list[tuple[int, Block]]:
    """Blocks and, in place, cells in which the ends of lines are spaces or nothing."""
    ends = LineEnds(page_text)
    cells = [cell for _, block in blocks if block.table for row in block.table.rows for cell in row]
    for cell, text in zip(cells, ends.resolve([cell["text"] for cell in cells]), strict=True):
        cell["text"] = text
    texts = ends.resolve([block.text for _, block in blocks])
    return [(page, block._replace(text=text)) for (page, block), text in zip(blocks, texts, strict=True)]


def _with_tables(lines: Sequence[Line], page: Page, body: float) -> list[Block]:
    """Text, tables and charts of a page. A table or a chart is put in order as if it were one line."""
    both: list[Table | Chart] = [*page.tables, *page.charts]
    by_name = {f"{STANDIN}{i}": one for i, one in enumerate(both)}
    standins = [Line(name, one.box, 0.01, False) for name, one in by_name.items()]
    blocks: list[Block] = []
    for column in reading_order([*lines, *standins]):
        text: list[Line] = []
        for line in column:
            one = by_name.get(line.text)
            if one is None:
                text.append(line)
                continue
            blocks += to_blocks([text], body)
            text = []
            if isinstance(one, Chart):
                blocks += [Block("caption", label.box, label.text, None, label.size) for label in one.labels]
            else:
                blocks.append(Block("table", line.box, "", one))
        blocks += to_blocks([text], body)
    return blocks


def _block_json(page: int, block: Block) -> "DocumentBlock":
    box = [round(float(v), 1) for v in block.box]
    if not block.table:
        return {"kind": cast("TextKind", block.kind), "page": page, "bbox": box, "text": block.text}
    made: TableBlock = {"kind": "table", "page": page, "bbox": box, "rows": block.table.rows}
    if len(block.table.pages) > 1:
        made["pages"] = block.table.pages
    return made
