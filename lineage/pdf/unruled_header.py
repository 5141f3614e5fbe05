"""Headers without rules: a year in the middle over its quarters, a name in the middle over short figures."""

from collections.abc import Sequence
from itertools import pairwise

from lineage.pdf.table_words import centre, tile
from lineage.pdf.text import Line, merge
from lineage.pdf.unruled_grid import Grid, Over, Row

Span = tuple[float, float]
NEAR = 1.6  # font sizes between two levels of a header
LEVELS = 3


def spanning(above: Sequence[Sequence[Line]], header: Sequence[Row], grid: Grid) -> list[list[Over]]:
    """The levels over a header whose texts share all its columns out among themselves, from the top.

    Args: above: the rows of pieces over the header; header: its rows; grid: the table below.
    """
    names = [line for line in header[-1] if line]
    first = next((at for at, line in enumerate(header[-1]) if at and line), 0)
    if not first or not all(header[-1][first:]):
        return []
    slots = _slots([centre(line) for line in header[-1][first:] if line])
    made: list[list[Over]] = []
    kept = 0
    bottom = min(line.box[1] for row in header[:1] for line in row if line)
    for row in reversed(above[-LEVELS:]):
        if bottom - row[0].box[3] > NEAR * names[0].size:
            break
        bottom = min(line.box[1] for line in row)
        texts = [line for line in row if centre(line) >= slots[0][0]]
        before = [line for line in row if centre(line) < slots[0][0]]
        places = tile(slots, [centre(line) for line in texts], True) if texts else None
        if texts and (not places or len(texts) >= len(slots) or not _fit(texts, slots, places)):
            break
        label: list[Over] = [(merge(before) if before else None, 0, 0), *((None, n, n) for n in range(1, first))]
        over = [(text, a + first, b + first) for text, (a, b) in zip(texts, places or [], strict=True)]
        free: list[Over] = [(None, n, n) for n in range(first, len(grid.spans))] if not texts else []
        made.insert(0, [*label, *over, *free])
        kept = len(made) if texts else kept
    return made[len(made) - kept :]


def _slots(centres: Sequence[float]) -> list[Span]:
    """What is free for each of some names that stand beside each other."""
    inner = [(a + b) / 2 for a, b in pairwise(centres)]
    return list(pairwise([2 * centres[0] - inner[0], *inner, 2 * centres[-1] - inner[-1]])) if inner else []


def _fit(texts: Sequence[Line], slots: Sequence[Span], places: Sequence[tuple[int, int]]) -> bool:
    """Whether each text is no wider than the columns under it."""
    return all(
        slots[a][0] - text.size < text.box[0] and text.box[2] < slots[b][1] + text.size
        for text, (a, b) in zip(texts, places, strict=True)
    )


def is_beside(grid: Grid) -> bool:
    """Whether a name of the first row stands beside the figures that it names, as if it had a column of its own."""
    first, rest = grid.rows[0], grid.rows[1:]
    alone = [at for at, line in enumerate(first) if at and line and not any(row[at] for row in rest)]
    return any(n < len(first) and first[n] is None for at in alone for n in (at - 1, at + 1))


def named(row: Sequence[Line], grid: Grid) -> Row | None:
    """The pieces of a header, one a column; None where one reaches over a second, or two stand over one."""
    if len(row) == len(grid.spans) - 1 and row[0].box[0] > grid.spans[0][1] and row[-1].box[2] > grid.spans[-1][0]:
        return [None, *row]
    made: Row = [None] * len(grid.spans)
    edges = grid.edges
    for line in row:
        over = [at for at, (x0, x1) in enumerate(grid.spans) if line.box[0] < x1 and line.box[2] > x0]
        at = sum(edge <= (line.box[0] + line.box[2]) / 2 for edge in edges[1:-1])
        reaches = (at and line.box[0] < edges[at] - line.size) or (
            at < len(made) - 1 and line.box[2] > edges[at + 1] + line.size
        )
        if reaches and len(over) != 1:
            return None
        at = over[0] if reaches else at
        held = made[at]
        if held and at:
            return None
        made[at] = merge([held, line])._replace(holes=()) if held else line
    return made
