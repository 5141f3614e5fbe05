"""Tables without rulings: figures that stand under each other in columns, row by row, with labels at their left.

Only what is certain becomes a table: at least three rows in a line, at least two columns of figures, every column
level at its right, its left or its middle, a label in every row. All else stays text, read row by row.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from lineage.pdf.number_check import is_figure
from lineage.pdf.text import Glyph, Line, Run, is_close, merge, rows, to_line, to_run, words

ROWS, COLUMNS = 3, 2  # of figures, at least
SIGNS = frozenset("△▲▽▼−-")
FIGURE_LAST = re.compile(r"(?:^| )(?:[△▲▽▼(\[−–-]{0,2} ?\d[\d.,]*[%)\]]{0,2}|[-–−])$")  # how rows of figures end
Span = tuple[float, float]


@dataclass(frozen=True)
class Grid:
    """Rows of cells, each a line or None, the label first; `edges` part the columns, in points."""

    edges: tuple[float, ...]
    rows: list[list[Line | None]]


def unruled(pieces: Sequence[tuple[Run | None, Line]]) -> tuple[list[Grid], list[tuple[Run | None, Line]]]:
    """The tables that a page's lines form without rulings, and the pieces outside them."""
    if sum(bool(FIGURE_LAST.search(line.text)) for _, line in pieces) < ROWS:
        return [], list(pieces)
    parts = [part for piece in pieces for part in _apart(*piece)]
    runs = {id(line): run for run, line in parts}
    levels = [_signed(row) for row in rows(line for _, line in parts)]
    grids: list[Grid] = []
    left: list[Line] = []
    start = 0
    while start < len(levels):
        end = start
        while end < len(levels) and _is_data(levels[end]) and (end == start or _near(levels[end - 1], levels[end])):
            end += 1
        grid = _grid(levels[start:end])
        if grid is None:
            end = max(end, start + 1)
            left += [line for row in levels[start:end] for line in row]
        else:
            header = _header(grid, levels[:start], left)
            grids.append(Grid(grid.edges, [*header, *grid.rows]))
        start = end
    if not grids:
        return [], list(pieces)
    return grids, [(runs.get(id(line)), line) for line in left]


def _apart(run: Run | None, line: Line) -> list[tuple[Run | None, Line]]:
    """A line cut where more than a letter's width is left free: what stands in two columns is two pieces."""
    if run is None or " " not in line.text or is_close(run):
        return [(run, line)]
    parts: list[list[Glyph]] = []
    last = 0.0
    for word in words(run):
        if parts and word[0].x0 - last < 0.9 * word[0].size:
            parts[-1] += word
        else:
            parts.append(word)
        last = max(glyph.x1 for glyph in word if glyph.c != " ")
    if len(parts) == 1:
        return [(run, line)]
    made = [(part, to_line(part)) for part in map(to_run, parts)]
    return [(part, piece) for part, piece in made if piece]


def _signed(row: list[Line]) -> list[Line]:
    """A row in which a sign that is drawn far from its figure is one piece with it."""
    made: list[Line] = []
    for line in row:
        if made and made[-1].text in SIGNS and is_figure(line.text) and line.box[0] - made[-1].box[2] < 4 * line.size:
            made[-1] = merge([made[-1], line])
        else:
            made.append(line)
    return made


def _is_data(row: Sequence[Line]) -> bool:
    return len(row) > COLUMNS and sum(is_figure(line.text) for line in row[1:]) >= COLUMNS


def _near(above: Sequence[Line], below: Sequence[Line]) -> bool:
    return below[0].box[1] - above[0].box[3] < 2.5 * below[0].size


def _grid(found: Sequence[list[Line]]) -> Grid | None:
    """Rows of pieces as a grid; None where they do not form one."""
    if len(found) < ROWS:
        return None
    columns = _columns([line for row in found for line in row[1:] if is_figure(line.text)])
    labels = [line for row in found for line in row if line.box[2] <= columns[0][0]]
    figures = [line for row in found for line in row if line.box[2] > columns[0][0]]
    if len(columns) < COLUMNS or any(row[0].box[2] > columns[0][0] for row in found):
        return None  # rows without a label are the scales of charts
    if len(columns) < 2 * COLUMNS and any(is_figure(line.text) for line in labels):
        return None
    edges = _between([(min(n.box[0] for n in labels), max(n.box[2] for n in labels)), *columns])
    made = [_in_columns(row, edges) for row in found]
    if any(row is None for row in made) or not all(_is_level([n for n in figures if _inside(n, c)]) for c in columns):
        return None
    return Grid(edges, [row for row in made if row])


def _columns(figures: Sequence[Line]) -> list[Span]:
    """Where figures stand under each other: the widths that they cover together."""
    found: list[Span] = []
    for x0, x1 in sorted((n.box[0], n.box[2]) for n in figures):
        if found and x0 < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], x1))
        else:
            found.append((x0, x1))
    return found


def _between(spans: Sequence[Span]) -> tuple[float, ...]:
    return (spans[0][0], *((a[1] + b[0]) / 2 for a, b in pairwise(spans)), spans[-1][1])


def _inside(line: Line, span: Span) -> bool:
    return span[0] <= line.box[0] and line.box[2] <= span[1]


def _is_level(lines: Sequence[Line]) -> bool:
    """Whether a column's figures end, begin or stand in the middle on one line."""
    slack = 0.5 * median(n.size for n in lines)
    for place in ([n.box[2] for n in lines], [n.box[0] for n in lines], [(n.box[0] + n.box[2]) / 2 for n in lines]):
        usual = median(place)
        if sum(abs(x - usual) <= slack for x in place) >= 0.8 * len(place):
            return True
    return False


def _in_columns(row: Sequence[Line], edges: Sequence[float]) -> list[Line | None] | None:
    """A row's pieces, one a column; None where a piece reaches into a second column or two meet in one."""
    made: list[Line | None] = [None] * (len(edges) - 1)
    for line in row:
        middle = (line.box[0] + line.box[2]) / 2
        column = sum(edge <= middle for edge in edges[1:-1])
        reaches = (column and line.box[0] < edges[column] - line.size) or (
            column < len(made) - 1 and line.box[2] > edges[column + 1] + line.size
        )
        if reaches or (made[column] and column):
            return None
        made[column] = merge([made[column], line]) if made[column] else line  # type: ignore[list-item]
    return made


def _header(grid: Grid, above: Sequence[list[Line]], left: list[Line]) -> list[list[Line | None]]:
    """The rows above whose pieces each name one column; taken out of `left`, the lines that stay text."""
    header: list[list[Line | None]] = []
    below = [line for line in grid.rows[0] if line]
    for row in reversed(above):
        named = _in_columns(row, grid.edges) if _near(row, below) else None
        if named is None or sum(line is not None for line in named[1:]) < COLUMNS:
            break
        if any(line.text.endswith((".", "다")) for line in row) or left[-len(row) :] != row:
            break
        del left[-len(row) :]
        header.insert(0, named)
        below = row
    return header
