"""Sets whose answers are labels, such as loan grades: what the model says in its own words, against what is expected.

An answer is a label if it is one of them and nothing else, but for quotation marks, a full stop and 입니다: "B", "B.",
"'B'입니다". "B 또는 C", "등급은 B", nothing: none of them, which is wrong, and counted as `invalid`.

    accuracy    the share of answers that are the expected label
    macro_f1    the mean F1 of the labels that are expected anywhere, each counting the same (scikit-learn's f1_score
                with those labels, average="macro"): who always says the commonest grade gets little
    valid.20    the share of answers whose first 20 tokens name one label, wherever it stands, and no other: what can be
                read out of an answer that goes on. "등급은 B이다. 이유는" names B, "B 또는 C" names none
"""

import re
from collections.abc import Sequence

import numpy as np

from lineage.artifacts.set_figures import Confusion

AROUND = re.compile(r"^[\s'\"‘’“”「」]+|[\s'\"‘’“”「」.。]*(?:입니다|이다)?[\s.。]*$")


def label_of(answer: str, labels: Sequence[str]) -> str:
    """The label that an answer is; "" for none of them."""
    said = AROUND.sub("", answer.strip())
    return next((label for label in labels if said in (label, AROUND.sub("", label))), "")


def named_label(text: str, labels: Sequence[str]) -> str:
    """The only label that a text names, as a word of its own; "" for none of them, or several."""
    named = [label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?=입니다|이다|이며|\W|$)", text)]
    return named[0] if len(named) == 1 else ""


def confusion_of(expected: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> Confusion:
    """Which label was said where which was expected; the last column counts answers that are none."""
    counts = np.zeros((len(labels), len(labels) + 1), int)
    for label, answer in zip(expected, said, strict=True):
        counts[labels.index(label), labels.index(answer) if answer else -1] += 1
    return Confusion(labels=tuple(labels), counts=tuple(tuple(int(n) for n in row) for row in counts))
