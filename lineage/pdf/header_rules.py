"""Levels of a header whose texts each stand over a rule that is as wide as the columns they name.

       Deposits             │         Securities
────────────────────────────┘   ─────────────────────────     no other lines part the table: without the rules
Demand    Savings     Time        Bonds         Shares        nobody could tell how far a text reaches
"""

from collections.abc import Sequence

from lineage.pdf.table_lines import Ruling
from lineage.pdf.text import Line
from lineage.pdf.unruled_grid import Grid, Over, Row
from lineage.pdf.unruled_header import NEAR, named

ABOVE, BELOW = 0.35, 0.8  # font sizes, by which a rule may lie above the lower end of its text, and below it
Group = tuple[Ruling, int, int]  # a rule, and the first and last column under it


def ruled(
    above: Sequence[Sequence[Line]], header: Sequence[Row], grid: Grid, across: Sequence[Ruling]
) -> tuple[int, Grid] | None:
    """How many levels over a table belong to its header, and the table with all of it; None where no rule binds a text.

    Args:
        above: the levels of pieces over the header, from the top.
        header: the rows that name the columns.
        grid: the table below it.
        across: the rules across the page.
    """
    groups = [group for rule in across if (group := _group(rule, grid))]
    found = [_over([line for line in row if line], grid, groups) for row in header]
    bound = max((at + 1 for at, level in enumerate(found) if level), default=0)
    made: list[list[Over]] = []
    top = min(line.box[1] for row in [*header, *grid.rows][:1] for line in row if line)
    for texts in reversed(above) if groups else ():
        is_near = top - texts[0].box[3] <= NEAR * texts[0].size
        level = _over(_without_note(texts, grid), grid, groups) if is_near else None
        if level is None:
            break
        made.insert(0, level)
        top = min(line.box[1] for line in texts)
    count = len(made)
    if not count and not bound:
        return None
    bound = bound if bound or not count else len(header)
    for level, row in zip(found[:bound], header[:bound], strict=True):
        made.append(level or [(line, at, at) for at, line in enumerate(row)])
    notes = tuple(texts[-1] for texts in above[len(above) - count :] if len(_without_note(texts, grid)) < len(texts))
    return count, Grid(grid.spans, [*header[bound:], *grid.rows], made, notes)


def _group(rule: Ruling, grid: Grid) -> Group | None:
    """A rule over several columns whole, but not over that of the labels."""
    columns = [at for at, (x0, x1) in enumerate(grid.spans) if rule.start < (x0 + x1) / 2 < rule.end]
    if len(columns) < 2 or columns[0] == 0:
        return None
    whole = all(rule.start < grid.spans[at][1] and grid.spans[at][0] < rule.end for at in (columns[0], columns[-1]))
    return (rule, columns[0], columns[-1]) if whole else None


def _over(row: Sequence[Line], grid: Grid, groups: Sequence[Group]) -> list[Over] | None:
    """The texts of a level with the columns that each reaches over; None where no text stands over a rule, or one over
    no column."""
    wide = [(line, group) for line in row if (group := _under(line, groups))]
    rest = [line for line in row if not any(line is one for one, _ in wide)]
    single = named(rest, grid) if rest else [None] * len(grid.spans)
    if not wide or single is None:
        return None
    free = dict(enumerate(single))
    texts: list[Over] = []
    for line, (_, first, last) in wide:
        for at in range(first, last + 1):
            if at not in free or free.pop(at):
                return None  # two texts over one column
        texts.append((line, first, last))
    return sorted([*texts, *((line, at, at) for at, line in free.items())], key=lambda text: text[1])


def _without_note(row: Sequence[Line], grid: Grid) -> Sequence[Line]:
    """A level without what it says of the whole table at its right end: in brackets, and wider than the last column."""
    last = row[-1]
    noted = last.text[0] in "([" and last.text[-1] in ")]" and last.box[0] < grid.edges[-2] - last.size
    return row[:-1] if noted else row


def _under(line: Line, groups: Sequence[Group]) -> Group | None:
    """The nearest rule under a text that is no wider than it."""
    bottom, size = line.box[3], line.size
    near = [
        group
        for group in groups
        if bottom - ABOVE * size <= group[0].at <= bottom + BELOW * size
        and group[0].start - size < line.box[0]
        and line.box[2] < group[0].end + size
    ]
    return min(near, key=lambda group: (group[0].at, group[1]), default=None)
