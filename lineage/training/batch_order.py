"""The exact order of training: which rows share a sequence, which sequences share a batch, and how many steps it takes.

- Batches hold sequences of similar length, so that little is padding.
- With packing, a sequence holds several rows up to `max_length`; they are blind to one another (`collator.py`).
- The order is made here, from the seed alone, and the trainer reads it in sequence: a resumed run skips what it has
  seen and meets exactly the same batches, and any number of processes sees the same rows in one step.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence

from lineage.config.schema import Budget

WINDOW = 32  # batches that are sorted by length, or packed, together


def steps_for(budget: Budget, scale: float, tokens: int, sequences: int, per_step: int) -> int:
    """Optimizer steps that spend a budget, at least one.

    Args:
        budget: tokens seen, or passes over the mix.
        scale: the version's factor on it.
        tokens: of one pass.
        sequences: of one pass.
        per_step: sequences behind one optimizer step.
    """
    passes = (budget.tokens / tokens if budget.tokens else budget.epochs or 0) * scale
    return max(1, round(passes * sequences / per_step))


def sequences_in_a_pass(lengths: Sequence[int], batch_size: int, seed: int, pack_to: int | None) -> int:
    """How many sequences one pass over all rows makes.

    Args:
        lengths: of every row, in tokens.
        batch_size: sequences of a batch.
        seed: of the order.
        pack_to: the longest sequence that rows are packed into, in tokens; None: a row is a sequence.
    """
    return len(next(_passes(lengths, batch_size, random.Random(seed), pack_to))) if pack_to else len(lengths)


def training_order(
    lengths: Sequence[int], batch_size: int, batches: int, seed: int, pack_to: int | None = None
) -> list[tuple[int, ...]]:
    """The sequences of every batch, one after another, each the indices of its rows.

    Args:
        lengths: of every row, in tokens.
        batch_size: sequences of a batch.
        batches: how many of them.
        seed: the same seed gives the same order.
        pack_to: the longest sequence that rows are packed into, in tokens; None: a row is a sequence.
    """
    rng = random.Random(seed)
    order: list[tuple[int, ...]] = []
    stream = _batches(lengths, batch_size, rng, pack_to)
    for _ in range(batches):
        order += next(stream)
    return order


def _batches(
    lengths: Sequence[int], batch_size: int, rng: random.Random, pack_to: int | None
) -> Iterator[list[tuple[int, ...]]]:
    rest: list[tuple[int, ...]] = []  # what a pass leaves over opens the next one, so that every batch is full

    def size(sequence: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        return sum(lengths[i] for i in sequence), sequence

    for fresh in _passes(lengths, batch_size, rng, pack_to):
        sequences = rest + fresh
        whole = len(sequences) // batch_size * batch_size
        sequences, rest = sequences[:whole], sequences[whole:]
        batches = []
        window = WINDOW * batch_size
        for start in range(0, len(sequences), window):
            near = sorted(sequences[start : start + window], key=size)
            batches += [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
        rng.shuffle(batches)
        yield from batches


def _passes(
    lengths: Sequence[int], batch_size: int, rng: random.Random, pack_to: int | None
) -> Iterator[list[tuple[int, ...]]]:
    """Each pass is a new shuffle of all rows."""
    while True:
        rows = list(range(len(lengths)))
        rng.shuffle(rows)
        if pack_to is None:
            yield [(row,) for row in rows]
            continue
        # A window holds rows enough for its batches, however short they are.
        mean = max(1, sum(lengths) // len(lengths))
        window = WINDOW * batch_size * max(1, pack_to // mean)
        packed = [packs(rows[i : i + window], lengths, pack_to) for i in range(0, len(rows), window)]
        sequences = [sequence for part in packed for sequence in part]
        rng.shuffle(sequences)
        yield sequences


def packs(rows: Sequence[int], lengths: Sequence[int], pack_to: int) -> list[tuple[int, ...]]:
    """Rows in as few sequences as best-fit decreasing needs: the longest first, each where it leaves the least room."""
    bins: list[list[int]] = []
    room: list[tuple[int, int]] = []  # what is left of each bin, and its index, sorted
    for row in sorted(rows, key=lambda i: (-lengths[i], i)):
        at = bisect_left(room, (lengths[row], -1))
        if at == len(room):
            bins.append([])
            left, number = pack_to, len(bins) - 1
        else:
            left, number = room.pop(at)
        bins[number].append(row)
        insort(room, (left - lengths[row], number))
    return [tuple(rows_of_bin) for rows_of_bin in bins]
