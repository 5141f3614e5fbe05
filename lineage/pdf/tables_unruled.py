"""Tables without rulings: pieces that stand under each other in columns, row by row, with labels at their left.

Only what is certain becomes a table, see `unruled_grid`. All else stays text, row by row.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from lineage.pdf.blocks import BEGINS
from lineage.pdf.cell_kinds import DATE, kind
from lineage.pdf.header_rules import ruled
from lineage.pdf.layout import gutter
from lineage.pdf.row_pieces import Piece, apart, pieced
from lineage.pdf.table_lines import Ruling
from lineage.pdf.table_signs import signed_rows
from lineage.pdf.text import Box, Line, rows
from lineage.pdf.unruled_grid import Grid, Row, is_bare, is_certain, is_data, lay_out
from lineage.pdf.unruled_header import is_beside, named, spanning

ENDED = re.compile(r"[.!?。]$|[다음함임]\.?$")
TRIMS = sorted(((head, tail) for head in range(3) for tail in range(3)), key=lambda t: (sum(t), t[1]))


def unruled(pieces: Sequence[Piece], across: Sequence[Ruling]) -> tuple[list[Grid], list[Piece]]:
    """The tables that a page's lines form without rulings, and the pieces outside them.

    `across` are the rules across the page: in such a table they bind a text of its header to its columns.

    Where the rest of the page is set in columns, those are searched one by one: a table may stand in one of them.
    """
    grids, left = _found(pieces, across)
    figures = any(len(line.text) < 16 and kind(line.text) for _, line in left)
    x = gutter([line for _, line in left]) if figures else None
    if x is None:
        return grids, left
    sides = [[p for p in left if p[1].box[2] <= x + 2], [p for p in left if p[1].box[0] >= x - 2]]
    inside = {id(line) for side in sides for _, line in side}
    rest = [piece for piece in left if id(piece[1]) not in inside]
    for side in sides:
        more, outside = unruled(side, across) if len(side) < len(left) else ([], side)
        grids += more
        rest += outside
    order = {id(line): at for at, (_, line) in enumerate(left)}
    return grids, sorted(rest, key=lambda piece: order.get(id(piece[1]), len(order)))


def _found(pieces: Sequence[Piece], across: Sequence[Ruling]) -> tuple[list[Grid], list[Piece]]:
    """The tables among pieces, and the pieces outside them."""
    parts = [apart(*piece) for piece in pieces]
    drawn = rows(line for found in parts for _, line in found)
    if all(len(row) == 1 for row in drawn):
        return [], list(pieces)  # as on a page of prose: a row of a table has two pieces
    levels = [pieced(row) for row in drawn]
    grids: list[Grid] = []
    taken: set[int] = set()  # levels that are rows of tables
    start = 0
    while start < len(levels):
        end = _end(levels, start)
        above = max(start - 2, 0)
        levels[above:end] = signed_rows(levels[above:end])
        for head, tail in TRIMS if end > start else ():
            made = _table(levels, start + head, end - tail, taken, across)
            if made:
                grids.append(made[2])
                taken.update(range(made[0], made[1]))
                break
        start = max(end, start + 1)
    if not grids:
        return [], list(pieces)
    notes = [note.box for grid in grids for note in grid.notes]
    used = {id(line) for at in taken for line in drawn[at] if not any(_is_in(line.box, note) for note in notes)}
    return grids, [part for piece, found in zip(pieces, parts, strict=True) for part in _left(piece, found, used)]


def _is_in(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def _left(piece: Piece, parts: Sequence[Piece], used: set[int]) -> list[Piece]:
    """What of a piece is in no table: the piece itself, if no part of it is."""
    left = [part for part in parts if id(part[1]) not in used]
    return [piece] if len(left) == len(parts) else left


def _end(levels: Sequence[list[Line]], start: int) -> int:
    """Where rows that begin at `start` end: at a gap, at a text, or where nothing stands under what is above."""
    end = start
    last: list[list[Line]] = []
    while end < len(levels):
        row = levels[end]
        if is_data(row) or (last and _stands_under(last[-1], row)):
            agreed = any(_agree(other, row) for other in last[-3:])
            if last and not (agreed and _near(levels[end - 1], row, 4.0)):
                break
            last.append(row)
        elif not last or not _near(levels[end - 1], row, 4.0) or not (is_bare(row) or _leads_on(levels[end : end + 3])):
            break
        end += 1
    return end


def _leads_on(found: Sequence[list[Line]]) -> bool:
    """Whether a row is the label of a group or a part of a label, with rows of figures soon below."""
    return _is_label(found[0]) and any(is_data(row) or is_bare(row) for row in found[1:])


def _is_label(row: Sequence[Line]) -> bool:
    """Whether a row can be the label of a group, or a part of a label."""
    return len(row) <= 3 and not any(ENDED.search(line.text) and len(line.text) > 12 for line in row)


def _agree(above: Sequence[Line], below: Sequence[Line]) -> bool:
    """Whether a piece after the first begins, ends or stands in the middle where one above does."""
    return any(
        min(abs(a.box[0] - b.box[0]), abs(a.box[2] - b.box[2]), abs(sum(a.box[::2]) - sum(b.box[::2])) / 2)
        <= 0.5 * b.size
        for a in above[1:]
        for b in below[1:]
    )


def _stands_under(above: Sequence[Line], below: Sequence[Line]) -> bool:
    """Whether two pieces or more begin where pieces above do: a row whose figures are missing."""
    starts = [line.box[0] for line in above]
    return len(below) > 1 and all(min(abs(n.box[0] - x) for x in starts) <= 0.3 * n.size for n in below)


def _near(above: Sequence[Line], below: Sequence[Line], most: float = 2.5) -> bool:
    return below[0].box[1] - above[0].box[3] < most * below[0].size


def _table(
    levels: Sequence[list[Line]], first: int, last: int, taken: set[int], across: Sequence[Ruling]
) -> tuple[int, int, Grid] | None:
    """The table of the rows from `first` to `last`, with the first and last of all its rows; None if not certain.

    Args:
        levels: all rows of pieces of the page.
        first: a row of figures.
        last: the row after the last one of figures.
        taken: rows that are of other tables.
        across: the rules across the page.
    """
    if first >= last or not is_data(levels[first]) or not (len(levels[last - 1]) > 1 or is_bare(levels[last - 1])):
        return None
    for up, down in ((1, 1), (1, 0), (0, 1), (0, 0)):  # a label goes on below the last row, or begins above the first
        low, high = first - up, last + down
        if low < 0 or high > len(levels) or taken.intersection(range(low, high)):
            continue
        if (up and not _is_tied(levels[low], levels[first])) or (down and not _is_tied(levels[last], levels[last - 1])):
            continue
        grid = lay_out(levels[low:high])
        if (
            grid is None
            or is_beside(grid)
            or (down and _level(levels[last]) - _level(levels[last - 1]) > 0.75 * _pitch(levels[first:last]))
        ):
            continue
        header = _header(grid, levels[:low], taken)
        if (header or not up) and is_certain(grid, header):
            top = low - len(header)
            bound = ruled(levels[:top], header, grid, across)
            if bound and taken.isdisjoint(range(top - bound[0], top)):
                return top - bound[0], high, bound[1]
            over = spanning(levels[: low - 1], header[-1:], grid) if header else []
            if over and taken.isdisjoint(range(low - 1 - len(over), low)):
                return low - 1 - len(over), high, Grid(grid.spans, [*header[-1:], *grid.rows], over)
            return top, high, Grid(grid.spans, [*header, *grid.rows])
    return None


def _is_tied(part: Sequence[Line], row: Sequence[Line]) -> bool:
    """Whether a text alone in its row can be a label, or a part of one, that belongs to a row of figures."""
    return len(part) == 1 and _is_label(part) and not BEGINS.match(part[0].text) and part[0].box[2] < row[-1].box[0]


def _level(row: Sequence[Line]) -> float:
    return row[0].box[1]


def _pitch(found: Sequence[list[Line]]) -> float:
    steps = [_level(b) - _level(a) for a, b in pairwise(row for row in found if is_data(row))]
    return median(steps) if steps else 0.0


def _header(grid: Grid, above: Sequence[list[Line]], taken: set[int]) -> list[Row]:
    """The rows above whose pieces each name one column."""
    header: list[Row] = []
    below = [line for line in grid.rows[0] if line]
    for at in range(len(above) - 1, -1, -1):
        row = above[at]
        names = named(row, grid) if at not in taken and _near(row, below) else None
        if names is None or any(ENDED.search(line.text) for line in row) or not any(_is_name(n.text) for n in row):
            break
        over = sum(line is not None for line in names[1:])
        if over < (1 if len(names) < 4 else 2) or over + (names[0] is not None) < 2:
            break
        header.insert(0, names)
        below = row
    return header


def _is_name(text: str) -> bool:
    """Whether a text can name a column: words, or a year."""
    return not kind(text) or bool(DATE.fullmatch(text))
