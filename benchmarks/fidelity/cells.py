"""Whether a figure stands where its row and its column meet.

Labels may be paths, `group > label`. The last part must stand in the row (the column) of the figure; a part before it
above that (to its left): there, or before cells that are empty, since not every format can say that a cell covers
others. A cell that holds the labels of two rows names neither.
"""

from collections.abc import Iterable, Sequence

from benchmarks.fidelity.converted import Grid, Placed
from benchmarks.fidelity.facts import CellFact, TableFact
from benchmarks.fidelity.letters import bare, names


def cells_found(fact: TableFact, grids: Sequence[Grid]) -> list[bool]:
    """For each fact about cells whether some table holds it; numbered ones are sought in the best table alone."""
    best = best_grid(fact, grids)
    found = []
    for cell in fact.cells:
        where = ([best] if best else []) if isinstance(cell[0], int) else grids
        found.append(any(_holds(grid, cell, fact) for grid in where))
    return found


def best_grid(fact: TableFact, grids: Sequence[Grid]) -> Grid | None:
    """The table that holds most of the cells, then most of their texts; of equals the first of the right size."""

    def likeness(grid: Grid) -> tuple[int, int, bool]:
        texts = {bare(cell.text) for cell in grid.cells}
        there = sum(bare(text) in texts for *_, text in fact.cells)
        return sum(_holds(grid, c, fact) for c in fact.cells), there, (grid.rows, grid.columns) == size

    size = (fact.rows, fact.columns)
    best = max(grids, key=likeness, default=None)
    return best if best and (likeness(best)[1] or not fact.cells) else None


def _holds(grid: Grid, fact: CellFact, table: TableFact) -> bool:
    row, column, text = fact
    alike = [cell for cell in grid.cells if bare(cell.text) == bare(text)]
    if isinstance(row, int) and isinstance(column, int):
        return any(c.top < row <= c.bottom and c.left < column <= c.right for c in alike)
    rows = _leaves(c[0] for c in table.cells)
    columns = _leaves(c[1] for c in table.cells)
    return any(
        _in_row(grid, cell, str(row).split(" > "), rows) and _in_column(grid, cell, str(column).split(" > "), columns)
        for cell in alike
    )


def _leaves(labels: Iterable[str | int]) -> set[str]:
    return {label.split(" > ")[-1] for label in labels if isinstance(label, str)}


def _names_alone(text: str, label: str, others: set[str]) -> bool:
    """Whether a cell holds a label and no other one that is not a part of it."""
    if not names(text, label):
        return False
    rest = {other for other in others if bare(other) not in bare(label)}
    return bare(text) == bare(label) or not any(names(text, other) for other in rest)


def _in_row(grid: Grid, cell: Placed, path: list[str], others: set[str]) -> bool:
    leaves = [
        c
        for c in grid.cells
        if c != cell and c.top < cell.bottom and cell.top < c.bottom and _names_alone(c.text, path[-1], others)
    ]
    if len(path) == 1:
        return bool(leaves)
    groups = [c for c in grid.cells if c.top <= cell.top and c.left < cell.left and names(c.text, path[-2])]
    return any(_blank(grid, range(g.bottom, leaf.top + 1), range(g.left, g.right)) for g in groups for leaf in leaves)


def _in_column(grid: Grid, cell: Placed, path: list[str], others: set[str]) -> bool:
    leaves = [
        c
        for c in grid.cells
        if c.top < cell.top and c.left < cell.right and cell.left < c.right and _names_alone(c.text, path[-1], others)
    ]
    if len(path) == 1:
        return bool(leaves)
    if any(names(leaf.text, path[-2]) for leaf in leaves):  # one cell for both lines of the header
        return True
    groups = [c for c in grid.cells if c.bottom <= cell.top and c.left <= cell.left and names(c.text, path[-2])]
    return bool(leaves) and any(_blank(grid, range(g.top, g.bottom), range(g.right, cell.left + 1)) for g in groups)


def _blank(grid: Grid, rows: range, columns: range) -> bool:
    """Whether no text begins within these rows and columns."""
    return not any(c.text.strip() and c.top in rows and c.left in columns for c in grid.cells)
