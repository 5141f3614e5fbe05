"""The columns that a reader knows, under whatever name a file gives them.

    for row in shaped(rows(folder), [{"question": ("question", "질문"), "answer": ("answer", "답")}]):
        …   # a RawRow with values {"question": "…", "answer": "…"}, or a Rejected to pass on

A single row without the columns is Rejected; a file in which no row has them is a drifted schema and a
LineageError, which lists what was found and what is accepted.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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

# Columns by which a file is known that another reader reads: these are never met by chance.
ELSEWHERE = {
    "preferences": (("chosen", "rejected"),),
    "conversations": (("messages",), ("conversations",)),
    "instructions": (("instruction", "output"),),
}
Found = Mapping[str, Any]  # the columns of a row by their folded names


def shaped(
    source: Iterable[RawRow | Rejected],
    shapes: Sequence[Shape],
    optional: Shape | None = None,
    *,
    remedy: str = "",
    whole: Collection[str] = (),
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
        whole: required columns that come out as they are: lists, and not text.

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
            seen = f"found {', '.join(map(str, row.values)) or 'none'}"
            way = ". ".join(filter(None, (seen, _other_reader(row.values, shapes))))
            yield Rejected(row.origin, "a row without the columns", way)
            continue
        fitted = True
        yield _named(row, found, twice, present, optional or {}, whole)
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
    row: RawRow,
    found: Found,
    twice: Mapping[str, str],
    present: Sequence[Shape],
    optional: Shape,
    whole: Collection[str],
) -> RawRow | Rejected:
    """A row under the reader's names.

    Args:
        row: as the file has it.
        found: its columns by their folded names.
        twice: what those say that stand there twice.
        present: the shapes whose columns are there.
        optional: columns that it may have besides.
        whole: required columns that may be something else than text.
    """
    empty: list[str] = []
    for shape in present:
        read = {name: _column(found, names) for name, names in shape.items()}
        values = {name: found.get(column) for name, column in read.items()}
        texts = {name: _as_is(value) if name in whole else text(value) for name, value in values.items()}
        if wrong := [name for name, value in texts.items() if value is None]:
            return Rejected(row.origin, f"{wrong[0]} is not text", _found(found[read[wrong[0]]]))
        empty = [name for name, value in texts.items() if not value]
        if not empty:
            more = {name: _column(found, names) for name, names in optional.items()}
            if said := next((twice[column] for column in (*read.values(), *more.values()) if column in twice), ""):
                return Rejected(row.origin, "a column name given twice", said)
            row.leave({*read.values(), *more.values()})
            return replace(row, values={name: found.get(column) for name, column in more.items()} | texts)
    return Rejected(row.origin, f"{empty[0]} is empty", "fill it in, or leave the row out")


def _found(value: Any) -> str:
    turns = isinstance(value, list) and value and isinstance(value[0], dict) and {"role", "from"} & set(value[0])
    return f"found {value!r:.80}" + ("; turns are read by `reader: conversations`" if turns else "")


def _as_is(value: Any) -> Any:
    """A value that is a list or a text, "" where it holds nothing."""
    return value if isinstance(value, list | dict) and value else text(value or "")


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
    remedy = ". ".join(filter(None, (remedy, _other_reader(found, shapes))))
    accepted = " or ".join("(" + ", ".join("|".join(names) for names in shape.values()) + ")" for shape in shapes)
    return LineageError(
        f"{file}: found the columns {', '.join(found) or 'none'}; accepted are {accepted}. "
        f"{remedy or 'Rename its columns, or choose another reader for this source in params.yaml'}"
    )


def _other_reader(found: Iterable[str], shapes: Iterable[Shape]) -> str:
    """The reader whose columns these are, where one is known by them; "" otherwise."""
    there = {folded(str(name)) for name in found}
    known = {name for shape in shapes for names in shape.values() for name in names}
    for reader, columns in ELSEWHERE.items():
        if any(there.issuperset(names) and known.isdisjoint(names) for names in columns):
            return f"Its rows are read by `reader: {reader}`; choose it for this source in params.yaml"
    return ""


def text(value: Any) -> str | None:
    """A scalar as stripped text, None and NaN as "", anything else as None: it is not text."""
    if value is None or value != value:  # Parquet's empty figures come as NaN
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int | float | date) and not isinstance(value, bool) else None
