"""Rows of tables and JSON files, one at a time, each with the place it came from.

    for row in rows(folder):
        …   # RawRow({"file": "questions.json", "row": 12}, {"question": "…", …}), or a Rejected to pass on

JSON, lines of JSON (.jsonl, .ndjson), text tables (.csv, .tsv, .tab, a .txt with tabs), Parquet, Arrow, Excel. A row
that cannot be read, a damaged file and a file of another format are Rejected, and the rest is read.
`row` counts from 1: elements of a JSON list, lines of JSONL, data rows of tables, Excel's own numbers.
"""

import json
import lzma
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePosixPath

from lineage.readers.io.archives import entries
from lineage.readers.io.arrow_rows import arrow_rows
from lineage.readers.io.delimited import is_table, table_rows
from lineage.readers.io.json_rows import UnreadList, items
from lineage.readers.io.json_window import BrokenJSON, decode
from lineage.readers.io.members import Member
from lineage.readers.io.raw_folder import RawFolder, named
from lineage.readers.io.row import SKIPPED, RawRow, object_row, rowless
from lineage.readers.io.text_stream import HALF, Watched, damage_in, text_of
from lineage.records.record import Rejected

# A RecursionError is a file that nests its values thousands deep.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, UnicodeError, OSError, RecursionError),
)
REPAIR = "repair the file; the rows before this place were read, those after it were not"
REMEDIES = {
    **dict.fromkeys(
        (".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".alz", ".egg", ".z01", ".tar", ".zip"), "unpack it here"
    ),
    **dict.fromkeys((".xls", ".xlsb", ".ods"), "save it as .xlsx"),
}
JSON = (".json", ".jsonl", ".ndjson")
TABLES = (*JSON, ".csv", ".tsv", ".parquet", ".arrow", ".xlsx")
ALSO = (".tab", ".txt", ".feather")  # read where tables are, and not worth a word in a message
# What `datasets` writes beside the rows of a saved set, and the hub beside those of a repository.
ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json")


def rows(
    folder: Path | RawFolder, suffixes: Collection[str] = TABLES, into: Collection[str] = ("data",)
) -> Iterator[RawRow | Rejected]:
    """Every row of every file in the folder and its zip archives, in the order of names.

    folder: of a RawFolder the columns are called as its source says, and counted where nobody reads them.
    suffixes: the formats to read; any other file is Rejected by name.
    into: the keys under which a JSON object may hold its list of rows.
    """
    if isinstance(folder, RawFolder):
        yield from named(folder, rows(folder.path, suffixes, into))
        return
    saved: set[str] = set()  # folders that `datasets` saved a set into
    for entry in entries(folder):
        if isinstance(entry, Rejected):
            yield entry
            continue
        path = PurePosixPath(entry.name)
        saved |= {str(path.parent)} if entry.suffix == ".arrow" else set()
        if path.name in ABOUT or (path.name == "state.json" and str(path.parent) in saved):
            yield Rejected({"file": entry.name}, "a file about the rows, without rows", "it may stay; nothing is lost")
        elif entry.suffix in suffixes or (entry.suffix in ALSO and ".csv" in suffixes):
            yield from guarded(entry, lambda entry=entry: _FORMATS[entry.suffix](entry, into))  # type: ignore[misc]
        else:
            remedy = REMEDIES.get(entry.suffix, "move it out of this folder")
            yield Rejected({"file": entry.name}, f"not a {', '.join(suffixes)} file", remedy)


def guarded(entry: Member, read: Callable[[], Iterator[RawRow | Rejected]]) -> Iterator[RawRow | Rejected]:
    """What `read` yields, and a Rejected in place of damage that it meets."""
    try:
        yield from read()
    except BrokenJSON as error:
        yield Rejected({"file": entry.name, "line": error.line}, error.reason, f"{error}; {REPAIR}")
    except DAMAGE as error:
        yield Rejected({"file": entry.name}, "a damaged file", f"{error}; {REPAIR}")


def _json(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    number = 0
    with text_of(entry, "surrogateescape") as text:
        watched = Watched(text)
        for number, (value, around) in enumerate(items(watched, into), 1):
            origin = {"file": entry.name, "row": number}
            if isinstance(value, UnreadList):
                here = {"file": entry.name}
                yield Rejected(here, "rows under a name that is not read", f"{value}; rename it", rows=value.rows)
            elif isinstance(value, BrokenJSON):
                yield Rejected(origin | {"line": value.line}, value.reason, f"{value}; {SKIPPED}")
            elif watched.damaged and (wrong := damage_in(json.dumps([value, around], ensure_ascii=False))):
                yield Rejected(origin, "a damaged row", f"{wrong}; {SKIPPED}")
            else:
                yield object_row(entry, number, value, around)
    yield from rowless(number, entry)


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
                wrong = damage_in(line) or str(error).partition(": ")[2]
                yield Rejected(origin, error.reason, f"{wrong}; {SKIPPED}")
                continue
            if wrong := damage_in(json.dumps(value, ensure_ascii=False) if HALF.search(line) else line):
                yield Rejected(origin, "a damaged row", f"{wrong}; {SKIPPED}")
            else:
                yield object_row(entry, number, value)
        else:
            yield from rowless(number, entry)
            return
    yield from _json(entry, into)


def _table(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    yield from table_rows(entry)


def _txt(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    if is_table(entry):
        yield from table_rows(entry)
    else:
        yield Rejected({"file": entry.name}, "a text file that is no table", "move it out of this folder")


def _arrow(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    yield from arrow_rows(entry)


def _xlsx(entry: Member, into: Collection[str]) -> Iterator[RawRow | Rejected]:
    from lineage.readers.io.xlsx import sheet_rows

    yield from sheet_rows(entry)


_FORMATS: dict[str, Callable[[Member, Collection[str]], Iterator[RawRow | Rejected]]] = {
    ".json": _json,
    **dict.fromkeys((".jsonl", ".ndjson"), _jsonl),
    **dict.fromkeys((".csv", ".tsv", ".tab"), _table),
    ".txt": _txt,
    **dict.fromkeys((".parquet", ".arrow", ".feather"), _arrow),
    ".xlsx": _xlsx,
}
