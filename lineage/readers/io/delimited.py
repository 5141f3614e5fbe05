"""Rows of text tables: CSV with commas or semicolons, tabs (.tsv, Excel's "Unicode text"), bars.

    질문;답
    금리란?;"돈의 값, 비율"

`row` counts data rows from 1; blank lines are none. How cells are told apart is in separator.py; Excel's first line
`sep=;` says it too. Cells stay as they are written: `12,5` and `1.50` are texts.
"""

import csv
import re
from collections.abc import Iterator
from typing import Any

from lineage.readers.io.members import Member
from lineage.readers.io.row import SKIPPED, RawRow, named_row, rowless
from lineage.readers.io.separator import HALF, SAMPLE, TAB, Cells, UnclearSeparator, cells_of, even_share
from lineage.readers.io.text_stream import damage_in, text_of
from lineage.records.record import Rejected

EXCELS = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
RULE = re.compile(r"(?::?-{2,}:?)?")
csv.field_size_limit(1 << 26)  # a passage may be long; an unclosed quote must still end somewhere


def is_table(entry: Member) -> bool:
    """Whether a .txt file is a table: most of its rows have as many tabs as its first line."""
    sample, whole = _beginning(entry)
    return any((even_share(sample, cells, whole) or 0) > HALF for cells in (TAB, Cells("\t", quoted=False)))


def table_rows(entry: Member) -> Iterator[RawRow | Rejected]:
    """Every row under the header, which is the first line that is not blank.

    Raises:
        UnicodeError: the header holds a damaged byte.
    """
    sample, whole = _beginning(entry)
    said = EXCELS.fullmatch(sample.partition("\n")[0])
    try:
        cells = Cells(said[1]) if said else cells_of(sample, whole)
    except UnclearSeparator as error:
        remedy = f"{error}; write sep=; (or the character that it is) as a line of its own before the header"
        yield Rejected({"file": entry.name}, "a table whose separator is not clear", remedy)
        return
    number = 0
    with text_of(entry, "surrogateescape") as text:
        if said:
            text.readline()
        lines = csv.reader(text, **cells.dialect)  # type: ignore[arg-type]
        for row in _under_header(entry, lines, bool(said)):
            number += 1
            yield row
    yield from rowless(number, entry)


def _beginning(entry: Member) -> tuple[str, bool]:
    with text_of(entry, "surrogateescape") as text:
        return text.read(SAMPLE), not text.read(1)


def _under_header(entry: Member, lines: Any, before: int) -> Iterator[RawRow | Rejected]:
    """The rows that a csv.reader finds, `before` lines behind the beginning of the file."""
    header: list[str] = []
    number = 0
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as error:
            number += 1
            place = f"{error} before line {lines.line_num + before + 1}"
            remedy = f"{place}; an open quote takes the rows after it along"
            yield Rejected({"file": entry.name, "row": number}, "a row that is not CSV", remedy)
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if header:
            if not number and all(RULE.fullmatch(cell.strip()) for cell in cells):  # Markdown draws it under a header
                continue
            number += 1
            yield _row({"file": entry.name, "row": number}, header, cells)
        elif wrong := damage_in(",".join(cells)):
            raise UnicodeError(wrong)
        else:
            header = cells


def _row(origin: dict[str, Any], header: list[str], cells: list[str]) -> RawRow | Rejected:
    if any(cell.strip() for cell in cells[len(header) :]):
        said = f"{len(cells)} cells under {len(header)} columns: put a text that holds the separator in quotes"
        return Rejected(origin, "more cells than columns", said)
    if wrong := damage_in(",".join(cells)):
        return Rejected(origin, "a damaged row", f"{wrong}; {SKIPPED}")
    return named_row(origin, header, cells)
