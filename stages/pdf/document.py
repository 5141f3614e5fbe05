"""One PDF file → one document (a JSON-ready dict, see document.schema.json). Runs inside a worker process.

{"schema": 1, "file": "2023/상장.pdf", "sha256": "…", "title": "…", "dates": ["2023-12-31"], "pages": 3,
 "blocks": [{"kind": "heading", "page": 1, "bbox": [72.0, 60.1, 300.2, 80.4], "text": "…"},
            {"kind": "table", "page": 2, "bbox": […],
             "rows": [[{"text": "△ 1,234", "colspan": 1, "rowspan": 1, "minus": true}]]}],
 "page_text": ["…"], "furniture": ["- 1 -"], "warnings": [], "quality": 1.0}
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from stages.pdf.gate import Limits, Refused, check_text, quality
from stages.pdf.layout import Block, body_size, furniture, reading_order, to_blocks
from stages.pdf.tables import Table, continues, find_tables, join, lost_numbers
from stages.pdf.text import STANDIN, Line, clean, read_page, to_line

SCHEMA = 1
DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)\s*(?:년|[.\-/])\s*(\d{1,2})\s*(?:월|[.\-/])\s*(\d{1,2})(?!\d)")
FILE_TITLE = re.compile(
    r"^(?:Microsoft|Untitled|무제|제목 없음)|\.(?:hwpx?|docx?|pptx?|xlsx?|pdf|indd)$", re.IGNORECASE
)


def read_document(path: Path, sha256: str, limits: Limits, progress: Callable[[int], None]) -> dict[str, Any]:
    """Convert one file; `progress` hears the number of every page that is done. Raises: Refused."""
    doc = _open(path, limits)
    lines: list[tuple[float, list[Line]]] = []
    tables: list[list[Table]] = []
    page_text, pictured, warnings = [], [], []
    for number in range(1, doc.page_count + 1):
        page = _load(doc, number)
        read = read_page(page)
        before = tables[-1][-1] if tables and tables[-1] else None
        found, taken, warning = find_tables(page, read, before)
        text = _page_text(read.runs)
        page_text.append(text)
        if warning:
            warnings.append(f"page {number}: {warning}")
        if read.hidden:
            warnings.append(f"page {number}: {read.hidden} characters that nobody sees were left out")
        for table in found:
            table.pages.append(number)
            if lost := lost_numbers(table, text):
                warnings.append(f"page {number}: not in the page's text, though in a table: {', '.join(lost[:5])}")
        outside = [tuple(g for g in run if g not in taken) for run in read.runs]
        lines.append((read.height, [line for run in outside if (line := to_line(run))]))
        tables.append(found)
        pictured.append(_is_pictured(page))
        if not text.strip():
            warnings.append(f"page {number}: no text on it, it is scanned, drawn or empty")
        elif pictured[-1] and len(text) < 200:
            warnings.append(f"page {number}: most of it is a picture")
        progress(number)
    share = check_text(page_text, pictured)
    for number, text in enumerate(page_text, 1):
        if text and quality(text) < 0.9:
            warnings.append(f"page {number}: {1 - quality(text):.0%} of its characters are no text")
    if doc.is_repaired:
        warnings.append("the file was damaged and has been repaired: compare it with the original")
    removed, repeated = furniture(lines)
    kept = [[n for i, n in enumerate(page) if i not in removed[p]] for p, (_, page) in enumerate(lines)]
    blocks = _blocks(kept, tables)
    return {
        "schema": SCHEMA,
        "file": path.name,
        "sha256": sha256,
        "title": _title(doc, blocks, page_text),
        "dates": _dates("\n".join(page_text)),
        "pages": doc.page_count,
        "blocks": [_block_json(page, block) for page, block in blocks],
        "page_text": page_text,
        "furniture": repeated,
        "warnings": warnings,
        "quality": round(share, 3),
    }


def _open(path: Path, limits: Limits) -> Any:
    import pymupdf

    try:
        doc = pymupdf.open(path, filetype="pdf")
        if doc.needs_pass:
            raise Refused("encrypted")
        pages = doc.page_count
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        reason = "too many pages" if "number of pages" in str(error) else "damaged"
        raise Refused(reason, _first_line(error)) from error
    if not doc.is_pdf:
        raise Refused("not a PDF")
    if pages == 0:
        raise Refused("damaged", "it has no pages")
    if pages > limits.max_pages:
        raise Refused("too many pages", f"{pages}, allowed are {limits.max_pages}")
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2048))
        if doc.is_repaired and b"%%EOF" not in file.read():
            raise Refused("damaged", "its end is missing")  # what is left opens, with text lost in silence
    return doc


def _load(doc: Any, number: int) -> Any:
    import pymupdf

    try:
        return doc[number - 1]
    except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
        raise Refused("damaged", f"page {number} cannot be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else ""
    return "" if " at 0x" in text or "'" in text else text.splitlines()[0][:100] if text else ""


def _page_text(runs: Sequence[Any]) -> str:
    columns = reading_order([line for run in runs if (line := to_line(run))])
    return "\n".join(line.text for column in columns for line in column)


def _is_pictured(page: Any) -> bool:
    area = page.rect.width * page.rect.height or 1.0
    boxes = [box for kind, box in page.get_bboxlog() if kind in ("fill-image", "fill-imgmask")]
    return any((b[2] - b[0]) * (b[3] - b[1]) > 0.5 * area for b in boxes)


def _blocks(pages: Sequence[Sequence[Line]], tables: Sequence[Sequence[Table]]) -> list[tuple[int, Block]]:
    """All blocks with their page, tables between the text, a table that runs over pages as one."""
    body = body_size(line for page in pages for line in page)
    blocks: list[tuple[int, Block]] = []
    for number, (lines, found) in enumerate(zip(pages, tables, strict=True), 1):
        on_page = _with_tables(lines, found, body)
        if on_page and blocks and on_page[0].table and blocks[-1][1].table:
            first, second = blocks[-1][1].table, on_page[0].table
            if first.pages[-1] == number - 1 and continues(first, second):
                joined = join(first, second)
                blocks[-1] = (blocks[-1][0], blocks[-1][1]._replace(table=joined))
                on_page = on_page[1:]
        blocks += [(number, block) for block in on_page]
    return blocks


def _with_tables(lines: Sequence[Line], tables: Sequence[Table], body: float) -> list[Block]:
    """Text and tables of a page. A table is put in order as if it were one line."""
    by_name = {f"{STANDIN}{i}": table for i, table in enumerate(tables)}
    standins = [Line(name, t.box, 0.01, False) for name, t in by_name.items()]
    blocks: list[Block] = []
    for column in reading_order([*lines, *standins]):
        text: list[Line] = []
        for line in column:
            if line.text in by_name:
                blocks += [*to_blocks([text], body), Block("table", line.box, "", by_name[line.text])]
                text = []
            else:
                text.append(line)
        blocks += to_blocks([text], body)
    return blocks


def _block_json(page: int, block: Block) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": block.kind, "page": page, "bbox": [round(float(v), 1) for v in block.box]}
    if block.table:
        return {
            **made,
            "rows": block.table.rows,
            **({"pages": block.table.pages} if len(block.table.pages) > 1 else {}),
        }
    return {**made, "text": block.text}


def _title(doc: Any, blocks: Sequence[tuple[int, Block]], page_text: Sequence[str]) -> str:
    """The metadata's title where the first page shows it, else the first page's largest heading, else ""."""
    stated = clean(doc.metadata.get("title") or "").replace("\n", " ")
    first = page_text[0] if page_text else ""
    if len(stated) > 3 and not FILE_TITLE.search(stated) and re.sub(r"\s", "", stated) in re.sub(r"\s", "", first):
        return stated[:200]
    headings = [block for page, block in blocks if page == 1 and block.kind == "heading"]
    headings = headings or [block for _, block in blocks if block.kind == "heading"]
    title = max(headings, key=lambda block: block.size).text if headings else ""
    return re.sub(r"^제\s*목\s*[:：]?\s*", "", title)[:200]


def _dates(text: str) -> list[str]:
    """Whole dates that the text states, in order of first sight."""
    found = []
    for year, month, day in DATE.findall(text):
        try:
            found.append(date(int(year), int(month), int(day)).isoformat())
        except ValueError:
            continue  # 2023.13.45 is a number, not a day
    return list(dict.fromkeys(found))
