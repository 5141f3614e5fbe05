"""The columns that a reader knows, under whatever name a file gives them.

    for row in shaped(rows(folder), [{"question": ("question", "질문"), "answer": ("answer", "답")}]):
        …   # a RawRow with values {"question": "…", "answer": "…"}, or a Rejected to pass on

A single row without the columns is Rejected; a file in which no row has them is a drifted schema and a
LineageError, which lists what was found and what is accepted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from lineage.core.errors import LineageError
from lineage.readers.io.json_window import two_things
from lineage.readers.io.raw_folder import Shape
from lineage.readers.io.row import RawRow
from lineage.readers.io.unread import folded
from lineage.records.record import Rejected

Found = Mapping[str, Any]  # the columns of a row by their folded names


def shaped(
    source: Iterable[RawRow | Rejected], shapes: Sequence[Shape], optional: Shape | None = None, *, remedy: str = ""
) -> Iterator[RawRow | Rejected]:
    """Rows with their values under the reader's own names: the first of `shapes` whose texts are all there.

    A shape names what a row must have and the columns that it may be called (case and outer spaces aside).
    Required values come out as stripped text, optional ones as they are. Other columns do not come out: where they
    hold a value they are counted as unread.

    Args:
        source: raw rows, those of a file one after another; a Rejected is passed on.
        shapes: what a row may look like, the best first; each is the reader's name of a column → what files call it.
        optional: columns that a row may have beside those of its shape; None if it lacks one.
        remedy: what the error advises; empty: to rename the columns or choose another reader.

    Raises:
        LineageError: no row of a file has the columns of any shape.
    """
    file, fitted, strange = None, False, None
    for row in source:
        if row.origin["file"] != file:
            _check(file, fitted, strange, shapes, remedy)
            file, fitted, strange = row.origin["file"], False, None
        if isinstance(row, Rejected):
            yield row
            continue
        found, twice = _folded(row)
        present = [shape for shape in shapes if all(any(name in found for name in names) for names in shape.values())]
        if not present:
            strange = strange or list(row.values)
            yield Rejected(row.origin, "a row without the columns", f"found {', '.join(row.values) or 'none'}")
            continue
        fitted = True
        yield _named(row, found, twice, present, optional or {})
    _check(file, fitted, strange, shapes, remedy)


def _folded(row: RawRow) -> tuple[dict[str, Any], dict[str, str]]:
    """The row's columns by their folded names; and of those that stand there twice, what they say."""
    found: dict[str, Any] = {}
    twice: dict[str, str] = {}
    for name, value in row.values.items():
        if said := two_things(found, key := folded(str(name)), value):
            twice[key] = said
        if key not in found or value not in ("", None):
            found[key] = value
    return found, twice


def _named(
    row: RawRow, found: Found, twice: Mapping[str, str], present: Sequence[Shape], optional: Shape
) -> RawRow | Rejected:
    empty: list[str] = []
    for shape in present:
        read = {name: _column(found, names) for name, names in shape.items()}
        texts = {name: text(found.get(column)) for name, column in read.items()}
        if wrong := [name for name, value in texts.items() if value is None]:
            return Rejected(row.origin, f"{wrong[0]} is not text", f"found {found[read[wrong[0]]]!r:.80}")
        empty = [name for name, value in texts.items() if not value]
        if not empty:
            more = {name: _column(found, names) for name, names in optional.items()}
            if said := next((twice[column] for column in (*read.values(), *more.values()) if column in twice), ""):
                return Rejected(row.origin, "a column name given twice", said)
            row.leave({*read.values(), *more.values()})
            return replace(row, values={name: found.get(column) for name, column in more.items()} | texts)
    return Rejected(row.origin, f"{empty[0]} is empty", "fill it in, or leave the row out")


def _column(found: Found, names: Sequence[str]) -> str:
    """Which of the columns is read: the first that is not empty; the first name where all are."""
    return next((name for name in names if found.get(name) not in (None, "")), names[0])


def _check(file: str | None, fitted: bool, strange: list[str] | None, shapes: Sequence[Shape], remedy: str) -> None:
    if strange is not None and not fitted:
        raise drifted(file or "?", strange, shapes, remedy)


def drifted(file: str, found: Iterable[str], shapes: Iterable[Shape], remedy: str = "") -> LineageError:
    """The error for a file in which nothing has the columns that a reader knows.

    Args:
        file: its path from the source's folder.
        found: the columns of one of its rows.
        shapes: what is accepted.
        remedy: what the error advises; empty: to rename the columns or choose another reader.
    """
    accepted = " or ".join("(" + ", ".join("|".join(names) for names in shape.values()) + ")" for shape in shapes)
    return LineageError(
        f"{file}: found the columns {', '.join(found) or 'none'}; accepted are {accepted}. "
        f"{remedy or 'Rename its columns, or choose another reader for this source in params.yaml'}"
    )


def text(value: Any) -> str | None:
    """A scalar as stripped text, None and NaN as "", anything else as None: it is not text."""
    if value is None or value != value:  # Parquet's empty figures come as NaN
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int | float | date) and not isinstance(value, bool) else None
