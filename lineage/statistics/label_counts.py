"""Labels that were said where others were expected, as counts that can be summed, and the macro-F1 of such sums."""

from collections.abc import Sequence

import numpy as np

from lineage.statistics.groups import Floats


def as_counts(expected: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> Floats:
    """Each row as the one cell of the confusion that it counts in, shape (rows, labels × (labels + 1)).

    The last column of the confusion is of answers that are no label, "".
    """
    width = len(labels) + 1
    cells = np.zeros((len(expected), len(labels) * width))
    for at, (label, answer) in enumerate(zip(expected, said, strict=True)):
        cells[at, labels.index(label) * width + (labels.index(answer) if answer else width - 1)] = 1
    return cells


def macro_f1(cells: Floats, labels: int) -> float:
    """The mean F1 over the labels that are expected, from the summed cells of `as_counts`. labels: how many."""
    table = cells.reshape(labels, labels + 1)
    hits, expected, said = np.diag(table[:, :-1]), table.sum(1), table[:, :-1].sum(0)
    there = expected > 0
    return float((2 * hits[there] / (expected + said)[there]).mean()) if there.any() else 0.0
