"""Columns that held a value and went into no record, counted by their names in the file: nothing is dropped unseen."""

import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

MOST_NAMES = 1000  # objects whose names are data must not fill the memory
OTHERS = "(columns of other names)"
UNNAMED = "(a column without a name)"


@dataclass(frozen=True, slots=True)
class UnreadColumns:
    """rows: the name of a column → how many rows held a value in it that nobody read."""

    rows: Counter[str] = field(default_factory=Counter)

    def count(self, values: Mapping[str, Any], read: Collection[str] = ()) -> None:
        """Count a row's columns that hold a value, but for those that were read, by their folded names."""
        for name, value in values.items():
            if folded(str(name)) not in read and not _empty(value):
                shown = " ".join(str(name).split())[:80] or UNNAMED
                self.rows[shown if shown in self.rows or len(self.rows) < MOST_NAMES else OTHERS] += 1


def _empty(value: Any) -> bool:
    return value is None or value != value or (not value.strip() if isinstance(value, str) else value in ([], {}))


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """What two names of one column come to: case and outer spaces aside."""
    return unicodedata.normalize("NFC", name).strip().casefold()
