"""A source's folder as its reader is given it: what its columns are called, and a count of those that nobody reads.

    folder = RawFolder(path, known={"prompt": ("prompt", "question"), …}, columns={"prompt": "sentence"})
    for row in shaped(rows(folder), [SHAPE]):
        …                       # what the files call `sentence` is found as `prompt`
    folder.unread.rows          # {"score": 1200}: rows with a score, which went into no record

A reader knows a column by several names, as files call it (a Shape). What `columns:` of a source names takes their
place: the others are then not looked for, and counted as unread.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.readers.io.row import RawRow
from lineage.readers.io.unread import UnreadColumns, folded
from lineage.records.record import Rejected

OF_ANOTHER_PART = "a row of another part"
Shape = Mapping[str, Sequence[str]]  # the reader's name of a column → what files call it


@dataclass(frozen=True, slots=True)
class RawFolder:
    """A folder of raw files.

    known: the columns of its reader. columns: the reader's name of one → the file's.
    only: a column of the files → the values, as text, of the rows that are read.
    """

    path: Path
    known: Shape = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, Collection[str]] = field(default_factory=dict)
    unread: UnreadColumns = field(default_factory=UnreadColumns)


def again(folder: Path | RawFolder) -> Path | RawFolder:
    """The folder for a second reading: its unread columns are counted in the first."""
    return replace(folder, unread=UnreadColumns()) if isinstance(folder, RawFolder) else folder


def named(folder: RawFolder, source: Iterator[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """Rows under the names that the reader looks for; what it leaves of them is counted in `folder.unread`.

    A row that `folder.only` does not ask for is Rejected.

    Raises:
        LineageError: no row of a file has a column that `folder.columns` or `folder.only` names.
    """
    file, missing, seen = "", set[str](), list[str]()
    for row in source:
        if row.origin["file"] != file:
            _check(file, missing, seen)
            file, missing, seen = row.origin["file"], {*folder.columns.values(), *folder.only}, []
        if isinstance(row, RawRow):
            seen = seen or list(row.values)
            found = {folded(str(name)): name for name in row.values}
            missing = {name for name in missing if folded(name) not in found}
            row = _chosen(row, folder, found)
        if isinstance(row, RawRow):
            row = _renamed(row, folder, found) if folder.columns else replace(row, unread=folder.unread)
        yield row
    _check(file, missing, seen)


def _chosen(row: RawRow, folder: RawFolder, found: Mapping[str, str]) -> RawRow | Rejected:
    """The row, without columns that it was chosen by and that its reader does not know; or why it is not read."""
    for column, wanted in folder.only.items():
        value = row.values.get(found.get(folded(column), ""))
        if text_of(value) not in wanted:
            said = f"{column} is {value!r:.40}, and `only` of the source asks for {', '.join(sorted(wanted))}"
            return Rejected(row.origin, OF_ANOTHER_PART, said)
    names = {folded(name) for known in folder.known.values() for name in known}
    names |= {folded(called) for called in folder.columns.values()}
    chosen_by = {found[folded(column)] for column in folder.only} if folder.only else set()
    aside = {name for name in chosen_by if folded(name) not in names}
    return replace(row, values={k: v for k, v in row.values.items() if k not in aside}) if aside else row


def text_of(value: Any) -> str:
    """A value as `only` writes it: 1, "1" and 1.0 are one."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", str(value).strip())


def _renamed(row: RawRow, folder: RawFolder, found: Mapping[str, str]) -> RawRow:
    """The row with its columns as `folder.columns` says. found: what names of columns come to → as the row has them."""
    there = {
        name: called if called in row.values else found[folded(called)]
        for name, called in folder.columns.items()
        if folded(called) in found
    }
    others = {folded(other) for name in folder.columns for other in folder.known[name]}
    rest = {name: value for name, value in row.values.items() if name not in there.values()}
    aside = {name: value for name, value in rest.items() if folded(str(name)) in others}
    kept = {name: value for name, value in rest.items() if name not in aside}
    mapped = {folder.known[name][0]: row.values[called] for name, called in there.items()}
    return replace(row, values=kept | mapped, aside=aside, unread=folder.unread)


def _check(file: str, missing: Collection[str], seen: Sequence[str]) -> None:
    if missing and seen:
        raise LineageError(
            f"{file}: no row has the column {', '.join(sorted(missing))}, which `columns` or `only` of its source in "
            f"params.yaml names; found {', '.join(map(str, seen))[:300]}. Correct the name there"
        )
