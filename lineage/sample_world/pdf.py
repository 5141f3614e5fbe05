"""A page writer for the sample reports: headings, paragraphs, ruled tables, columns, page numbers.

    paper = Sheet("새벽전자 재무보고서", running_head="가온거래소 자료")
    paper.heading("1. 개요")
    paper.paragraph("새벽전자는 …")
    paper.table([["구분", Cell("매출액", columns=2)], ["국내", "120", "△ 3"]])
    data = paper.to_bytes()

Text is real text in an embedded subset of MuPDF's own Korean font; every rule of a table is a line; dates,
title and file id are fixed, so the same calls give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import md5

import pymupdf

WIDTH, HEIGHT = 595, 842  # A4, points
LEFT, RIGHT, TOP, MARGIN = 62, 533, 88, 72
BODY, SMALL, ROW = 10, 8, 18
DATE = "D:20240102090000+09'00'"


@cache
def font() -> pymupdf.Font:
    """MuPDF's built-in font for Korean, which also holds Latin and Chinese."""
    return pymupdf.Font("korea")


@cache
def advance(char: str) -> float:
    """A glyph's width at size 1."""
    return font().glyph_advance(ord(char))


def width(text: str, size: float) -> float:
    """The text's width in points."""
    return sum(map(advance, text)) * size


def wrap(text: str, room: float, size: float, *, anywhere: bool = False) -> list[str]:
    """A text in lines, broken at spaces, which stay at the line's end.

    Args:
        text: one paragraph.
        room: the widest that a line may be, in points; a longer word stays whole.
        size: of the font, in points.
        anywhere: break between any two characters instead.
    """
    pieces = list(text) if anywhere else [word + " " for word in text.split(" ")]
    lines, line = [], ""
    for piece in pieces:
        if line and width((line + piece).rstrip(), size) > room:
            lines.append(line)
            line = ""
        line += piece
    return [*lines, line.rstrip()]


@dataclass(frozen=True)
class Cell:
    """A table cell that may reach over several columns and rows."""

    text: str
    columns: int = 1
    rows: int = 1


@dataclass
class Sheet:
    """A document under construction: a cursor that moves down the page and opens a new one at its end."""

    title: str
    running_head: str
    glued: bool = False  # words set apart by position alone, with no space characters, as some word processors do
    height: int = HEIGHT
    document: pymupdf.Document = field(default_factory=pymupdf.open)
    y: float = TOP
    writer: pymupdf.TextWriter | None = None

    @property
    def bottom(self) -> float:
        """Where the text area ends."""
        return self.height - MARGIN

    def page_break(self) -> None:
        """Finish the page and begin the next one with its running head and number."""
        self._flush()
        page = self.document.new_page(width=WIDTH, height=self.height)
        self.writer = pymupdf.TextWriter(page.rect)
        self.y = TOP
        number = f"- {self.document.page_count} -"
        self._put(LEFT, 50, self.running_head, SMALL)
        self._put((WIDTH - width(number, SMALL)) / 2, self.height - 36, number, SMALL)

    def _flush(self) -> None:
        if self.writer is not None:
            self.writer.write_text(self.document[-1])
            self.writer = None

    def _put(self, x: float, y: float, text: str, size: float) -> None:
        assert self.writer is not None
        if not self.glued:
            self.writer.append((x, y), text, font=font(), fontsize=size)
            return
        for word in text.split(" "):
            if word:
                self.writer.append((x, y), word, font=font(), fontsize=size)
            x += width(word, size) + 0.3 * size

    def _room(self, points: float) -> None:
        if self.writer is None or self.y + points > self.bottom:
            self.page_break()

    def _text(self, text: str, size: float, *, x: float = LEFT, room: float = RIGHT - LEFT, after: float = 6) -> None:
        for line in wrap(text, room, size, anywhere=self.glued):
            self._room(size * 1.6)
            self._put(x, self.y + size, line, size)
            self.y += size * 1.6
        self.y += after

    def cover(self, subtitle: str) -> None:
        """The title and the line under it, at the top of the first page."""
        self._text(self.title, 17, after=2)
        self._text(subtitle, 9, after=12)

    def heading(self, text: str) -> None:
        """A section's heading, kept together with what follows it."""
        self._room(70)
        self.y += 8
        self._text(text, 13, after=4)

    def paragraph(self, text: str) -> None:
        """Body text over the full width."""
        self._text(text, BODY)

    def caption(self, text: str) -> None:
        """A line such as `<표 1> 연도별 매출액 (단위: 십억원)`, kept together with its table."""
        self._room(70)
        self._text(text, 9, after=1)

    def note(self, text: str) -> None:
        """A small line under a table: `주: △는 손실을 뜻한다.`"""
        self._text(text, SMALL, after=8)

    def columns(self, left: list[tuple[str, str]], right: list[tuple[str, str]]) -> None:
        """Two columns of (heading, text) side by side, from the present height."""
        room = (RIGHT - LEFT - 26) / 2
        self._room(240)
        top, lowest = self.y, self.y
        for x, blocks in ((LEFT, left), (LEFT + room + 26, right)):
            self.y = top
            for heading, text in blocks:
                self._text(heading, 13, x=x, room=room, after=4)
                self._text(text, BODY, x=x, room=room, after=10)
            lowest = max(lowest, self.y)
        self.y = lowest

    def table(self, rows: Sequence[Sequence[str | Cell]], *, header: int = 1, shares: tuple[int, ...] = ()) -> None:
        """A ruled table; one that does not fit goes on over the page, its `header` rows repeated.

        `shares` are the columns' relative widths. A cell that reaches over rows must not cross a page's end.
        """
        grid = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
        count = sum(cell.columns for cell in grid[0])
        shares = shares or (1,) * count
        edges = [LEFT + (RIGHT - LEFT) * sum(shares[:k]) / sum(shares) for k in range(count + 1)]
        head, body = grid[:header], grid[header:]
        self._room((header + 1) * ROW)
        while body:
            fitting = max(1, int((self.bottom - self.y) / ROW) - header)
            part, body = body[:fitting], body[fitting:]
            self._grid([*head, *part], edges, header)
            if body:
                self.page_break()
        self.y += 8

    def _grid(self, rows: list[list[Cell]], edges: list[float], header: int) -> None:
        taken: set[tuple[int, int]] = set()
        rules: set[tuple[float, float, float, float]] = set()
        for r, row in enumerate(rows):
            column = 0
            for cell in row:
                while (r, column) in taken:
                    column += 1
                taken |= {(r + i, column + j) for i in range(cell.rows) for j in range(cell.columns)}
                x0, x1 = edges[column], edges[column + cell.columns]
                y0, y1 = self.y + r * ROW, self.y + (r + cell.rows) * ROW
                rules |= {(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)}
                length = width(cell.text, 9)
                figure = cell.text[-1:].isdigit() or cell.text.endswith((")", "%"))
                if r < header or cell.columns > 1:
                    x = (x0 + x1 - length) / 2
                else:
                    x = x1 - 5 - length if figure and column else x0 + 5
                if cell.text:
                    self._put(x, (y0 + y1) / 2 + 3.2, cell.text, 9)
                column += cell.columns
        shape = self.document[-1].new_shape()
        for x0, y0, x1, y1 in sorted(rules):
            shape.draw_line((x0, y0), (x1, y1))
        shape.finish(width=0.6)
        shape.commit()
        self.y += len(rows) * ROW

    def to_bytes(self) -> bytes:
        """The finished PDF."""
        self._flush()
        self.document.subset_fonts()
        return sealed(self.document, self.title)


def sealed(document: pymupdf.Document, title: str, **saving: object) -> bytes:
    """A document's bytes with fixed dates and a file id that depends on the title alone."""
    document.set_metadata({"title": title, "producer": "", "creationDate": DATE, "modDate": DATE})
    name = md5(title.encode(), usedforsecurity=False).hexdigest()
    document.xref_set_key(-1, "ID", f"[<{name}><{name}>]")
    return document.tobytes(garbage=3, deflate=True, no_new_id=True, **saving)
