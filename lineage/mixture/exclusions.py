"""What other stages found about records, as the mix asks for it: repetitions, superseded rows, held-out rows.

    data/duplicates/clusters.jsonl      from `duplicates`; see stages/duplicates.py
    data/superseded/superseded.jsonl    {"id": "rules.record.5f…", "by": "rules.record.81…", "reason": "amended",
                                         "as_of": "2023-01-01", "until": "2024-07-01"}
    data/heldout/<source>/<form>.jsonl  from `ingest`

Memory grows with what was found, not with the data: a row that repeats nothing is not in here.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.mixture.repetitions import Repetitions
from lineage.mixture.source_rows import SourceRows
from lineage.records.record import Record

SOURCE = re.compile(r"[^.:]*")  # of a record's id, or of the words for a deletion, "rules: 업무규정.txt 제30조 삭제"


@dataclass(frozen=True, slots=True)
class Successor:
    """What overtook a row. Days are ISO dates, or empty where the source states none."""

    by: str
    as_of: str
    until: str


@dataclass(frozen=True)
class Findings:
    """All findings about the records, each read from its file when it is first asked for."""

    @cached_property
    def repetitions(self) -> Repetitions:
        """Raises LineageError where the stage has not run."""
        return Repetitions(_lines(paths.CLUSTERS, "duplicates"))

    @cached_property
    def rows(self) -> SourceRows:
        """The records of the sources, to go back to."""
        return SourceRows()

    @cached_property
    def successors(self) -> dict[int, list[Successor]]:
        """By row key. Raises LineageError where the stage has not run."""
        found: dict[int, list[Successor]] = {}
        for line in _lines(paths.SUPERSEDED_ROWS, "superseded"):
            successor = Successor(line["by"], line["as_of"], line["until"])
            found.setdefault(row_key(line["id"]), []).append(successor)
        return found

    @cached_property
    def heldout(self) -> list[Any]:
        """Every held-out set, ready to be looked for."""
        from lineage.dedup.ngram_overlap import HeldOutIndex

        return [HeldOutIndex(file) for file in sorted(paths.HELDOUT.glob("*/*.jsonl"))]

    def successor(self, record: Record, met: frozenset[str]) -> Successor | None:
        """What overtook a row first, as far as the sources tell that a version's line has `met`."""
        found = self.successors.get(row_key(record.id), ())
        known = [s for s in found if SOURCE.match(s.by)[0] in met]  # type: ignore[index]
        return min(known, key=lambda s: (s.until or "9999", s.by), default=None)

    def held_out(self, records: Sequence[Record]) -> list[str]:
        """For each row the id of a held-out row that it repeats, exactly or nearly; empty if there is none."""
        from lineage.dedup.ngram_overlap import seen

        batch = seen(records)
        hits = {hit.by: hit.heldout for heldout in self.heldout for hit in heldout.overlaps(batch)}
        return [hits.get(record.id, "") for record in records]


def dated(record: Record, successor: Successor) -> Record:
    """The row with the day on which it held before its question. Its id leads back: `<id>@2023-01-01`.

    Raises:
        LineageError: if neither the row nor its successor states a day.
    """
    day = record.as_of or successor.as_of
    said = f"({_korean(day)} 기준)" if day else f"({_korean(successor.until)} 이전 기준)" if successor.until else ""
    if not said:
        raise LineageError(
            f"{paths.SUPERSEDED_ROWS}: {record.id} has neither as_of nor until, so superseded: date cannot date it; "
            f"use superseded: drop, or state 시행일 or 기준일 in {record.origin.get('file')}"
        )
    turns = list(record.turns)
    turns[-2] = {**turns[-2], "content": f"{said} {record.prompt}"}
    return replace(record, turns=tuple(turns), id=f"{record.id}@{day or successor.until}")


def _korean(day: str) -> str:
    at = date.fromisoformat(day)
    return f"{at.year}년 {at.month}월 {at.day}일"


def row_key(id: str) -> int:
    """64 bits that stand for a record's id."""
    return int.from_bytes(hashlib.blake2b(id.encode(), digest_size=8).digest(), "big")


def _lines(file: Path, stage: str) -> Iterator[dict[str, Any]]:
    if not file.is_file():
        raise LineageError(f"{file}: missing; run `dvc repro {stage}`")
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise LineageError(f"{file}:{number}: not JSON ({error}); run `dvc repro {stage}`") from error
