"""What separates the cells of a text table, told by its own rows: comma, semicolon, tab or bar.

    cells_of("질문;답\\n금리란?;돈의 값, 비율\\n")   → Cells(";")
    cells_of("질문\\n금리란?\\n")                  → Cells(",")   one column has no separator

The header must hold it, and most rows must then have as many cells as the header. A comma that stands in quotes,
or in a text of a table that another character separates, is none. Tabs and bars also separate without quotes: a
quotation mark is then a part of the text, if the rows come out more evenly so.
"""

import csv
import io
from dataclasses import dataclass

SAMPLE = 1 << 18  # characters in which the rows are looked at
ROWS = 1000
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Cells:
    """How the cells of a table are told apart; `quoted`: whether one may stand in quotes, its own doubled."""

    mark: str
    quoted: bool = True

    @property
    def dialect(self) -> dict[str, object]:
        """What `csv.reader` is told."""
        quoting = csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE
        return {"delimiter": self.mark, "quoting": quoting, "strict": True}


COMMA, TAB = Cells(","), Cells("\t")
KNOWN = (COMMA, Cells(";"), TAB, Cells("|"), Cells("\t", quoted=False), Cells("|", quoted=False))


class UnclearSeparator(ValueError):
    """Two characters separate the same rows equally well."""


def cells_of(sample: str, whole: bool = True) -> Cells:
    """How the cells of a table are told apart; by commas where nothing shows it, as one column.

    Args:
        sample: the table, or its beginning.
        whole: whether the sample is the whole table; else its last row may be cut, and is not looked at.

    Raises:
        UnclearSeparator: two characters do equally well.
    """
    shares = {cells: share for cells in KNOWN if (share := even_share(sample, cells, whole)) is not None}
    best = max(shares.values(), default=0.0)
    if best < HALF:
        return COMMA
    found = [cells for cells, share in shares.items() if share == best]
    if len(marks := {cells.mark for cells in found}) > 1:
        said = " and ".join("a tab" if mark == "\t" else repr(mark) for mark in sorted(marks))
        raise UnclearSeparator(f"{said} separate its rows equally well")
    return found[0]


def even_share(sample: str, cells: Cells, whole: bool = True) -> float | None:
    """The share of rows with as many cells as the header, 1 without rows; None where the header has one cell only.

    Args:
        sample: the table, or its beginning.
        cells: how it is read.
        whole: whether the sample is the whole table.
    """
    counts: list[int] = []
    rows = csv.reader(io.StringIO(sample, newline=""), **cells.dialect)  # type: ignore[arg-type]
    while len(counts) <= ROWS:
        try:
            row = next(rows, None)
        except csv.Error:
            counts.append(0)
            continue
        if row is None:
            if not whole and counts:
                counts.pop()
            break
        filled = [place for place, cell in enumerate(row, 1) if cell.strip()]
        if filled:
            counts.append(len(row) if not counts or filled[-1] > counts[0] else min(len(row), counts[0]))
    if not counts or counts[0] < 2:
        return None
    header, *others = counts
    return sum(count == header for count in others) / len(others) if others else 1.0
