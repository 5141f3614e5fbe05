"""Rows of Excel workbooks (.xlsx), one at a time, as the cells show them.

    for row in sheet_rows(entry):
        …   # RawRow({"file": "용어.xlsx", "sheet": "Sheet1", "row": 2}, {"순번": "1", "용어": "가산금리", …})

Each sheet has a header of its own: its first row with two texts or more, so that a title above the table is no
header. `row` is the number that Excel shows beside the row. A formula gives the value that Excel last saved for
it; a number keeps its decimals, thousands and per cent where its format says so plainly ("2.50", "1,234",
"5.2%"), and otherwise shows what it holds: 1, never 1.0.

Read with openpyxl in read-only mode: it runs no macro and follows no link. Rows come one at a time; the workbook's
table of texts is held in memory, as the format wants it.
"""

import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lineage.readers.io.members import Member
from lineage.readers.io.row import RawRow, named_row
from lineage.readers.io.zip_package import package
from lineage.records.record import Rejected

# "0.00", "#,##0", "#,##0.0_ ", "0%", "0.0 %": the formats whose look is certain. Others may hide or rename signs.
PLAIN_FORMAT = re.compile(
    r"(?P<thousands>#,##)?0(?:\.(?P<decimals>0+))?(?P<percent>\s?%)?(?:_.)?(?:;-(?:#,##)?0[.0]*%?(?:_.)?)?"
)


def sheet_rows(entry: Member) -> Iterator[RawRow | Rejected]:
    """Every row with a value under the header of every sheet, hidden ones too; a sheet without a table gives none.

    Raises:
        EOFError: the workbook is damaged. zipfile.BadZipFile: it is no workbook, or unpacks to too much.
    """
    import openpyxl

    number = 0
    with package(entry) as opened:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of styles and extensions, which are not read
                book = openpyxl.load_workbook(opened.fp, read_only=True, data_only=True, keep_links=False)
            for sheet in book.worksheets:
                sheet.reset_dimensions()  # a false size makes a million empty rows
                for row in _rows(entry.name, sheet):
                    number += 1
                    yield row
        except (KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError) as error:
            raise EOFError(f"{type(error).__name__}: {error}") from error
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")


def _rows(file: str, sheet: Any) -> Iterator[RawRow | Rejected]:
    header: list[str] = []
    for number, cells in enumerate(sheet.iter_rows(min_row=1, min_col=1), 1):
        shown = [_shown(cell) for cell in cells]
        if not any(shown):
            continue
        if not header:
            header = shown if sum(map(bool, shown)) >= 2 else []
            continue
        shown += [""] * (len(header) - len(shown))
        origin = {"file": file, "sheet": sheet.title, "row": number}
        if wrong := [cell for cell in cells if getattr(cell, "data_type", "") == "e"]:
            yield Rejected(origin, "a cell that shows an error", f"{wrong[0].coordinate} is {wrong[0].value}: mend it")
        elif any(shown[len(header) :]) or any(said for name, said in zip(header, shown, strict=False) if not name):
            yield Rejected(origin, "a cell without a column name", f"{' | '.join(shown)!r:.120}: name its column")
        else:
            named = [(name, said) for name, said in zip(header, shown, strict=False) if name]
            yield named_row(origin, *zip(*named, strict=True))


def _shown(cell: Any) -> str:
    """What Excel shows in a cell, as far as that is certain."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "General")
    return str(value).strip()


def _number(value: float, shape: str) -> str:
    # Excel keeps 15 digits, the rest is the noise of binary fractions; what other programs write whole is whole.
    exact = Decimal(value) if isinstance(value, int) else Decimal(format(value, ".15g"))
    plain = PLAIN_FORMAT.fullmatch(shape)
    if not plain:
        return f"{exact:f}" if abs(exact.adjusted()) <= 20 else str(exact)
    scaled = exact * 100 if plain["percent"] else exact
    decimals = len(plain["decimals"] or "")
    said = f"{scaled:{',' if plain['thousands'] else ''}.{decimals}f}"
    if Decimal(said.replace(",", "")) != scaled:  # the format rounds: the whole figure is the safer one
        said = f"{scaled.normalize():{',' if plain['thousands'] else ''}f}"
    return said + (plain["percent"] or "")
