"""The held-out sets, as every version is asked them: the same rows, whatever it was trained on."""

import hashlib
import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256_of
from lineage.records.record import Record, read_records


@dataclass(frozen=True, slots=True)
class HeldOutSet:
    """One held-out set, `<source>.<form>`: the rows that are asked, and how many there are in all."""

    name: str
    records: tuple[Record, ...]
    heldout_rows: int
    digest: str


def heldout_sets(rows: int, rows_of: Callable[[str], int] | None = None) -> list[HeldOutSet]:
    """Every set with rows; of a large one those `rows` whose ids hash lowest, which growth hardly changes.

    A row that a later amendment overtook is asked of no version: its answer is no longer the right one.
    rows_of: how many of a set by its name, `evaluation.rows_of` of the curriculum; left out, `rows` of each.
    """
    if not paths.SUPERSEDED_ROWS.is_file():
        raise LineageError(f"{paths.SUPERSEDED_ROWS}: not found; run `dvc repro superseded`")
    with paths.SUPERSEDED_ROWS.open(encoding="utf-8") as lines:
        overtaken = {json.loads(line)["id"] for line in lines if line.strip()}
    sets = []
    for file in sorted(paths.HELDOUT.glob("*/*.jsonl")):
        name, total = f"{file.parent.name}.{file.stem}", 0
        most = rows_of(name) if rows_of else rows
        ranked: list[tuple[str, Record]] = []
        for record in read_records(file):
            if record.id in overtaken:
                continue
            total += 1
            ranked.append((hashlib.sha256(record.id.encode()).hexdigest(), record))
            if len(ranked) > 4 * most:
                ranked = heapq.nsmallest(most, ranked, key=lambda pair: pair[0])
        records = tuple(r for _, r in heapq.nsmallest(most, ranked, key=lambda pair: pair[0]))
        if records:
            sets.append(HeldOutSet(name, records, total, sha256_of([r.to_json() for r in records])))
    return sets
