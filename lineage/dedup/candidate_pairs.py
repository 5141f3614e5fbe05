"""Which rows may be near-duplicates: those that share a band of their signatures, found a part of the keys at a time.

Memory: two bits a row, and a few parts of about 130,000 rows. Whether two rows are a pair follows from their two
sources alone: a crowd, many rows of one source behind one key, is a template, and its rows are not compared there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lineage.core.parted_rows import PartedRows, by_hash, parts_of
from lineage.dedup import text_similarity
from lineage.dedup.signatures import BANDS, Signatures

CROWD = 20  # so many rows of one source behind one band key are a template: they are not compared with each other
COMPARED = 50_000  # pairs at once
SAME = np.dtype([("near", "u8"), ("near_rest", "u8"), ("exact", "u8"), ("row", "u8")])
BANDED = np.dtype([("key", "u8"), ("near", "u8"), ("row", "u4"), ("source", "u2")])


class RowBits:
    """A set of rows by number, a bit each."""

    def __init__(self, rows: int) -> None:
        self._bits = np.zeros(rows // 8 + 2, np.uint8)

    def add(self, rows: np.ndarray) -> None:
        """Put rows into the set."""
        place = rows.astype(np.int64)
        np.bitwise_or.at(self._bits, place >> 3, (128 >> (place & 7)).astype(np.uint8))

    def of(self, first: int, count: int) -> np.ndarray:
        """Whether each of some successive rows is in it, bool [count]."""
        start = first // 8
        bits = np.unpackbits(self._bits[start : (first + count) // 8 + 1])
        return bits[first - 8 * start :][:count].astype(bool)


@dataclass(frozen=True, slots=True)
class SameRows:
    """The rows of one class, in order, and whether they are equal but for spelling."""

    rows: np.ndarray
    exact: bool


def classes(signatures: Signatures, first: RowBits) -> Iterator[SameRows]:
    """Every set of two and more rows that say the same; `first` gets the first row of each class in each source.

    Args:
        signatures: of all rows.
        first: an empty set; it also gets the rows that say what no other says.
    """
    table = PartedRows(SAME, parts_of(signatures.rows))
    for block in signatures.blocks("near", "near_rest", "exact"):
        rows = np.empty(len(block.rows), SAME)
        rows["row"] = block.rows
        for name, column in block.columns.items():
            rows[name] = column
        table.add(rows, by_hash(rows["near"], table.parts))
    for part in table:
        rows = np.concatenate(list(part))
        rows = rows[np.lexsort((rows["near_rest"], rows["near"]))]  # stable: in a class, in the order of their numbers
        new = _changes(rows["near"]) | _changes(rows["near_rest"])
        first.add(rows["row"][new | _changes(signatures.sources(rows["row"]))])
        starts = np.flatnonzero(new)
        ends = np.append(starts[1:], len(rows))
        several = ends - starts > 1
        for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
            exact = rows["exact"][start:end]
            yield SameRows(rows["row"][start:end], bool((exact == exact[0]).all()))


def candidates(signatures: Signatures, first: RowBits, crowded: RowBits) -> Iterator[tuple[int, int]]:
    """Pairs of rows that may be near-duplicates, in order, the first row of each class in each source standing for it.

    Args:
        signatures: of all rows.
        first: the rows that stand for a class, or for themselves.
        crowded: an empty set; it gets the rows that stood in a crowd.
    """
    pairs = PartedRows(np.dtype("u8"), parts_of(signatures.rows))
    for band in range(BANDS):
        for found in _of_band(signatures, band, first, crowded):
            pairs.add(
                found, ((found >> np.uint64(32)) * np.uint64(pairs.parts) // np.uint64(signatures.rows)).astype(int)
            )
    for part in pairs:
        for pair in np.unique(np.concatenate([np.unique(block) for block in part])).tolist():
            yield pair >> 32, pair & 0xFFFFFFFF


def _of_band(signatures: Signatures, band: int, first: RowBits, crowded: RowBits) -> Iterator[np.ndarray]:
    """Pairs that share a key of one band, one number each; a pair may come again in another band."""
    table = PartedRows(BANDED, parts_of(signatures.rows))
    for block in signatures.blocks("near", f"band{band}"):
        kept = first.of(block.first, len(block.rows))
        rows = np.empty(int(kept.sum()), BANDED)
        rows["key"], rows["near"] = block.columns[f"band{band}"][kept], block.columns["near"][kept]
        rows["row"], rows["source"] = block.rows[kept], block.source
        table.add(rows, by_hash(rows["key"], table.parts))
    for part in table:
        # A crowd may be most of the rows: of each block's as many are kept as tell the whole part that it is one.
        rows = np.concatenate([_without_crowds(block, crowded, CROWD + 1) for block in part])
        rows = _without_crowds(rows, crowded, 0)
        new = _changes(rows["key"])
        rows = rows[~(new & np.append(new[1:], True))]
        yield from _promising_pairs(rows, signatures.sketches(rows["row"]))


def _without_crowds(rows: np.ndarray, crowded: RowBits, witnesses: int) -> np.ndarray:
    """The rows by key and source, of each crowd only the first few; all rows of a crowd are noted."""
    rows = rows[np.lexsort((rows["source"], rows["key"]))]
    new = _changes(rows["key"]) | _changes(rows["source"])
    group = np.cumsum(new) - 1
    crowd = np.bincount(group)[group] > CROWD if len(rows) else new
    crowded.add(rows["row"][crowd])
    place = np.arange(len(rows)) - np.flatnonzero(new)[group]
    return rows[~crowd | (place < witnesses)]


def _promising_pairs(rows: np.ndarray, sketch: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs of rows with one key and different classes whose estimated similarity is not far below what is asked."""
    for apart in range(1, len(rows)):
        near_each_other = np.flatnonzero(rows["key"][apart:] == rows["key"][:-apart])
        if not len(near_each_other):
            return
        for start in range(0, len(near_each_other), COMPARED):
            one = near_each_other[start : start + COMPARED]
            other = one + apart
            estimate = (sketch[one] == sketch[other]).mean(axis=1)
            good = (rows["near"][one] != rows["near"][other]) & (estimate > text_similarity.ALIKE - 0.15)
            a, b = rows["row"][one[good]].astype(np.uint64), rows["row"][other[good]].astype(np.uint64)
            yield np.minimum(a, b) << np.uint64(32) | np.maximum(a, b)


def _changes(column: np.ndarray) -> np.ndarray:
    """Whether a cell differs from the one before, bool [rows]; the first does."""
    return np.append([True], column[1:] != column[:-1]) if len(column) else np.empty(0, bool)
