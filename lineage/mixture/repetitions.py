"""Which rows repeat one another, from data/duplicates/clusters.jsonl, and which of them were taken already.

Memory: 24 bytes for each row that repeats another and some 60 for each pair, nothing for a row that repeats none (twice
that while the file is read); of what was taken, a bit for 128 bytes of records and 10 bytes for each text that several
rows say.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lineage.mixture.source_rows import SourceRows
from lineage.records.record import Record

GRAIN = 7  # the line of a record is longer than 2⁷ bytes, so no two begin in the same 128
NONE = -1


class Repetitions:
    """Which rows repeat one another.

    What several rows say, exactly or nearly, has a number: their text. A text as one source says it is a node if
    another one, in the same source or another, is nearly the same.
    """

    def __init__(self, lines: Iterable[dict[str, Any]] = ()) -> None:
        high, low, text = array("Q"), array("Q"), array("q")  # of every id that a line names
        sources = array("q")  # of the ids of pairs
        self._sources: dict[str, int] = {}
        self.texts = 0
        for line in lines:  # classes come before pairs
            pair = "similarity" in line
            for id in line["members"]:
                one, other = _digest(id)
                high.append(one)
                low.append(other)
                text.append(NONE if pair else self.texts)
                if pair:
                    sources.append(self._sources.setdefault(id.partition(".")[0], len(self._sources)))
            self.texts += not pair
        texts = self._name(_column(high), _column(low), _column(text))
        self._join(texts[len(texts) - len(sources) :], _column(sources))
        self._names = list(self._sources)
        self._last = ("", NONE)

    def text(self, id: str) -> int:
        """The number of what a row says; NONE if it repeats no other."""
        if not self._text or id == self._last[0]:
            return self._last[1]
        high, low = _digest(id)
        at, found = bisect_left(self._high, high), NONE
        while at < len(self._high) and self._high[at] == high:
            if self._low[at] == low:
                found = self._text[at]
            at += 1
        self._last = (id, found)
        return found

    def node(self, text: int, source: str) -> int:
        """The number of a text in a source; NONE if nothing is nearly the same."""
        name = text << 16 | self._sources.get(source, 0xFFFF)
        at = bisect_left(self._nodes, name)
        return at if at < len(self._nodes) and self._nodes[at] == name else NONE

    def source(self, node: int) -> str:
        """The source of a node."""
        return self._names[self._nodes[node] & 0xFFFF]

    @property
    def nodes(self) -> int:
        """How many there are."""
        return len(self._nodes)

    def nearly(self, node: int) -> Sequence[int]:
        """The nodes that are nearly the same, in the order of the lines."""
        return self._others[self._starts[node] : self._starts[node + 1]]

    def _name(self, high: np.ndarray, low: np.ndarray, text: np.ndarray) -> np.ndarray:
        """Give a number to what stands in pairs alone, keep each id once, and return the text of every id."""
        order = np.lexsort((low, high))  # stable: of an id, the line of its class comes before those of its pairs
        high, low = high[order], low[order]
        new = np.append([True], (high[1:] != high[:-1]) | (low[1:] != low[:-1]))[: len(order)]
        said = text[order][new]
        alone = np.flatnonzero(said == NONE)
        said[alone] = np.arange(self.texts, self.texts + len(alone))
        self.texts += len(alone)
        self._high, self._low = array("Q", high[new].tobytes()), array("Q", low[new].tobytes())
        self._text = array("q", said.tobytes())
        texts = np.empty(len(order), np.int64)
        texts[order] = said[np.cumsum(new) - 1]
        return texts

    def _join(self, texts: np.ndarray, sources: np.ndarray) -> None:
        """Make nodes of the two ends of each pair."""
        ends = texts << 16 | sources
        nodes, end = np.unique(ends, return_inverse=True)
        other = end.reshape(-1, 2)[:, ::-1].ravel()
        order = np.argsort(end, kind="stable")
        starts = np.searchsorted(end[order], np.arange(len(nodes) + 1))
        self._nodes, self._starts = array("q", nodes.tobytes()), array("q", starts.tobytes())
        self._others = array("q", other[order].tobytes())


class Taken:
    """The rows that were taken so far, and whether another one repeats them."""

    def __init__(self, repetitions: Repetitions, rows: SourceRows) -> None:
        self.repetitions, self.rows = repetitions, rows
        self._names: list[str] = []  # of sources
        self._bits: dict[str, bytearray] = {}  # by source, one for 128 bytes of its file
        self._first = array("q", [NONE]) * repetitions.texts  # the place of the first row that says it,
        self._source = array("H", [0]) * repetitions.texts  # and its source
        self._nodes = array("q", [NONE]) * repetitions.nodes  # the place of the first in the node's source

    def add(self, record: Record, at: int) -> None:
        """Remember a row; `at` is its place in its source's file, in bytes."""
        if record.source not in self._bits:
            self._names.append(record.source)
        bits, place = self._bits.setdefault(record.source, bytearray()), at >> GRAIN
        if len(bits) <= place >> 3:
            bits.extend(bytes((place >> 3) + 4096 - len(bits)))
        bits[place >> 3] |= 1 << (place & 7)
        text = self.repetitions.text(record.id)
        if text == NONE:
            return
        if self._first[text] == NONE:
            self._first[text], self._source[text] = at, self._names.index(record.source)
        node = self.repetitions.node(text, record.source)
        if node != NONE and self._nodes[node] == NONE:
            self._nodes[node] = at

    def repeated(self, record: Record, at: int) -> str:
        """The id of a taken row that says the same as the one at this place; empty if there is none."""
        text = self.repetitions.text(record.id)
        if text == NONE:
            return record.id if self._has(record.source, at >> GRAIN) else ""
        if self._first[text] != NONE:
            return self.rows.at(self._names[self._source[text]], self._first[text]).id
        node = self.repetitions.node(text, record.source)
        for other in self.repetitions.nearly(node) if node != NONE else ():
            if self._nodes[other] != NONE:
                return self.rows.at(self.repetitions.source(other), self._nodes[other]).id
        return ""

    def _has(self, source: str, place: int) -> bool:
        bits = self._bits.get(source, b"")
        return place >> 3 < len(bits) and bool(bits[place >> 3] & 1 << (place & 7))


def _digest(id: str) -> tuple[int, int]:
    """128 bits that stand for an id: of 100 million ids two have the same in one case of 10²²."""
    found = hashlib.blake2b(id.encode(), digest_size=16).digest()
    return int.from_bytes(found[:8], "big"), int.from_bytes(found[8:], "big")


def _column(cells: array) -> np.ndarray:
    return np.frombuffer(cells, cells.typecode) if cells else np.empty(0, cells.typecode)
