"""One PDF file → one document (the dictionary of lineage/artifacts/document.py). Runs inside a worker process.

{"schema": 1, "file": "2023/상장.pdf", "sha256": "…", "title": "…", "dates": ["2023-12-31"], "pages": 3,
 "blocks": [{"kind": "heading", "page": 1, "bbox": [72.0, 60.1, 300.2, 80.4], "text": "…"},
            {"kind": "table", "page": 2, "bbox": […],
             "rows": [[{"text": "△ 1,234", "colspan": 1, "rowspan": 1, "minus": true}]]}],
 "page_text": ["…"], "furniture": ["- 1 -"], "warnings": [], "quality": 1.0}
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from lineage.pdf.admission import Limits, Refused, check_text
from lineage.pdf.annotations import beside_the_pages
from lineage.pdf.blocks import Block, body_size, to_blocks
from lineage.pdf.charts import Chart
from lineage.pdf.fonts import Fonts
from lineage.pdf.layout import furniture, reading_order
from lineage.pdf.line_ends import LineEnds
from lineage.pdf.metadata import dates, title
from lineage.pdf.number_check import NUMBER, triangles
from lineage.pdf.opening import check_whole, load_page, open_pdf
from lineage.pdf.page_content import PageContent, page_content
from lineage.pdf.tables import Table, continues, join
from lineage.pdf.text import STANDIN, Line

if TYPE_CHECKING:  # a worker starts sooner without pydantic
    from lineage.artifacts.document import Document, DocumentBlock, TableBlock, TextKind

SCHEMA: Literal[1] = 1


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
    doc = open_pdf(path, limits)
    count = doc.page_count
    pages: list[PageContent] = []
    fonts = Fonts(doc)
    for number in range(1, count + 1):
        before = pages[-1].tables[-1] if pages and pages[-1].tables else None
        pages.append(page_content(load_page(doc, number), number, before, fonts, limits, more))
        more(1.0)
    check_whole(doc, path)
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


def _unparted(pages: Sequence[PageContent]) -> float:
    """The share of a document's figures that stand in cells of several rows or columns."""
    unsure = sum(table.unsure for page in pages for table in page.tables)
    return unsure / max(unsure, sum(len(NUMBER.findall(page.text)) for page in pages)) if unsure else 0.0


def _check_left_out(pages: Sequence[PageContent]) -> None:
    """Refuse a document most of whose pages had to be left out."""
    left_out = [(number, page.left_out) for number, page in enumerate(pages, 1) if page.left_out]
    if 2 * len(left_out) > sum(page.count > 0 for page in pages):
        number, why = left_out[0]
        rest = f", and {len(left_out) - 1} pages more are so" if len(left_out) > 1 else ""
        raise Refused("figures are pictures", f"page {number}: {why}{rest}")


def _blocks(pages: Sequence[PageContent], removed: Sequence[set[int]]) -> list[tuple[int, Block]]:
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


def _with_tables(lines: Sequence[Line], page: PageContent, body: float) -> list[Block]:
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
