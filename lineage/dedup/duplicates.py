"""Finds rows that repeat one another, within and across sources, and writes them down as classes and pairs.

What counts as a repetition is said in `text_similarity.py`. A class holds rows that say the same but for spelling
(`exact`), or but for particles and endings (`near`). A pair holds two rows that differ by a filling word; it holds for
every row of their classes *in these two sources*. Pairs are not joined into chains: if A is near B and B near C,
nothing is said of A and C. So a line about two sources depends on these two alone, and a new source never makes rows of
older ones into duplicates of each other: no ancestor's mix changes.

Memory does not grow with the data but for two bits a row and the largest class: signatures are read from disk a part at
a time (`candidate_pairs.py`), texts again when a pair is verified, and what was found is sorted on disk.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.core.sorted_lines import SortedLines
from lineage.dedup import text_similarity
from lineage.dedup.candidate_pairs import RowBits, candidates, classes
from lineage.dedup.signatures import Signatures
from lineage.dedup.text_similarity import Text

MOST_ROWS = 1 << 32  # a pair is one number of 64 bits
REMEDY = "thin them out before the ingest: docs/mixes.md, Many rows"


def duplicates(out: Path) -> dict[str, Any]:
    """Write clusters.jsonl and duplicates.json into `out`, and return the counts that the second holds.

    Raises:
        LineageError: there are no records, or too many, or a line is none.
    """
    files = sorted(paths.RECORDS.glob("*/records.jsonl"))
    if not files:
        raise LineageError(f"{paths.RECORDS}: no records.jsonl in any source's folder; run `dvc repro ingest` first")
    names = [file.parent.name for file in files]
    signatures = Signatures(files)
    if signatures.rows > MOST_ROWS:
        raise LineageError(f"{paths.RECORDS}: {signatures.rows:,} rows, {MOST_ROWS:,} at most; {REMEDY}")
    first, crowded = RowBits(signatures.rows), RowBits(signatures.rows)
    repetitions: dict[str, Counter[str]] = {}
    kept = 0
    with ExitStack() as stack:
        same, alike = (stack.enter_context(SortedLines(_order)) for _ in range(2))
        reader = Reader(files, signatures, stack)
        for found in classes(signatures, first):
            how = "exact" if found.exact else "near"
            members = sorted(reader.id(row) for row in found.rows.tolist())
            same.add({"cluster": members[0], "members": members, "how": how})
            for pair, repeated in _by_pair([names[source] for source in signatures.sources(found.rows).tolist()]):
                repetitions.setdefault(pair, Counter())[how] += repeated
        for a, b in candidates(signatures, first, crowded):
            if likeness := text_similarity.similarity(reader.texts(a), reader.texts(b)):
                members = sorted((reader.id(a), reader.id(b)))
                alike.add({"cluster": members[0], "members": members, "how": "near", "similarity": round(likeness, 3)})
                pair = " × ".join(sorted({names[signatures.source(a)], names[signatures.source(b)]}))
                repetitions.setdefault(pair, Counter())["near"] += 1
            else:
                kept += 1
        with (out / "clusters.jsonl").open("w", encoding="utf-8") as lines:
            lines.writelines(same)
            lines.writelines(alike)

    crowds = Counter[str]()
    for block in signatures.blocks("at"):
        crowds[names[block.source]] += int(crowded.of(block.first, len(block.rows)).sum())
    summary = {
        "rows": dict(zip(names, signatures.counts, strict=True)),
        "repetitions": dict(sorted(repetitions.items())),
        "alike_but_kept": kept,
        "templates": {name: crowds[name] for name in names},
    }
    write_json(out / "duplicates.json", summary)
    return summary


class Reader:
    """Rows by their number, read from disk again."""

    def __init__(self, files: Sequence[Path], signatures: Signatures, stack: ExitStack) -> None:
        self.signatures = signatures
        self.streams = [stack.enter_context(file.open("rb")) for file in files]
        self.places = [stack.enter_context((folder / "at.bin").open("rb")) for folder in signatures.folders]
        self.texts = lru_cache(maxsize=2000)(self._texts)

    def id(self, row: int) -> str:
        """The id of the record."""
        return str(self._row(row)["id"])

    def _texts(self, row: int) -> tuple[Text, ...]:
        return text_similarity.read_turns(self._row(row)["turns"])

    def _row(self, row: int) -> dict[str, Any]:
        source = self.signatures.source(row)
        at = os.pread(self.places[source].fileno(), 8, 8 * (row - self.signatures.firsts[source]))
        self.streams[source].seek(int.from_bytes(at, sys.byteorder))
        found: dict[str, Any] = json.loads(self.streams[source].readline())
        return found


def _by_pair(sources: list[str]) -> Iterator[tuple[str, int]]:
    """How often a class repeats within each source, and across each two: the rows of the one with fewer."""
    counts = sorted(Counter(sources).items())
    for place, (one, rows) in enumerate(counts):
        if rows > 1:
            yield one, rows - 1
        for other, others in counts[place + 1 :]:
            yield f"{one} × {other}", min(rows, others)


def _order(line: dict[str, Any]) -> tuple[str, list[str]]:
    return line["cluster"], line["members"]
