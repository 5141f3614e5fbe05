"""Rows of a mix that speak of a question: what a person wants to see, and the first suspect.

How near a row is: of the question's word pieces (three tokens of lineage/dedup/text_similarity.py in a row), the share
that the row has, each weighed by how rare it is in the mix, so that the wording of a template counts for little.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import log
from pathlib import Path

from lineage.dedup.text_similarity import tokens
from lineage.records.record import Record, placed_records, record_at

GRAM = 3  # tokens of a piece
NEAR = 0.5  # a row with so much of the question speaks of it
APART = 0.1  # nearer than the rows of all other sources by so much: a suspect
SHOWN = 3  # rows of a source


@dataclass(frozen=True, slots=True)
class NearRow:
    """A row of a mix and how much of the question it has, 0..1."""

    record: Record
    near: float


def near_rows(
    mix: Path, question: str, fits: Callable[[Record], bool] = lambda record: True
) -> dict[str, list[NearRow]]:
    """The nearest rows of each source of a mix, the nearest source first; sources without any are not named.

    Args:
        mix: the file of its own rows.
        question: the text.
        fits: which rows are looked at, such as those that give another answer.
    """
    wanted = _pieces(question)
    rows: list[tuple[int, str, tuple[tuple[str, ...], ...]]] = []
    seen: Counter[tuple[str, ...]] = Counter()
    known: set[str] = set()
    total = 0
    for at, record in placed_records(mix):
        total += 1
        if (
            record.id not in known
            and fits(record)
            and (met := wanted & _pieces(" ".join(t["content"] for t in record.turns)))
        ):
            known.add(record.id)  # a row that is repeated counts once
            seen.update(met)
            rows.append((at, record.source, tuple(met)))
    weight = {piece: log(1 + total / (1 + seen[piece])) for piece in wanted}
    whole = sum(weight.values())
    best: dict[str, list[tuple[float, int]]] = {}
    for at, source, shared in rows:
        entry = (sum(weight[piece] for piece in shared) / whole, -at)
        heapq.heappush(best.setdefault(source, []), entry)
        if len(best[source]) > SHOWN:
            heapq.heappop(best[source])
    with mix.open("rb") as stream:
        found = {
            source: [NearRow(record_at(stream, -at), round(near, 4)) for near, at in sorted(entries, reverse=True)]
            for source, entries in best.items()
        }
    return dict(sorted(found.items(), key=lambda one: (-one[1][0].near, one[0])))


def suspect(found: dict[str, list[NearRow]]) -> str | None:
    """The source whose rows speak of the question, where one is clearly nearer than all others."""
    nearest = [(rows[0].near, source) for source, rows in found.items()]
    if not nearest or nearest[0][0] < NEAR:
        return None
    return nearest[0][1] if len(nearest) == 1 or nearest[0][0] - nearest[1][0] >= APART else None


def _pieces(text: str) -> set[tuple[str, ...]]:
    words = tokens(text)
    return {tuple(words[at : at + GRAM]) for at in range(max(1, len(words) - GRAM + 1))} if words else set()
