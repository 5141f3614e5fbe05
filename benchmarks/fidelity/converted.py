"""What a converter makes of a PDF, in one form for all of them."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple


class Placed(NamedTuple):
    """A cell and the rows and columns that it covers, from 0, the ends not included."""

    text: str
    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Grid:
    """A table of so many rows and columns."""

    cells: tuple[Placed, ...]
    rows: int
    columns: int


@dataclass(frozen=True)
class Converted:
    """The text of a PDF as blocks in the order of reading, its tables, or the reason why it was refused.

    A converter that puts tables among the text gives their cells as blocks too.
    """

    blocks: tuple[str, ...] = ()
    tables: tuple[Grid, ...] = ()
    refusal: str | None = None


def plain_grid(rows: list[list[str | None]]) -> Grid:
    """A table of texts without spans; a cell that is None or empty may be covered by one before it."""
    cells = [Placed(text or "", r, c, r + 1, c + 1) for r, row in enumerate(rows) for c, text in enumerate(row)]
    return Grid(tuple(cells), len(rows), max(map(len, rows), default=0))


def spanned_grid(rows: list[list[dict[str, Any]]]) -> Grid:
    """A table of cells with `text`, `colspan` and `rowspan`."""
    taken: set[tuple[int, int]] = set()
    cells = []
    for r, row in enumerate(rows):
        c = 0
        for cell in row:
            while (r, c) in taken:
                c += 1
            bottom, right = r + cell["rowspan"], c + cell["colspan"]
            taken |= {(i, j) for i in range(r, bottom) for j in range(c, right)}
            cells.append(Placed(cell["text"], r, c, bottom, right))
            c = right
    return Grid(tuple(cells), len(rows), 1 + max((c for _, c in taken), default=-1))


def to_json(converted: Converted) -> dict[str, Any]:
    """For the way between processes."""
    return asdict(converted)


def from_json(made: dict[str, Any]) -> Converted:
    """What `to_json` made."""
    tables = [Grid(tuple(Placed(*cell) for cell in t["cells"]), t["rows"], t["columns"]) for t in made["tables"]]
    return Converted(tuple(made["blocks"]), tuple(tables), made["refusal"])
