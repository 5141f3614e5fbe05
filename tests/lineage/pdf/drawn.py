"""Small PDFs that the tests draw themselves, and what the reader makes of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pymupdf

from lineage.pdf.admission import Limits
from lineage.pdf.reading import read_document

FONT = pymupdf.Font("korea")
LIMITS = Limits(max_megabytes=5, max_pages=50, seconds=30)


def put(page: Any, x: float, y: float, text: str, size: float = 10, **more: object) -> None:
    """One piece of text with its baseline at (x, y)."""
    page.insert_text((x, y), text, fontname="korea", fontsize=size, **more)


def write(page: Any, x: float, y: float, text: str, size: float = 10, share: float = 0.0) -> None:
    """One piece of text as wide as it looks, with `share` of its width left of x."""
    writer = pymupdf.TextWriter(page.rect)
    writer.append((x - share * FONT.text_length(text, size), y), text, FONT, size)
    writer.write_text(page)


def glued(page: Any, x: float, y: float, text: str, size: float = 10, gap: float = 0.3) -> None:
    """Words set apart by position alone, as word processors do: no space is ever drawn."""
    font = pymupdf.Font("korea")
    writer = pymupdf.TextWriter(page.rect)
    for word in text.split(" "):
        writer.append((x, y), word, font=font, fontsize=size)
        x += font.text_length(word, size) + gap * size
    writer.write_text(page)


def ruled(
    page: Any,
    top: float,
    rows: Sequence[Sequence[str]],
    edges: Sequence[float],
    *,
    height: float = 20,
    size: float = 10,
) -> None:
    """A table with a line around every cell."""
    bottom = top + height * len(rows)
    for i in range(len(rows) + 1):
        page.draw_line((edges[0], top + i * height), (edges[-1], top + i * height))
    for x in edges:
        page.draw_line((x, top), (x, bottom))
    for i, row in enumerate(rows):
        for x, text in zip(edges, row, strict=False):
            put(page, x + 4, top + i * height + 14, text, size)


def read(document: Any, tmp_path: Path) -> dict[str, Any]:
    """What the product says about a PDF that was drawn."""
    path = tmp_path / "drawn.pdf"
    document.save(path)
    return read_document(path, "0" * 64, LIMITS, lambda seconds: None)


def tables(document: dict[str, Any]) -> list[list[list[str]]]:
    """The texts of the cells of all tables."""
    return [[[c["text"] for c in row] for row in b["rows"]] for b in document["blocks"] if b["kind"] == "table"]


def texts(document: dict[str, Any]) -> list[str]:
    """All texts of the blocks in order, those of cells row by row."""
    return [text for block in document["blocks"] for text in said(block)]


def said(block: dict[str, Any]) -> Iterable[str]:
    """The texts of one block."""
    return [c["text"] for row in block["rows"] for c in row] if block["kind"] == "table" else [block["text"]]
