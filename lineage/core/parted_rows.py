"""Rows of numbers, more than memory should hold: put into parts as they come, and given back a part at a time.

    rows = PartedRows(np.dtype([("key", "u8"), ("row", "u4")]), parts_of(total))
    rows.add(block, by_hash(block["key"], rows.parts))
    for part in rows:                # equal keys are in one part, and parts come in the order of their numbers
        block = np.concatenate(list(part))

The few of a small lineage never leave memory. More are written below `.state/scratch`, and removed when nobody holds
the table any longer.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from lineage.core.paths import STATE

HELD = 1 << 17  # rows that wait in memory, and those of a block that is given back


class PartedRows:
    """A table of rows of one type, in parts that the writer names. Memory: `HELD` rows, whatever the table holds."""

    def __init__(self, dtype: np.dtype, parts: int) -> None:
        self.dtype, self.parts = dtype, parts
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self._held = 0
        self._folder: Path | None = None

    def add(self, rows: np.ndarray, part: np.ndarray) -> None:
        """Append rows; `part` [rows] says which part each belongs to, from 0."""
        self._waiting.append((rows, part))
        self._held += len(rows)
        if self._held >= HELD:
            self._write()

    def __iter__(self) -> Iterator[Iterator[np.ndarray]]:
        """Each part that has rows, as blocks of at most `HELD`; rows of a part come in the order they were added."""
        if self._folder is None:
            yield from (iter((rows,)) for _, rows in self._by_part())
            return
        self._write()
        for part in range(self.parts):
            if (file := self._folder / str(part)).is_file():
                yield self._blocks(file)

    def _blocks(self, file: Path) -> Iterator[np.ndarray]:
        with file.open("rb") as stream:
            while len(block := np.fromfile(stream, self.dtype, HELD)):
                yield block

    def _by_part(self) -> Iterator[tuple[int, np.ndarray]]:
        """What waits, a part at a time."""
        if not self._waiting:
            return
        rows = np.concatenate([rows for rows, _ in self._waiting])
        part = np.concatenate([part for _, part in self._waiting])
        order = np.argsort(part, kind="stable")
        rows, part = rows[order], part[order]
        edges = [0, *(np.flatnonzero(part[1:] != part[:-1]) + 1).tolist(), len(part)]
        for start, end in pairwise(edges):
            if start < end:
                yield int(part[start]), rows[start:end]

    def _write(self) -> None:
        if self._folder is None:
            scratch = STATE / "scratch"
            scratch.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="rows-", dir=scratch.absolute()))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        for part, rows in self._by_part():
            with (self._folder / str(part)).open("ab") as file:
                rows.tofile(file)
        self._waiting, self._held = [], 0


def parts_of(total: int) -> int:
    """Into how many parts a table of so many rows goes, so that one is about a block."""
    return total // HELD + 1


def by_hash(keys: np.ndarray, parts: int) -> np.ndarray:
    """The part of each key, uint64 [n]: parts are ranges of the keys, so that they come in the keys' order."""
    return ((keys >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32)).astype(np.int64)
