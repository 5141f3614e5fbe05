"""Ruled tables: cell boxes from the drawn lines, filled with the page's own glyphs.

PyMuPDF's `extract()` can corrupt numbers (`2.62` → `262\n.`), so only its boxes are used. Many Korean tables
have no lines at their left and right: those are closed here, or the first and last column would be lost.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from stages.pdf.text import (
    Box,
    Glyph,
    Line,
    PageText,
    join_wrapped,
    merge,
    rows,
    spell,
    to_line,
    turned,
    words,
)

FEWEST = 3  # drawn lines: fewer cannot be a table
MOST_STROKES, MOST_CROSSINGS = (
    60_000,
    20_000,
)  # more is a map or a chart, and would take from seconds to minutes
SNAP = 3.0  # points: edges nearer than this are one edge
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
MINUS = re.compile(r"(?:[△▵∆▽−–-]\s*[\d.,]*\d\s*[%p]*|\(\s*(?=[\d.,]*\d[\d.,]*\d|[\d.]*[.,])[\d.,]+\s*%?\s*\))")

AMOUNT = re.compile(r"[△▵∆(\[−–-]*\d{1,3}(?:,\d{3})*(?:\.\d+)?[%)\]]*")
Ruling = tuple[float, float, float]


@dataclass
class Table:
    """A table on a page: rows of cells as they stand in the document JSON, and its column edges in points."""

    box: Box
    edges: tuple[float, ...]
    rows: list[list[dict[str, Any]]]
    pages: list[int] = field(default_factory=list)


def cell(text: str, colspan: int = 1, rowspan: int = 1) -> dict[str, Any]:
    """A cell; a figure written with △ or in brackets keeps its writing and has `minus` beside it."""
    made: dict[str, Any] = {"text": text, "colspan": colspan, "rowspan": rowspan}
    if MINUS.fullmatch(text):
        made["minus"] = True
    return made


def find_tables(page: Any, read: PageText, before: Table | None) -> tuple[list[Table], set[Glyph], str]:
    """The tables of a page, the glyphs that are in them, and a warning (or "").

    `before` is the last table of the page before: a single row can continue it, but is no table by itself.
    """
    drawings = page.get_cdrawings()
    strokes = sum(len(d["items"]) for d in drawings)
    if strokes < FEWEST:
        return [], set(), ""
    across, down = _rulings(drawings)
    crossings = _crossings(across, down)
    if strokes > MOST_STROKES or crossings > MOST_CROSSINGS:
        return [], set(), f"tables were not looked for among {strokes} drawn lines with {crossings} crossings"
    found = page.find_tables(strategy="lines_strict", use_layout=False, add_lines=_sides(across, down))
    width, height = page.cropbox.width, page.cropbox.height
    grids = [[turned(c, read.turn, width, height) for c in t.cells if c is not None] for t in found.tables]
    tables: list[Table] = []
    taken: set[Glyph] = set()
    for boxes in sorted(grids, key=len, reverse=True):
        table, glyphs = _fill(boxes, read)
        whole = table and (len(table.rows) > 1 or (before and continues(before, table)))
        if table and whole and not taken & glyphs:  # a table inside a cell of a bigger one is that cell's text
            tables.append(table)
            taken |= glyphs
    return sorted(tables, key=lambda t: (t.box[1], t.box[0])), taken, ""


def _fill(boxes: Sequence[Box], read: PageText) -> tuple[Table | None, set[Glyph]]:
    xs, ys = _snapped([b[i] for b in boxes for i in (0, 2)]), _snapped([b[i] for b in boxes for i in (1, 3)])
    if len(xs) < 3:
        return None, set()  # a frame around text, not a table
    slots: dict[tuple[int, int], int] = {}
    spans = []
    for number, (x0, y0, x1, y1) in enumerate(boxes):
        left, right, top, bottom = _at(xs, x0), _at(xs, x1), _at(ys, y0), _at(ys, y1)
        spans.append((top, left, max(bottom - top, 1), max(right - left, 1)))
        for row in range(top, bottom):
            for column in range(left, right):
                slots.setdefault((row, column), number)
    inside: dict[int, list[Glyph]] = {}
    for word in (word for run in read.runs for word in words(run)):
        homes = [_home(slots, xs, ys, (glyph,)) for glyph in word]
        if len(set(homes)) > 1:  # a figure wider than its cell stays whole, in the cell where most of it is
            best, votes = Counter(homes).most_common(1)[0]
            if votes > 0.65 * len(word) or AMOUNT.fullmatch(spell(word)):
                homes = [best] * len(word)
        for glyph, home in zip(word, homes, strict=True):
            if home >= 0:
                inside.setdefault(home, []).append(glyph)
    grid: list[list[tuple[int, dict[str, Any]]]] = [[] for _ in ys[:-1]]
    for number, (top, left, rowspan, colspan) in enumerate(spans):
        text = _cell_text(inside.get(number, []), boxes[number])
        grid[top].append((left, cell(text, colspan, rowspan)))
    lines = [[c for _, c in sorted(row, key=lambda item: item[0])] for row in grid if row]
    filled = [c for row in lines for c in row if c["text"]]
    if len(filled) < 2:
        return None, set()
    table = Table((xs[0], ys[0], xs[-1], ys[-1]), tuple(xs), lines)
    return table, {g for glyphs in inside.values() for g in glyphs}


def _home(slots: dict[tuple[int, int], int], xs: Sequence[float], ys: Sequence[float], glyphs: Sequence[Glyph]) -> int:
    x, y = (glyphs[0].x0 + glyphs[-1].x1) / 2, (glyphs[0].y0 + glyphs[0].y1) / 2
    return slots.get((bisect_right(ys, y) - 1, bisect_right(xs, x) - 1), -1)


def _cell_text(glyphs: list[Glyph], box: Box) -> str:
    """A cell's lines as one text. Glyphs come in drawing order: a line is a run that keeps its baseline."""
    runs: list[list[Glyph]] = []
    for glyph in glyphs:
        left = runs[-1][-1] if runs else None
        if left and abs(glyph.y1 - left.y1) < 0.4 * left.size and glyph.x0 > left.x0 - 0.5 * left.size:
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    lines = [merge(row) for row in rows(line for line in map(to_line, runs) if line)]
    text = ""
    last: Line | None = None
    for line in lines:
        room = (box[2] - box[0]) - (last.box[2] - last.box[0]) - last.size if last else 0.0
        text = join_wrapped(text, line.text, room, line.size, bool(last and last.spaced))
        last = line
    return text


def lost_numbers(table: Table, page_text: str) -> list[str]:
    """Numbers in cells that the page's own text does not hold: a line was drawn through them, or worse."""
    known = set(NUMBER.findall(page_text))
    return [n for row in table.rows for c in row for n in NUMBER.findall(c["text"]) if n not in known]


def continues(first: Table, second: Table) -> bool:
    """Whether the second table, on top of the next page, has the same columns as the first."""
    if len(first.edges) != len(second.edges):
        return False
    return all(abs(a - b) < 2 * SNAP for a, b in zip(first.edges, second.edges, strict=True))


def join(first: Table, second: Table) -> Table:
    """One table out of two pages; a header that was printed again is left out."""
    header = [c["text"] for c in first.rows[0]]
    again = [c["text"] for c in second.rows[0]] == header and any(header)
    return Table(first.box, first.edges, first.rows + second.rows[again:], [*first.pages, *second.pages])


def _snapped(values: Sequence[float]) -> list[float]:
    edges: list[float] = []
    for value in sorted(values):
        if not edges or value - edges[-1] > SNAP:
            edges.append(value)
    return edges


def _at(edges: Sequence[float], value: float) -> int:
    return min(range(len(edges)), key=lambda i: abs(edges[i] - value))


def _crossings(across: Sequence[Ruling], down: Sequence[Ruling]) -> int:
    """At most this many places where rulings cross: what finding tables costs."""
    xs = [x for x, _, _ in down]
    return sum(bisect_right(xs, x1 + SNAP) - bisect_left(xs, x0 - SNAP) for x0, x1, _ in across)


def _sides(across: Sequence[Ruling], down: Sequence[Ruling]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Lines that close open tables: at both ends of rulings of one width, as far as inner borders reach."""
    added: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for x0, x1 in sorted({(round(a), round(b)) for a, b, _ in across}):
        levels = sorted(y for a, b, y in across if abs(a - x0) <= SNAP and abs(b - x1) <= SNAP)
        if len(levels) < 2:
            continue
        inner = sorted(
            (y0, y1) for x, y0, y1 in down if x0 + 5 < x < x1 - 5 and y0 > levels[0] - 5 and y1 < levels[-1] + 5
        )
        for y0, y1 in _merged(inner):
            for x in (x0, x1):
                if not any(abs(v - x) <= SNAP and a <= y0 + 5 and b >= y1 - 5 for v, a, b in down):
                    added.append(((x, y0), (x, y1)))
    return added


def _rulings(drawings: Sequence[dict[str, Any]]) -> tuple[list[Ruling], list[Ruling]]:
    """Horizontal (x0, x1, y) and vertical (x, y0, y1) rulings, pieces on one level joined."""
    flat: dict[int, list[tuple[float, float]]] = {}
    steep: dict[int, list[tuple[float, float]]] = {}
    for drawing in drawings:
        for item in drawing["items"]:
            if item[0] == "l":
                (x0, y0), (x1, y1) = item[1], item[2]
            elif item[0] == "re":
                x0, y0, x1, y1 = item[1]
            else:
                continue
            x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
            if y1 - y0 < 2 and x1 - x0 > 5:
                flat.setdefault(round((y0 + y1) / 2), []).append((x0, x1))
            elif x1 - x0 < 2 and y1 - y0 > 5:
                steep.setdefault(round((x0 + x1) / 2), []).append((y0, y1))
    across = [(a, b, float(y)) for y in sorted(flat) for a, b in _merged(sorted(flat[y]))]
    down = [(float(x), a, b) for x in sorted(steep) for a, b in _merged(sorted(steep[x]))]
    return across, down


def _merged(pieces: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in pieces:
        if merged and start <= merged[-1][1] + SNAP:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
