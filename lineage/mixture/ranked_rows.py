"""Rows in the order of a rank, a number in [0, 1), whatever their number: one of 256 ranges of ranks is in memory."""

from collections.abc import Iterator

import numpy as np

from lineage.core.parted_rows import PartedRows

RANGES = 256
RANKED = np.dtype([("rank", "f8"), ("place", "i8"), ("depth", "u2"), ("source", "u2")])
BATCH = 1 << 12


class RankedRows:
    """Places of rows by rank; of equal ranks by depth, then as they were added."""

    def __init__(self) -> None:
        self._table = PartedRows(RANKED, RANGES)
        self._batch: list[tuple[float, int, int, int]] = []

    def add(self, rank: float, place: int, depth: int = 0, source: int = 0) -> None:
        """Append a row.

        Args:
            rank: from 0 to 1; best is the least.
            place: in the file of its source, in bytes.
            depth: a number that comes back with the row and orders equal ranks.
            source: another one, which orders nothing.
        """
        self._batch.append((rank, place, depth, source))
        if len(self._batch) == BATCH:
            self._hand_on()

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Place, depth and source of each row, best rank first."""
        self._hand_on()
        for part in self._table:
            rows = np.concatenate(list(part))
            rows = rows[np.lexsort((rows["depth"], rows["rank"]))]
            yield from zip(*(rows[name].tolist() for name in ("place", "depth", "source")), strict=True)

    def _hand_on(self) -> None:
        rows = np.array(self._batch, RANKED)
        self._table.add(rows, np.minimum((rows["rank"] * RANGES).astype(np.int64), RANGES - 1))
        self._batch = []
