"""A page to draw on: text with its baseline at (x, y), rules, paragraphs and columns of figures, in points."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import pymupdf

from benchmarks.fidelity.facts import CellFact, Facts
from lineage.sample_world.pdf import sealed, wrap

KOREAN, LATIN = "korea", "helv"
LEFT, WIDTH, HEIGHT, ROOM = 62, 595, 842, 470
Side = Literal["left", "middle", "right"]


@cache
def face(name: str) -> pymupdf.Font:
    """One of MuPDF's own fonts."""
    return pymupdf.Font(name)


@dataclass(frozen=True)
class Paper:
    """A PDF and what a person reads on it."""

    facts: Facts
    content: bytes


class Canvas:
    """A document under construction, drawn from the first page to the last."""

    def __init__(self, title: str, width: float = WIDTH, height: float = HEIGHT) -> None:
        self.title, self.size = title, (width, height)
        self.document = pymupdf.open()
        self.page: Any = self.document.new_page(width=width, height=height)

    def new_page(self) -> None:
        """Go on with an empty page."""
        self.page = self.document.new_page(width=self.size[0], height=self.size[1])

    def put(
        self, x: float, y: float, text: str, size: float = 10, *, side: Side = "left", font: str = KOREAN, mode: int = 0
    ) -> float:
        """One run of text; returns where it ends.

        Args:
            x: where it begins, has its middle or ends, as `side` says.
            y: of its baseline.
            text: in one line.
            size: of the font.
            side: of the text that x is.
            font: of MuPDF's own.
            mode: of rendering: 3 is invisible.
        """
        length = face(font).text_length(text, size)
        x -= {"left": 0.0, "middle": length / 2, "right": length}[side]
        writer = pymupdf.TextWriter(self.page.rect)
        writer.append((x, y), text, font=face(font), fontsize=size)
        writer.write_text(self.page, render_mode=mode)
        return x + length

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.6, dashes: str = "") -> None:
        """A straight line from (x0, y0) to (x1, y1).

        Args:
            x0: of its begin.
            y0: of its begin.
            x1: of its end.
            y1: of its end.
            width: of the stroke.
            dashes: as PDF writes them: "[2 2] 0".
        """
        self.page.draw_line((x0, y0), (x1, y1), width=width, dashes=dashes or None)

    def paragraph(
        self, y: float, text: str, size: float = 10, *, x: float = LEFT, room: float = ROOM, within: bool = False
    ) -> float:
        """Lines without spaces at their ends, or broken within words, with them; returns where the next one begins.

        Args:
            y: of the first baseline.
            text: of the paragraph.
            size: of the font.
            x: of the left edge.
            room: the widest that a line may be.
            within: break within words, as word processors do by default for Korean.
        """
        for line in wrap(text, room, size, anywhere=within):
            self.put(x, y, line.lstrip() if within else line.rstrip(), size)
            y += 1.7 * size
        return y + 0.6 * size

    def row(self, y: float, texts: Sequence[str], edges: Sequence[float], size: float = 9) -> None:
        """A row of a table: the first text begins at the first edge, the others end at theirs; empty ones are left.

        Args:
            y: of the baseline.
            texts: of the cells.
            edges: of the columns.
            size: of the font.
        """
        for i, (text, x) in enumerate(zip(texts, edges, strict=True)):
            if text:
                self.put(x, y, text, size, side="right" if i else "left")

    def paper(self, facts: Facts, **saving: object) -> Paper:
        """The finished PDF with its facts."""
        self.document.subset_fonts()
        return Paper(facts, sealed(self.document, self.title, **saving))


def series(
    seed: int, rows: int, columns: int, scale: float = 8, *, figures: int = 1, least: float = -3
) -> list[list[str]]:
    """Figures that mean nothing, each text with thousands' commas.

    Args:
        seed: the same seed gives the same figures.
        rows: of the table.
        columns: of the table.
        scale: of the largest figure.
        figures: behind the point.
        least: of the figures.
    """
    chance = random.Random(seed)
    return [[f"{chance.uniform(least, scale):,.{figures}f}" for _ in range(columns)] for _ in range(rows)]


def cells_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[CellFact, ...]:
    """Every cell that has a text, by the label that begins its row and the header of its column."""
    return tuple((row[0], h, text) for row in rows for h, text in zip(header[1:], row[1:], strict=True) if text)


def named(facts: Facts, name: str) -> Facts:
    """The same facts for another file."""
    return replace(facts, file=name)
