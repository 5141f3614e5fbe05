"""Tables: cell boxes filled with the page's own glyphs, and joined over pages.

A cell's text is put together from the glyphs inside its box, each of which goes into one cell: nothing is
recognised, so no figure can change. Tables drawn as pictures are not tables here.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.pdf.cell_kinds import has_word, kind
from lineage.pdf.charts import Chart, charts
from lineage.pdf.line_joins import is_cjk, join_wrapped
from lineage.pdf.number_check import AMOUNT, NUMBER, is_figure, is_minus
from lineage.pdf.outlines import holds, is_long, outlined
from lineage.pdf.page import PageText
from lineage.pdf.table_columns import part_columns
from lineage.pdf.table_header import header_above
from lineage.pdf.table_lines import MOST_LINES, SNAP, flat, grids, lone, rulings, shades
from lineage.pdf.table_rows import part_rows
from lineage.pdf.table_signs import signed
from lineage.pdf.table_words import Field, Piece, spread, unparted
from lineage.pdf.tables_open import between_rules, is_tabular, stacks
from lineage.pdf.tables_unruled import unruled
from lineage.pdf.text import (
    UNREAD,
    Box,
    Glyph,
    Line,
    Run,
    around,
    merge,
    rows,
    spell,
    to_line,
    to_run,
    words,
)

SHAPES = 3  # that look like words on a page: fewer may be a company's name in its logo


@dataclass
class Table:
    """A table on a page: rows of cells as they stand in the document JSON, and its column edges in points."""

    box: Box
    edges: tuple[float, ...]
    rows: list[list[dict[str, Any]]]
    pages: list[int] = field(default_factory=list)
    unsure: int = 0  # figures in cells that could not be parted


def cell(text: str, colspan: int = 1, rowspan: int = 1) -> dict[str, Any]:
    """A cell; a figure written with △ or in brackets keeps its writing and has `minus` beside it."""
    made: dict[str, Any] = {"text": text, "colspan": colspan, "rowspan": rowspan}
    if is_minus(text):
        made["minus"] = True
    return made


def find_tables(read: PageText, before: Table | None) -> tuple[list[Table], list[Chart], list[Line], list[str]]:
    """The tables of a page, its charts, the lines outside them, and warnings.

    `before` is the last table of the page before: a single row can continue it, but is no table by itself.
    """
    vectors = flat(read.vectors)
    across, down = rulings(vectors)
    left: list[Piece] = [*zip(read.runs, read.lines, strict=True), *((None, line) for line in read.aside)]
    if len(across) + len(down) > MOST_LINES:
        return [], [], [n for _, n in left], [f"tables were not looked for among {len(across) + len(down)} drawn lines"]
    shapes = outlined(vectors, shades(vectors), [*read.lines, *read.aside])
    tables: list[Table] = []
    found = grids(across, down, shades(vectors)) if across and down else []
    whole = [boxes for boxes in found if len(_edges(boxes, 0)) > 2]
    for boxes in sorted(whole, key=lambda cells: (-len(cells), cells[0])):
        placed = _placed(boxes, left, shapes)
        if placed is None:
            continue
        table = _table(_fields(boxes, placed[0]))
        alone = _stands_alone(table, [[line for _, line in pieces] for pieces in placed[0]])
        if len(table.rows) > 1 or alone or (before and continues(before, table)):
            tables.append(table)
            left = placed[1]  # a table inside a cell of a bigger one is that cell's text
    frames = [boxes for boxes in found if len(_edges(boxes, 0)) == 2]
    for stack in [*frames, *stacks(lone(across, down), 2 * SNAP)]:
        for boxes in between_rules(stack, left):
            placed = _placed(boxes, left, shapes)
            fields = _fields(boxes, placed[0]) if placed else []
            if placed and is_tabular(fields) and not (table := _table(fields)).unsure:
                tables.append(table)
                left = placed[1]
    for table in tables:
        if any(is_figure(c["text"]) for c in table.rows[0]):
            header, left = header_above(table.box, table.edges, left, across, shades(vectors))
            table.rows = [[cell(line.text if line else "") for line in row] for row in header] + table.rows
            table.box = around([table.box, *(line.box for row in header for line in row if line)])
    drawn, left = charts(read.vectors, left)
    free, left = unruled(left, across)
    tables += [
        Table(
            grid.box,
            grid.edges,
            [
                *([cell(n.text if n else "", last - first + 1) for n, first, last in row] for row in grid.over),
                *([cell(line.text if line else "") for line in row] for row in grid.rows),
            ],
        )
        for grid in free
    ]
    warnings = []
    if count := without_letter(tables):
        warnings.append(f"{count} cells of its tables show a drawing and no letters: {UNREAD} stands for each")
    taken = [*(table.box for table in tables), *(chart.box for chart in drawn)]
    apart = [shape for shape in shapes if is_long(shape) and not any(holds(box, shape.box) for box in taken)]
    if (count := len(apart)) >= SHAPES:
        warnings.append(
            f"{count} shapes look like words that are drawn as outlines, not letters: they are not in its text"
        )
    return sorted(tables, key=lambda t: (t.box[1], t.box[0])), drawn, [line for _, line in left], warnings


def _stands_alone(table: Table, inside: Sequence[list[Line]]) -> bool:
    """Whether a single row is a table: a low one of three texts, or of a label and a figure; a number and a title are
    not, they are a heading in a box."""
    texts = [c["text"] for c in table.rows[0] if c["text"]]
    low = table.box[3] - table.box[1] < 5 * min(line.size for lines in inside for line in lines)
    return low and (len(texts) > 2 or (len(texts) == 2 and has_word(texts[0]) and bool(kind(texts[1]))))


def _placed(
    boxes: Sequence[Box], pieces: Sequence[Piece], shapes: Sequence[Line]
) -> tuple[list[list[Piece]], list[Piece]] | None:
    """The lines inside each box, and the pieces outside all; None where words run across borders, as in a chart.

    Args:
        boxes: of the cells.
        pieces: the lines of the page that are in no table yet.
        shapes: words that are drawn as outlines; one is put into a cell without letters.
    """
    xs, ys = _edges(boxes, 0), _edges(boxes, 1)
    slots = {place: n for n, box in enumerate(boxes) for place in _places(box, xs, ys)}
    inside: list[list[Piece]] = [[] for _ in boxes]
    outside: list[Piece] = []
    cut = 0

    def home(x0: float, x1: float, y: float) -> int:
        return slots.get((bisect_right(ys, y) - 1, bisect_right(xs, (x0 + x1) / 2) - 1), -1)

    for run, line in pieces:
        x0, y0, x1, y1 = line.box
        middle = (y0 + y1) / 2
        if not ys[0] < middle < ys[-1] or x1 < xs[0] or x0 > xs[-1]:
            outside.append((run, line))
            continue
        first, last = home(x0, x0, middle), home(x1, x1, middle)
        if run is None or first == last:
            number = first if first == last else home(x0, x1, middle)
            parts: list[tuple[int, Run | None, Line | None]] = [(number, run, line)]
        else:
            cuts, apart = _parted(run, home)
            cut += cuts
            parts = [(number, part, to_line(part)) for number, part in apart]
        for number, part, piece in parts:
            if piece and number >= 0:
                inside[number].append((part, piece))
            elif piece:
                outside.append((part, piece))
    letters = {number for number, lines in enumerate(inside) if lines}
    for shape in shapes:
        number = home(shape.box[0], shape.box[2], (shape.box[1] + shape.box[3]) / 2)
        if number >= 0 and number not in letters and not inside[number]:
            inside[number].append((None, shape))
    filled = [bool(lines) for lines in inside]
    most = max(1, 0.15 * sum(filled), 0.05 * sum(map(len, inside)))
    if sum(filled) < min(2, len(boxes)) or cut > most:
        return None
    return inside, outside


def _edges(boxes: Sequence[Box], axis: int) -> list[float]:
    return sorted({box[i] for box in boxes for i in (axis, axis + 2)})


def _places(box: Box, xs: Sequence[float], ys: Sequence[float]) -> Iterator[tuple[int, int]]:
    columns = range(bisect_left(xs, box[0]), bisect_left(xs, box[2]))
    return ((row, column) for row in range(bisect_left(ys, box[1]), bisect_left(ys, box[3])) for column in columns)


def _fields(boxes: Sequence[Box], inside: Sequence[Sequence[Piece]]) -> list[Field]:
    drawn = [Field(box, pieces) for box, pieces in zip(boxes, inside, strict=True)]
    return part_rows(part_columns(signed(drawn)))


def _table(fields: Sequence[Field]) -> Table:
    xs, ys = _edges([item.box for item in fields], 0), _edges([item.box for item in fields], 1)
    grid: list[list[dict[str, Any]]] = [[] for _ in ys[:-1]]
    unsure = 0
    for item in sorted(fields, key=lambda item: (item.box[1], item.box[0])):
        x0, y0, x1, y1 = (bisect_left(edges, value) for edges, value in zip((xs, ys, xs, ys), item.box, strict=True))
        count = unparted(item)
        unsure += count
        text = spread(item.levels) if count else _cell_text(item.lines, item.box)
        grid[y0].append(cell(text, x1 - x0, y1 - y0))
    return Table((xs[0], ys[0], xs[-1], ys[-1]), tuple(xs), [cells for cells in grid if cells], unsure=unsure)


def _parted(run: Run, home: Callable[[float, float, float], int]) -> tuple[int, list[tuple[int, Run]]]:
    """A run that crosses cell borders, taken apart at them, and how many words lie across one.

    A figure wider than its cell stays whole, in the cell where most of it is, and so does a word that hangs out of its
    cell by less than a letter.
    """
    parts: list[tuple[int, list[Glyph]]] = []
    cut = 0
    for word in words(run):
        homes = [home(g.x0, g.x1, (g.y0 + g.y1) / 2) for g in word]
        if len(set(homes)) > 1:
            best, votes = Counter(homes).most_common(1)[0]
            over = sum(g.x1 - g.x0 for g, number in zip(word, homes, strict=True) if number != best)
            whole = over < 0.7 * word[0].size or bool(AMOUNT.fullmatch(spell(word)))
            cut += not whole
            if whole or votes > 0.65 * len(word):
                homes = [best] * len(word)
        for glyph, number in zip(word, homes, strict=True):
            if parts and parts[-1][0] == number:
                parts[-1][1].append(glyph)
            else:
                parts.append((number, [glyph]))
    return cut, [(number, to_run(part)) for number, part in parts]


def _cell_text(found: list[Line], box: Box) -> str:
    """A cell's lines as one text."""
    if len(found) == 1:
        return found[0].text
    merged = [merge(row) for row in rows(found)]
    if all(len(line.text) == 1 and is_cjk(line.text) for line in merged):
        return "".join(line.text for line in merged)  # a group's name written downwards
    text = ""
    last: Line | None = None
    for line in merged:
        room = (box[2] - box[0]) - (last.box[2] - last.box[0]) - last.size if last else 0.0
        text = join_wrapped(text, line.text, room, line.size, bool(last and last.spaced))
        last = line
    return text


def without_letter(tables: Sequence[Table]) -> int:
    """How many cells show a drawing alone."""
    return sum(c["text"] == UNREAD for table in tables for row in table.rows for c in row)


def lost_numbers(table: Table, page_text: str) -> list[str]:
    """Numbers in cells that the page's own text does not hold: a line was drawn through them, or worse."""
    known = set(NUMBER.findall(page_text))
    return [n for row in table.rows for c in row for n in NUMBER.findall(c["text"]) if n not in known]


def continues(first: Table, second: Table) -> bool:
    """Whether the second table, on top of the next page, has the same columns as the first, though set aside."""
    if len(first.edges) != len(second.edges):
        return False
    shift = second.edges[0] - first.edges[0]
    return all(abs(b - a - shift) < 2 * SNAP for a, b in zip(first.edges, second.edges, strict=True))


def join(first: Table, second: Table) -> Table:
    """One table out of two pages; header rows that were printed again are left out."""
    again = 0
    for ours, theirs in zip(first.rows[:-1], second.rows, strict=False):
        same = [c["text"] for c in ours] == [c["text"] for c in theirs] and any(c["text"] for c in ours)
        if not same or (again and any(is_figure(c["text"]) for c in ours)):
            break
        again += 1
    return Table(first.box, first.edges, first.rows + second.rows[again:], [*first.pages, *second.pages])
