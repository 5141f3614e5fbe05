"""Sets whose answers are labels, such as loan grades: what the model says in its own words, against what is expected.

An answer is a label if it is one of them and nothing else, but for quotation marks, a full stop and 입니다: "B", "B.",
"'B'입니다". "B 또는 C", "등급은 B", nothing: none of them, which is wrong, and counted as `invalid`.

    accuracy    the share of answers that are the expected label
    macro_f1    the mean F1 of the labels that are expected anywhere, each counting the same (scikit-learn's f1_score
                with those labels, average="macro"): who always says the commonest grade gets little
"""

import re
from collections.abc import Sequence

import numpy as np

from lineage.artifacts.set_figures import Confusion
from lineage.statistics.groups import Floats

AROUND = re.compile(r"^[\s'\"‘’“”「」]+|[\s'\"‘’“”「」.。]*(?:입니다|이다)?[\s.。]*$")


def label_of(answer: str, labels: Sequence[str]) -> str:
    """The label that an answer is; "" for none of them."""
    said = AROUND.sub("", answer.strip())
    return next((label for label in labels if said in (label, AROUND.sub("", label))), "")


def confusion_of(expected: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> Confusion:
    """Which label was said where which was expected; the last column counts answers that are none."""
    counts = np.zeros((len(labels), len(labels) + 1), int)
    for label, answer in zip(expected, said, strict=True):
        counts[labels.index(label), labels.index(answer) if answer else -1] += 1
    return Confusion(labels=tuple(labels), counts=tuple(tuple(int(n) for n in row) for row in counts))


def as_counts(expected: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> Floats:
    """Each row as the one cell of the confusion that it counts in, shape (rows, labels × (labels + 1))."""
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
