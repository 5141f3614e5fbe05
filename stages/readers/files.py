"""Rows of JSON, JSONL, CSV and Parquet files, one at a time, each with the place it came from.

    for row in rows(folder):
        …   # Row({"file": "questions.json", "row": 12}, {"question": "…", …}), or a Rejected to pass on

A row that cannot be read, a damaged file and a file of another format are Rejected, and the rest is read.
`row` counts from 1: elements of a JSON list, lines of JSONL, data rows of CSV and Parquet.
"""

import csv
import io
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from lineage.record import Rejected
from stages.readers.archives import Entry, entries
from stages.readers.json_rows import BrokenJSON, decode, items

DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, OSError)
REPAIR = "repair the file; the rows before this place were read, those after it were not"

csv.field_size_limit(1 << 26)  # a passage may be long; an unclosed quote must still end somewhere


@dataclass(frozen=True, slots=True)
class Row:
    """One raw row. `around` holds what a JSON file says before the list that the row stands in."""

    origin: dict[str, Any]
    values: dict[str, Any]
    around: dict[str, Any] = field(default_factory=dict)


def rows(
    folder: Path,
    suffixes: Collection[str] = (".json", ".jsonl", ".csv", ".parquet"),
    into: Collection[str] = ("data",),
) -> Iterator[Row | Rejected]:
    """Every row of every file in the folder and its zip archives, in the order of names.

    suffixes: the formats to read; any other file is Rejected by name.
    into: the keys under which a JSON object may hold its list of rows.
    """
    for entry in entries(folder):
        if isinstance(entry, Rejected):
            yield entry
        elif entry.suffix not in suffixes:
            yield Rejected({"file": entry.name}, f"not a {', '.join(suffixes)} file", "move it out of this folder")
        else:
            yield from guarded(entry, lambda entry=entry: _FORMATS[entry.suffix](entry, into))  # type: ignore[misc]


def guarded(entry: Entry, read: Callable[[], Iterator[Row | Rejected]]) -> Iterator[Row | Rejected]:
    """What `read` yields, and a Rejected in place of damage that it meets."""
    try:
        yield from read()
    except BrokenJSON as error:
        yield Rejected({"file": entry.name, "line": error.line}, "invalid JSON", f"{error}; {REPAIR}")
    except DAMAGE as error:
        yield Rejected({"file": entry.name}, "a damaged file", f"{error}; {REPAIR}")


def text_of(entry: Entry) -> TextIO:
    """The file as text: UTF-8 with or without a mark, UTF-16 with one, or CP949, Korean Excel's.

    Raises:
        UnicodeError: it is none of these.
    """
    return io.TextIOWrapper(entry.open(), encoding=_encoding(entry), newline="")


def _encoding(entry: Entry) -> str:
    decoder = getincrementaldecoder("utf-8")()
    with entry.open() as stream:
        block = stream.read(1 << 20)
        if block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        try:
            while block:
                decoder.decode(block)
                block = stream.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp949"
    return "utf-8-sig"


def _row(entry: Entry, number: int, value: Any, around: dict[str, Any] | None = None) -> Row | Rejected:
    origin = {"file": entry.name, "row": number}
    if not isinstance(value, dict):
        return Rejected(origin, "a row that is not an object", f"found {value!r:.80}")
    return Row(origin, value, around or {})


def _json(entry: Entry, into: Collection[str]) -> Iterator[Row | Rejected]:
    number = 0
    with text_of(entry) as text:
        for number, (value, around) in enumerate(items(text, into), 1):
            yield _row(entry, number, value, around)
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")


def _jsonl(entry: Entry, into: Collection[str]) -> Iterator[Row | Rejected]:
    number = 0
    with text_of(entry) as text:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                value = decode(line)
            except BrokenJSON as error:
                yield Rejected({"file": entry.name, "row": number}, "invalid JSON", f"{error}; repair the line")
                continue
            yield _row(entry, number, value)
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")


def _csv(entry: Entry, into: Collection[str]) -> Iterator[Row | Rejected]:
    with text_of(entry) as text:
        lines = csv.reader(text, strict=True)
        header: list[str] = []
        number = 0
        while True:
            try:
                cells = next(lines, None)
            except csv.Error as error:
                number += 1
                yield Rejected(
                    {"file": entry.name, "row": number},
                    "a row that is not CSV",
                    f"{error} before line {lines.line_num + 1}; an open quote takes the rows after it along",
                )
                continue
            if cells is None:
                break
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = cells
                continue
            number += 1
            if len(cells) > len(header):
                yield Rejected(
                    {"file": entry.name, "row": number},
                    "more cells than columns",
                    f"{len(cells)} cells under {len(header)} columns: put the text with a comma in quotes",
                )
            else:
                yield _row(entry, number, dict(zip(header, cells, strict=False)))
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")


def _parquet(entry: Entry, into: Collection[str]) -> Iterator[Row | Rejected]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    with entry.open() as stream:
        try:
            for batch in pyarrow.parquet.ParquetFile(stream).iter_batches(batch_size=1024):
                for value in batch.to_pylist():
                    number += 1
                    yield _row(entry, number, value)
        except pyarrow.ArrowException as error:
            raise EOFError(str(error)) from error
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")


_FORMATS = {".json": _json, ".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}
