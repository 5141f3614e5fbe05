"""Rows of JSON, JSONL, CSV, Parquet and Excel files, one at a time, each with the place it came from.

    for row in rows(folder):
        …   # RawRow({"file": "questions.json", "row": 12}, {"question": "…", …}), or a Rejected to pass on

A row that cannot be read, a damaged file and a file of another format are Rejected, and the rest is read.
`row` counts from 1: elements of a JSON list, lines of JSONL, data rows of CSV and Parquet, Excel's own numbers.
"""

import csv
import io
import json
import lzma
import re
import zipfile
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TextIO

from lineage.readers.io.archives import entries
from lineage.readers.io.json_rows import UnreadList, items
from lineage.readers.io.json_window import BrokenJSON, decode
from lineage.readers.io.members import Member
from lineage.readers.io.row import RawRow, named_row, object_row
from lineage.records.record import Rejected

# A RecursionError is a file that nests its values thousands deep.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, UnicodeError, OSError, RecursionError),
)
REPAIR = "repair the file; the rows before this place were read, those after it were not"
SKIPPED = "repair the row; the rows before and after it were read"
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a character beyond U+FFFF, written as two escapes
PACKED = (".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".alz", ".egg", ".z01", ".tar", ".zip")
csv.field_size_limit(1 << 26)  # a passage may be long; an unclosed quote must still end somewhere


def rows(
    folder: Path,
    suffixes: Collection[str] = (".json", ".jsonl", ".csv", ".parquet"),
    into: Collection[str] = ("data",),
) -> Iterator[RawRow | Rejected]:
    """Every row of every file in the folder and its zip archives, in the order of names.

    suffixes: the formats to read; any other file is Rejected by name.
    into: the keys under which a JSON object may hold its list of rows.
    """
    for entry in entries(folder):
        if isinstance(entry, Rejected):
            yield entry
        elif entry.suffix not in suffixes:
            remedy = "unpack it here" if entry.suffix in PACKED else "move it out of this folder"
            yield Rejected({"file": entry.name}, f"not a {', '.join(suffixes)} file", remedy)
        else:
            yield from guarded(entry, lambda entry=entry: _FORMATS[entry.suffix](entry, into))  # type: ignore[misc]


def guarded(entry: Member, read: Callable[[], Iterator[RawRow | Rejected]]) -> Iterator[RawRow | Rejected]:
    """What `read` yields, and a Rejected in place of damage that it meets."""
    try:
        yield from read()
    except BrokenJSON as error:
        yield Rejected({"file": entry.name, "line": error.line}, "invalid JSON", f"{error}; {REPAIR}")
    except DAMAGE as error:
        yield Rejected({"file": entry.name}, "a damaged file", f"{error}; {REPAIR}")


def text_of(entry: Member, errors: str = "strict") -> TextIO:
    """The file as text: UTF-8 with or without a mark, UTF-16, or CP949, Korean Excel's.

    Raises:
        UnicodeError: it is none of these; also while reading, at a damaged byte, unless `errors` says otherwise.
    """
    return io.TextIOWrapper(entry.open(), encoding=_encoding(entry), errors=errors, newline="")


def _encoding(entry: Member) -> str:
    """Told by the first megabyte that is not all ASCII; what follows it can only be damage."""
    decoder = getincrementaldecoder("utf-8")()
    with entry.open() as stream:
        block = stream.read(1 << 20)
        if block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        if len(block) > 1 and 0 in block[:2]:
            return "utf-16-be" if block[0] == 0 else "utf-16-le"
        while block:
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                korean = len(before) - len(before.decode("ascii", "ignore"))
                return "utf-8-sig" if korean > 64 else "cp949"  # so much is never UTF-8 by chance: a byte is damaged
            if not block.isascii():
                break
            block = stream.read(1 << 20)
    return "utf-8-sig"


def _damaged(text: str) -> str:
    """What is wrong with a text that was decoded with `surrogateescape`; "" if nothing."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        near = text[max(0, error.start - 20) : error.start + 20]
        return f"half a character, or a byte that is none, in {near!a}"
    return ""


class _Watched:
    """A text that notes whether half a character has come by: looking at every row would cost more than reading it."""

    def __init__(self, text: TextIO) -> None:
        self.text, self.damaged, self.end = text, False, ""

    def read(self, size: int = -1, /) -> str:
        found = self.text.read(size)
        near, self.end = self.end + found, found[-5:]
        self.damaged = self.damaged or bool(_damaged(found) or ("\\u" in near and HALF.search(near)))
        return found


def _json(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    number = 0
    with text_of(entry, "surrogateescape") as text:
        watched = _Watched(text)
        for number, (value, around) in enumerate(items(watched, into), 1):
            origin = {"file": entry.name, "row": number}
            if isinstance(value, UnreadList):
                here = {"file": entry.name}
                yield Rejected(here, "rows under a name that is not read", f"{value}; rename it", rows=value.rows)
            elif isinstance(value, BrokenJSON):
                yield Rejected(origin | {"line": value.line}, "invalid JSON", f"{value}; {SKIPPED}")
            elif watched.damaged and (wrong := _damaged(json.dumps([value, around], ensure_ascii=False))):
                yield Rejected(origin, "a damaged row", f"{wrong}; {SKIPPED}")
            else:
                yield object_row(entry, number, value, around)
    yield from _none_but(number, entry)


def _jsonl(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    number = 0
    with text_of(entry, "surrogateescape") as text:
        for number, line in enumerate(text, 1):
            if not line.strip(" \t\r\n\ufeff"):
                continue
            if number == 1 and line.strip() in ("[", "{", "[{"):  # a .json file under another name
                break
            origin = {"file": entry.name, "row": number}
            try:
                value = decode(line)
            except BrokenJSON as error:
                wrong = _damaged(line) or str(error).partition(": ")[2]
                yield Rejected(origin, "invalid JSON", f"{wrong}; {SKIPPED}")
                continue
            if wrong := _damaged(json.dumps(value, ensure_ascii=False) if HALF.search(line) else line):
                yield Rejected(origin, "a damaged row", f"{wrong}; {SKIPPED}")
            else:
                yield object_row(entry, number, value)
        else:
            yield from _none_but(number, entry)
            return
    yield from _json(entry, into)


def _none_but(number: int, entry: Member) -> Iterator[Rejected]:
    """The Rejected of a file without any row."""
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")


def _csv(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    with text_of(entry, "surrogateescape") as text:
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
                if wrong := _damaged(",".join(cells)):
                    raise UnicodeError(wrong)
                header = cells
                continue
            number += 1
            origin = {"file": entry.name, "row": number}
            if len(cells) > len(header):
                yield Rejected(
                    origin,
                    "more cells than columns",
                    f"{len(cells)} cells under {len(header)} columns: put the text with a comma in quotes",
                )
            elif wrong := _damaged(",".join(cells)):
                yield Rejected(origin, "a damaged row", f"{wrong}; {SKIPPED}")
            else:
                yield named_row(origin, header, cells)
    yield from _none_but(number, entry)


def _parquet(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    with entry.open() as stream:
        try:
            for batch in pyarrow.parquet.ParquetFile(stream).iter_batches(batch_size=1024):
                for value in batch.to_pylist():
                    number += 1
                    yield object_row(entry, number, value)
        except (pyarrow.ArrowException, OverflowError) as error:
            raise EOFError(str(error)) from error
    yield from _none_but(number, entry)


def _xlsx(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    from lineage.readers.io.xlsx import sheet_rows

    yield from sheet_rows(entry)


_FORMATS = {".json": _json, ".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet, ".xlsx": _xlsx}
