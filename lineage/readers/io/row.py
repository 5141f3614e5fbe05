"""A raw row and the place that it came from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineage.readers.io.members import Member
from lineage.readers.io.unread import UnreadColumns
from lineage.records.record import Rejected

SKIPPED = "repair the row; the rows before and after it were read"


@dataclass(frozen=True, slots=True)
class RawRow:
    """One raw row.

    around: what a JSON file says before the list that the row stands in.
    aside: columns of the row that another one was named in place of.
    unread: where the columns that nobody read are counted; None: nowhere.
    """

    origin: dict[str, Any]
    values: dict[str, Any]
    around: dict[str, Any] = field(default_factory=dict)
    aside: Mapping[str, Any] | None = None
    unread: UnreadColumns | None = field(default=None, repr=False, compare=False)

    def leave(self, read: Collection[str]) -> None:
        """Count the columns that hold a value, but for those that were read, by their folded names."""
        if self.unread:
            self.unread.count(self.values, read)
            self.unread.count(self.aside or {})


def object_row(entry: Member, number: int, value: Any, around: dict[str, Any] | None = None) -> RawRow | Rejected:
    """The row that a value of a list is; one that is not an object is Rejected.

    Args:
        entry: the file that it stands in.
        number: of the row in the file, from 1.
        value: decoded JSON.
        around: what the file says before the list; None: nothing.
    """
    origin = {"file": entry.name, "row": number}
    if not isinstance(value, dict):
        return Rejected(origin, "a row that is not an object", f"found {value!r:.80}")
    return RawRow(origin, value, around or {})


def named_row(origin: dict[str, Any], header: Sequence[str], cells: Sequence[str]) -> RawRow | Rejected:
    """The row of a table whose columns have these names; one that says two things under one name is Rejected."""
    values: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if name and cell and (values.get(name) or cell) != cell:
            said = f"{values[name]!r:.60} and {cell!r:.60} are both {name}: give each column a name of its own"
            return Rejected(origin, "a column name given twice", said)
        values[name] = cell or values.get(name, "")
    return RawRow(origin, values)


def rowless(number: int, entry: Member) -> Iterator[Rejected]:
    """The Rejected of a file in which no row was found; none where there were `number` rows."""
    if not number:
        yield Rejected({"file": entry.name}, "a file without rows", "remove it, or fetch it again")
