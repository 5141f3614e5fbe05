"""A source's folder as its reader is given it: what its columns are called, and a count of those that nobody reads.

    folder = RawFolder(path, known={"prompt": ("prompt", "question"), …}, columns={"prompt": "sentence"})
    for row in shaped(rows(folder), [SHAPE]):
        …                       # what the files call `sentence` is found as `prompt`
    folder.unread.rows          # {"score": 1200}: rows with a score, which went into no record

A reader knows a column by several names, as files call it (a Shape). What `columns:` of a source names takes their
place: the others are then not looked for, and counted as unread.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lineage.core.errors import LineageError
from lineage.readers.io.row import RawRow
from lineage.readers.io.unread import UnreadColumns, folded
from lineage.records.record import Rejected

Shape = Mapping[str, Sequence[str]]  # the reader's name of a column → what files call it


@dataclass(frozen=True, slots=True)
class RawFolder:
    """A folder of raw files. known: the columns of its reader. columns: the reader's name of one → the file's."""

    path: Path
    known: Shape = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    unread: UnreadColumns = field(default_factory=UnreadColumns)


def again(folder: Path | RawFolder) -> Path | RawFolder:
    """The folder for a second reading: its unread columns are counted in the first."""
    return replace(folder, unread=UnreadColumns()) if isinstance(folder, RawFolder) else folder


def named(folder: RawFolder, source: Iterator[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """Rows under the names that the reader looks for; what it leaves of them is counted in `folder.unread`.

    Raises:
        LineageError: no row of a file has a column that `folder.columns` names.
    """
    file, missing, seen = "", set[str](), list[str]()
    for row in source:
        if row.origin["file"] != file:
            _check(file, missing, seen)
            file, missing, seen = row.origin["file"], set(folder.columns.values()), []
        if isinstance(row, RawRow):
            seen = seen or list(row.values)
            found = {folded(str(name)): name for name in row.values}
            missing = {name for name in missing if folded(name) not in found}
            row = _renamed(row, folder, found) if folder.columns else replace(row, unread=folder.unread)
        yield row
    _check(file, missing, seen)


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
            f"{file}: no row has the column {', '.join(sorted(missing))}, which `columns` of its source in params.yaml "
            f"names; found {', '.join(map(str, seen))[:300]}. Correct the name there"
        )
