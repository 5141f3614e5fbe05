"""How much of a held-out row stands in a training row: the measure behind contamination and decontamination.

The share of the held-out row's 8-grams that one training row holds; 0.7 and more is an overlap, as PaLM counted it
(Chowdhery et al. 2022, section 8). A gram is eight tokens of `text_similarity.py`: Hangul syllables, Latin words,
numbers, so Korean is compared whatever its spacing. Two things make it fit for rows from templates:

- An 8-gram that three groups of a held-out set share is the set's template, and not counted.
- Every number of the held-out text must stand in the training row too: the same question with other figures is another
  question.

A row overlaps by its whole text, or by its completion alone where that is long enough to bear the answer (an article
that stands inside an exercise), or by its prompt, the same but for particles (counted as 0.7). It repeats *exactly* if
all turns are the same but for spacing and punctuation. Of a conversation in which every answer is supervised, each is
looked for in this way. A set knows nothing of the others, so a new benchmark changes no older figure.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lineage.dedup import text_similarity
from lineage.records.record import Record, read_records

GRAM = 8
SHARE = 0.7
TEMPLATE = 3  # groups of a set that share an 8-gram
LEAST = 4  # 8-grams that are no template: with fewer, nothing is said by share
BEARING = 12  # 8-grams of a completion that overlaps by itself


@dataclass(frozen=True, slots=True)
class Overlap:
    """A training row that repeats a held-out row: `how` is exact or near, `similarity` the share found, 0 to 1."""

    heldout: str
    by: str
    how: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Part:
    """A held-out row, or one of its supervised answers alone.

    row: its place in the set. least: 8-grams that it must have to overlap. numbers: its bare numbers, which must all
    stand in the training row. grams: how many 8-grams it has that are no template.
    """

    row: int
    least: int
    numbers: Counter[str]
    grams: int = 0


class HeldOutIndex:
    """One held-out set, ready to be looked for. Memory: about 16 bytes for each of its 8-grams."""

    def __init__(self, file: Path) -> None:
        self.ids: list[str] = []
        self.exact: dict[int, list[int]] = {}
        self.prompts: dict[int, list[int]] = {}
        self.parts: list[Part] = []
        groups: dict[str, int] = {}
        grams, owners, homes = [], [], []
        for row, record in enumerate(read_records(file)):
            self.ids.append(record.id)
            texts = text_similarity.read_turns(record.turns)
            self.exact.setdefault(text_similarity.exact_key(texts), []).append(row)
            for prompt in _prompts(record, texts):
                self.prompts.setdefault(prompt, []).append(row)
            of_turns = [text_similarity.shingle_hashes([text.tokens], GRAM, whole=True)[0] for text in texts]
            home = groups.setdefault(record.group, len(groups))
            parts = [(Part(row, LEAST, _numbers(record)), np.unique(np.concatenate(of_turns)))]
            for place in record.supervised:
                said = Counter(text_similarity.numbers(record.turns[place]["content"]))
                parts.append((Part(row, BEARING, said), np.unique(of_turns[place])))
            for part, found in parts:
                grams.append(found)
                owners.append(np.full(len(found), len(self.parts), np.int32))
                homes.append(np.full(len(found), home, np.int32))
                self.parts.append(part)
        self._index(grams, owners, homes)

    def _index(self, grams: list[np.ndarray], owners: list[np.ndarray], homes: list[np.ndarray]) -> None:
        """Sort the 8-grams that are no template, each with the parts that it stands in."""
        gram, owner, home = (np.concatenate(x) if x else np.empty(0, np.int64) for x in (grams, owners, homes))
        order = np.lexsort((home, gram))
        gram, owner, home = gram[order], owner[order], home[order]
        new = np.concatenate(([True], gram[1:] != gram[:-1])) if len(gram) else np.empty(0, bool)
        number = np.cumsum(new) - 1
        another_group = new | np.concatenate(([True], home[1:] != home[:-1])) if len(gram) else new
        own = (np.bincount(number[another_group]) < TEMPLATE)[number] if len(gram) else new
        self.grams, self.starts = np.unique(gram[own], return_index=True)
        self.starts = np.append(self.starts, own.sum())
        self.owners = owner[own]
        counts = np.bincount(self.owners, minlength=len(self.parts))
        self.parts = [replace(part, grams=int(n)) for part, n in zip(self.parts, counts, strict=True)]

    def overlaps(self, batch: "SeenGrams") -> Iterator[Overlap]:
        """What of this set stands in the training rows of a batch; a pair of rows may come more than once."""
        for record, exact, prompts in zip(batch.records, batch.exact, batch.prompts, strict=True):
            for row in self.exact.get(exact, ()):
                yield Overlap(self.ids[row], record.id, "exact", 1.0)
            for row in (row for prompt in prompts for row in self.prompts.get(prompt, ())):
                yield Overlap(self.ids[row], record.id, "near", SHARE)
        if not len(self.grams):
            return
        place = np.minimum(np.searchsorted(self.grams, batch.grams), len(self.grams) - 1)
        hit = self.grams[place] == batch.grams
        rows, place, _ = _unique_pairs(batch.rows[hit], place[hit])
        many = self.starts[place + 1] - self.starts[place]
        offsets = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        owners = self.owners[np.repeat(self.starts[place], many) + offsets]
        shared = _unique_pairs(np.repeat(rows, many), owners)
        for row, owner, count in zip(*(column.tolist() for column in shared), strict=True):
            record, part = batch.records[row], self.parts[owner]
            if part.grams >= part.least and count >= SHARE * part.grams and part.numbers <= _numbers(record):
                yield Overlap(self.ids[part.row], record.id, "near", count / part.grams)


@dataclass(frozen=True, slots=True)
class SeenGrams:
    """Training rows as they are compared with held-out rows: keys, and 8-grams with the row that each stands in."""

    records: Sequence[Record]
    exact: list[int]
    prompts: list[list[int]]
    grams: np.ndarray
    rows: np.ndarray


def seen(records: Sequence[Record]) -> SeenGrams:
    """Training rows, ready to be compared."""
    texts = [text_similarity.read_turns(record.turns) for record in records]
    tokens = [[token for text in row for token in text.tokens] for row in texts]
    grams, offsets = text_similarity.shingle_hashes(tokens, GRAM, whole=True)
    rows = np.repeat(np.arange(len(records)), offsets[1:].astype(np.int64) - offsets[:-1].astype(np.int64))
    exact = [text_similarity.exact_key(row) for row in texts]
    prompts = [_prompts(record, row) for record, row in zip(records, texts, strict=True)]
    return SeenGrams(records, exact, prompts, grams, rows)


def _prompts(record: Record, texts: Sequence[text_similarity.Text]) -> list[int]:
    """A key for what stands before each answer that carries the loss; the same question under another system turn is
    the same question."""
    first = int(record.turns[0]["role"] == "system")
    return [text_similarity.near_key(texts[first:place]) for place in record.supervised]


def _unique_pairs(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different pairs of two columns of small whole numbers, in order, and how often each occurs."""
    width = int(other.max(initial=0)) + 1
    # By axis it takes ten times as long.
    pairs, counts = np.unique(one.astype(np.int64) * width + other, return_counts=True)
    first, second = np.divmod(pairs, width)
    return first, second, counts


def _numbers(record: Record) -> Counter[str]:
    return Counter(text_similarity.numbers("\n".join(turn["content"] for turn in record.turns)))
