"""Rows of pieces that stand under each other → a grid, and whether it is certain that it is a table."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from lineage.pdf.cell_kinds import WORD, counts_pages, has_word, is_index, kind, main_kind, names_row
from lineage.pdf.text import Box, Line, around, merge

ROWS = 3  # at least, where no header names the columns
SENTENCE = (".", "다", "음", "함", "임", "요")
PAGE_WORDS = ("쪽", "면", "페이지", "page", "pages", "p.")
Span = tuple[float, float]
Row = list[Line | None]
Over = tuple[Line | None, int, int]  # a text, and its first and last column


@dataclass(frozen=True)
class Grid:
    """Rows of cells, each a line or None; `spans` are the columns' extents in points, from left to right.

    `over` are the levels of a header above them, whose texts each reach over several columns. `notes` stand beside
    those levels, outside of the table.
    """

    spans: tuple[Span, ...]
    rows: list[Row]
    over: Sequence[Sequence[Over]] = ()
    notes: Sequence[Line] = ()

    @property
    def edges(self) -> tuple[float, ...]:
        """What parts the columns, in points, the outer two included."""
        inner = ((a[1] + b[0]) / 2 for a, b in pairwise(self.spans))
        return (self.spans[0][0], *inner, self.spans[-1][1])

    @property
    def box(self) -> Box:
        """What its texts cover on the page."""
        texts = [*(line for row in self.rows for line in row), *(line for row in self.over for line, _, _ in row)]
        return around(line.box for line in texts if line)

    def column(self, at: int, rows: Sequence[Row] | None = None) -> list[Line]:
        """What is filled of a column."""
        return [line for row in (self.rows if rows is None else rows) if (line := row[at])]


def lay_out(found: Sequence[Sequence[Line]]) -> Grid | None:
    """Rows of pieces in columns; None where a piece cannot be told to stand in one."""
    data = [row for row in found if is_data(row) or is_bare(row)]
    spans = _labelled(_spans(data), data)
    placed = [_by_span(row, spans) for row in found]
    if len(spans) < 2 or any(row is None for row in placed):
        spans = _usual_spans(data)
        placed = [_by_edge(row, spans) for row in found] if len(spans) > 1 else [None]
    if any(row is None for row in placed):
        return None
    return Grid(
        tuple(spans), _unwrapped([row for row in placed if row], [is_data(row) or is_bare(row) for row in found])
    )


def is_data(row: Sequence[Line]) -> bool:
    """Whether a row may be one of a table: several pieces, and a figure, date, code or grade among them."""
    return any(kind(line.text) for line in row[1:]) or (len(row) > 1 and kind(row[0].text) not in ("", "none"))


def is_bare(row: Sequence[Line]) -> bool:
    """Whether a row is figures alone: its label may stand in two lines, one above it and one below."""
    return all(kind(line.text) in ("figure", "none") for line in row)


def is_certain(grid: Grid, header: Sequence[Row]) -> bool:
    """Whether a grid is a table.

    Every row has a label, every column is level and of one kind, and nothing is as in a chart, in a table of contents
    or in running text. Fewer than three rows, or columns without figures, need a header above that names them all.
    """
    data = [row for row in grid.rows if sum(line is not None for line in row) > 1]
    kinds = [main_kind([line.text for line in grid.column(at, data)]) for at in range(len(grid.spans))]
    values = [at for at in range(1, len(kinds)) if kinds[at] == "figure"]
    if not values:
        named = len(data) >= ROWS and any(all(n and has_word(n.text) for n in row) for row in header)
        values = [at for at in range(1, len(kinds)) if kinds[at]] or [1]
        if not named or not any(kinds):
            return False
    first = values[0]
    if not _is_labelled(grid, data, first, kinds, bool(header)) or _is_prose(grid, data):
        return False
    if 2 * len(grid.column(first, data)) < len(data):
        return False
    if not all(_is_level(grid.column(at, data)) for at in range(1, len(kinds))):
        return False
    if first + len(values) == len(kinds) and _is_contents(data, first, header):
        return False
    return len(data) >= ROWS or _is_sure(grid, data, values, header)


def _is_sure(grid: Grid, data: Sequence[Row], values: Sequence[int], header: Sequence[Row]) -> bool:
    """Whether one or two rows are enough: full ones, their labels words, under a header over each figure."""
    full = all(all(row) and any(n and names_row(n.text) for n in row) for row in data)
    if not full or any(kind(line.text) not in ("figure", "none") for at in values for line in grid.column(at, data)):
        return False
    if not header or not all(header[-1][at] for at in values):
        return len(data) == 2 and len(values) > 2 and not header
    return len(values) + len(data) >= ROWS or (len(header[-1]) >= ROWS and all(header[-1]))


def _is_labelled(grid: Grid, data: Sequence[Row], first: int, kinds: Sequence[str], headed: bool) -> bool:
    """Whether every row has a label left of its first value, and the labels name something."""
    if not all(any(row[:first]) for row in data):
        return False  # rows without a label are the scales of charts
    texts = [[line.text for line in grid.column(at, data)] for at in range(first)]
    if any(2 * sum(map(names_row, column)) > len(column) for column in texts):
        return True
    many = sum(name == "figure" for name in kinds) > 4
    return many or (is_index(texts[0]) and (headed or first > 1 or not _is_scale(texts[0])))


def _is_scale(texts: Sequence[str]) -> bool:
    """Whether figures go up or down in equal steps, as those beside a chart do."""
    numbers = [int(re.sub(r"\D", "", text)) for text in texts]
    return len({b - a for a, b in pairwise(numbers)}) == 1


def _is_prose(grid: Grid, data: Sequence[Row]) -> bool:
    """Whether a column's texts are long, or sentences, or lines that are filled with words from end to end."""
    for at, (x0, x1) in enumerate(grid.spans):
        lines = grid.column(at, data)
        if not lines:
            continue  # it holds headings of groups alone
        texts = [line.text for line in lines]
        if median(map(len, texts)) > 40 or 4 * sum(len(t) > 12 and t.endswith(SENTENCE) for t in texts) > len(texts):
            return True
        full = sum(line.box[2] - line.box[0] > 0.85 * (x1 - x0) for line in lines)
        if full > 0.7 * len(lines) and median(text.count(" ") for text in texts) > 2 and median(map(len, texts)) > 15:
            return True
    return False


def _is_contents(data: Sequence[Row], first: int, header: Sequence[Row]) -> bool:
    """Whether each row ends in one number, and these count pages."""
    ends = [[line.text for line in row[first:] if line] for row in data]
    if any(len(texts) != 1 for texts in ends) or not counts_pages([texts[0] for texts in ends]):
        return False
    names = [line.text.lower() for row in header if (line := row[-1]) and has_word(line.text)]
    return not names or any(name in PAGE_WORDS for name in names)


def _spans(data: Sequence[Sequence[Line]]) -> list[Span]:
    """The widths that pieces which stand under each other cover together."""
    found: list[Span] = []
    for x0, x1 in sorted((n.box[0], n.box[2]) for row in data for n in row):
        if found and x0 < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], x1))
        else:
            found.append((x0, x1))
    return found


def _labelled(spans: list[Span], data: Sequence[Sequence[Line]]) -> list[Span]:
    """The spans with that of labels as one, where their name stands in its middle and beyond the longest of them."""
    if len(spans) < 3:
        return spans
    held = [[line for line in row if line.box[0] < spans[1][1]] for row in data]
    name = held[0][0] if held[0] else None
    alone = all(len(row) == 1 and row[0].box[2] <= spans[0][1] for row in held[1:])
    if name and alone and len(held[0]) == 1 and not kind(name.text) and name.box[0] >= spans[1][0]:
        return [(spans[0][0], spans[1][1]), *spans[2:]]
    return spans


def _by_span(row: Sequence[Line], spans: Sequence[Span]) -> Row | None:
    """A row's pieces, each in the column that it overlaps; words of one column are one cell."""
    made: Row = [None] * len(spans)
    for line in row:
        over = [at for at, (x0, x1) in enumerate(spans) if line.box[0] < x1 and line.box[2] > x0]
        if len(over) != 1:
            return None
        held = made[over[0]]
        if held and (kind(line.text) or kind(held.text) or line.box[0] - held.box[2] > 2.5 * line.size):
            return None
        made[over[0]] = merge([held, line])._replace(holes=()) if held else line
    return made


def _usual_spans(data: Sequence[Sequence[Line]]) -> list[Span]:
    """Columns whose texts reach over each other in different rows: the places of pieces in rows of the usual number."""
    if not data:
        return []
    usual, times = Counter(map(len, data)).most_common(1)[0]
    if times < 0.6 * len(data):
        return []
    full = [row for row in data if len(row) == usual]
    return [(min(row[at].box[0] for row in full), max(row[at].box[2] for row in full)) for at in range(usual)]


def _by_edge(row: Sequence[Line], spans: Sequence[Span]) -> Row | None:
    """A row's pieces in columns that overlap: in order where all are there, else by their left or right ends."""
    if len(row) == len(spans):
        return list(row)
    made: Row = [None] * len(spans)
    last = -1
    for line in row:
        off = [min(abs(line.box[0] - x0), abs(line.box[2] - x1)) for x0, x1 in spans]
        at = min(range(len(spans)), key=off.__getitem__)
        if at <= last or off[at] > line.size:
            return None
        made[at], last = line, at
    return made


def _unwrapped(rows: Sequence[Row], data: Sequence[bool]) -> list[Row]:
    """Rows in which a label over two lines is one cell, where its lines stand nearer to it than rows to each other."""
    made: list[Row] = []
    above: Row | None = None  # a first part that waits for the row below
    steps = [_distance(a, b) for (a, full), (b, too) in pairwise(zip(rows, data, strict=True)) if full and too]
    usual = median(steps) if steps else 9e9
    for at, row in enumerate(rows):
        if above:
            row, above = _stacked(above, row), None
        if data[at]:
            made.append(row)
            continue
        up = _distance(rows[at - 1], row) if made else usual
        down = _distance(row, rows[at + 1]) if at + 1 < len(rows) else usual
        if made and (up < 0.75 * down or _is_open(made[-1])):
            made[-1] = _stacked(made[-1], row)
        elif at + 1 < len(rows) and (down < 0.75 * up or _is_open(row)):
            above = row
        else:
            made.append(row)
    return made


def _is_open(row: Row) -> bool:
    return sum(n.text.count("(") - n.text.count(")") for n in row if n and WORD.search(n.text)) > 0


def _stacked(upper: Row, lower: Row) -> Row:
    """Two lines of one row: what stands in one column is one cell."""
    made: Row = []
    for a, b in zip(upper, lower, strict=True):
        if a and b:
            joined = merge([a, b._replace(box=(a.box[2] + a.size, *b.box[1:]))])
            made.append(
                joined._replace(box=(min(a.box[0], b.box[0]), a.box[1], max(a.box[2], b.box[2]), b.box[3]), holes=())
            )
        else:
            made.append(a or b)
    return made


def _distance(upper: Row, lower: Row) -> float:
    return min(n.box[1] for n in lower if n) - max(n.box[1] for n in upper if n)


def _is_level(lines: Sequence[Line]) -> bool:
    """Whether a column's texts end, begin or stand in the middle on one line."""
    slack = 0.5 * median(n.size for n in lines) if lines else 0.0
    for place in ([n.box[2] for n in lines], [n.box[0] for n in lines], [(n.box[0] + n.box[2]) / 2 for n in lines]):
        usual = median(place or [0.0])
        if sum(abs(x - usual) <= slack for x in place) >= 0.8 * len(place):
            return True
    return False
