"""Rows that speak of a text: of one mix, source by source, or of many, the nearest first.

How near a row is: of the text's word pieces (three tokens of lineage/dedup/text_similarity.py in a row), the share that
the row has, each weighed by how rare it is in the rows, so that the wording of a template counts for little. Of several
texts, such as a question and its answer, it is the geometric mean: a row must have something of each. The rows are read
twice, once for the weights: memory does not grow with them.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from math import log, prod
from pathlib import Path

from lineage.dedup.text_similarity import tokens
from lineage.records.record import Record, placed_records, record_at

GRAM = 3  # tokens of a piece
NEAR = 0.5  # a row with so much of the text speaks of it
APART = 0.1  # nearer than the rows of all other sources by so much: a suspect
SHOWN = 3  # rows of a source
Fits = Callable[[Record], bool]
Piece = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearRow:
    """A row, how much of the text it has, 0..1, and the files that hold it, in the order in which they were read."""

    record: Record
    near: float
    files: tuple[Path, ...]


def near_rows(mix: Path, question: str, fits: Fits = lambda record: True) -> dict[str, list[NearRow]]:
    """The nearest rows of each source of a mix, the nearest source first; sources without any are not named.

    Args:
        mix: the file of its own rows.
        question: the text.
        fits: which rows are looked at, such as those that give another answer.
    """
    found = _nearest([mix], [question], SHOWN, lambda record: record.source, fits)
    return {str(source): rows for source, rows in sorted(found.items(), key=lambda one: (-one[1][0].near, str(one[0])))}


def nearest_rows(files: Sequence[Path], texts: Sequence[str], most: int) -> list[NearRow]:
    """The nearest rows of many files, at most so many; a row that several hold is one.

    Args:
        files: of records, such as the mixes of a version and its ancestors.
        texts: what is looked for; a row must have something of each.
        most: how many rows.
    """
    return _nearest(files, texts, most, lambda record: None, lambda record: True).get(None, [])


def suspect(found: dict[str, list[NearRow]]) -> str | None:
    """The source whose rows speak of the question, where one is clearly nearer than all others."""
    nearest = [(rows[0].near, source) for source, rows in found.items()]
    if not nearest or nearest[0][0] < NEAR:
        return None
    return nearest[0][1] if len(nearest) == 1 or nearest[0][0] - nearest[1][0] >= APART else None


@dataclass(slots=True)
class _Best:
    """The nearest rows met so far, by id: how near, and the places that hold them."""

    most: int
    rows: dict[str, tuple[float, list[tuple[int, int]]]] = field(default_factory=dict)

    def meet(self, id: str, near: float, place: tuple[int, int]) -> None:
        if id in self.rows:
            self.rows[id][1].append(place)
        elif len(self.rows) < self.most:
            self.rows[id] = (near, [place])
        else:
            last = min(reversed(self.rows), key=lambda one: self.rows[one][0])
            if near > self.rows[last][0]:
                del self.rows[last]
                self.rows[id] = (near, [place])


def _nearest(
    files: Sequence[Path], texts: Sequence[str], most: int, kind: Callable[[Record], Hashable], fits: Fits
) -> dict[Hashable, list[NearRow]]:
    """The nearest rows of each kind, the nearest first; of two that are as near, the one that was met first."""
    parts = [pieces for text in texts if (pieces := _pieces(text))]
    wanted = set[Piece]().union(*parts)
    seen: Counter[Piece] = Counter()
    total = 0
    for file in files:
        before = ""
        for _, record in placed_records(file):
            total += 1
            if record.id != before and fits(record):  # a row that is repeated counts once
                before = record.id
                seen.update(wanted & _pieces(_said(record)))
    weight = {piece: log(1 + total / (1 + seen[piece])) for piece in wanted}
    whole = [_sum(part, weight) for part in parts]
    best: dict[Hashable, _Best] = {}
    for number, file in enumerate(files):
        before = ""
        for at, record in placed_records(file):
            if record.id != before and fits(record) and (met := wanted & _pieces(_said(record))):
                before = record.id
                shares = [_sum(part & met, weight) / all_of_it for part, all_of_it in zip(parts, whole, strict=True)]
                if near := prod(shares) ** (1 / len(parts)):
                    best.setdefault(kind(record), _Best(most)).meet(record.id, near, (number, at))
    return {one: _shown(files, found) for one, found in best.items()}


def _sum(pieces: set[Piece], weight: dict[Piece, float]) -> float:
    return sum(weight[piece] for piece in sorted(pieces))  # in one order: the same figure on every machine


def _shown(files: Sequence[Path], found: _Best) -> list[NearRow]:
    shown = []
    for near, places in sorted(found.rows.values(), key=lambda one: (-one[0], one[1])):
        with files[places[0][0]].open("rb") as stream:
            record = record_at(stream, places[0][1])
        shown.append(NearRow(record, round(near, 4), tuple(dict.fromkeys(files[number] for number, _ in places))))
    return shown


def _said(record: Record) -> str:
    return " ".join(turn["content"] for turn in record.turns)


def _pieces(text: str) -> set[Piece]:
    words = tokens(text)
    return {tuple(words[at : at + GRAM]) for at in range(max(1, len(words) - GRAM + 1))} if words else set()
