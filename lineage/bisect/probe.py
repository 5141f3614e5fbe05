"""What is asked of every version of a line, and what one of them says to it.

    Probe("row", set="questions.record", row="questions.record.5f0c…", …)     a held-out row: its results are stored
    Probe("set", set="questions.record")                                      a held-out set: the same
    Probe("free", question="…", right="…", by="contains")                     any question: each version is asked

An NLL is nats per token of the right answer: it moves before the answer turns, and says how far.
"""

import re
from dataclasses import dataclass
from typing import Literal

from lineage.core.errors import LineageError
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.number_answers import same_number
from lineage.evaluation.quantities import quantities
from lineage.records.record import Record

Kind = Literal["row", "set", "free"]
Comparison = Literal["contains", "number", "likelihood"]
TOKENS = 128  # of a free answer, at most
_AROUND = re.compile(
    r"\s*(?:(?:정답|답)\s*(?:은|:)|약)?\s*[-−△▲+]?\s*(?:입니다|이다|이에요|예요)?[\s.!]*"
)  # of a bare number


@dataclass(frozen=True, slots=True)
class Probe:
    """A question with its right answer, or a set of them.

    set, row: of held-out rows. by: how a free answer is compared with the right one; "" where the row's own measure
    judges it. tokens: how long a free answer may be. digest: of the held-out set as it is now, for what is kept.
    """

    kind: Kind
    question: str = ""
    right: str = ""
    set: str = ""
    row: str = ""
    by: Comparison | Literal[""] = ""
    tokens: int = TOKENS
    digest: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return {"row": self.row, "set": self.set, "free": self.question}[self.kind]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a version makes of a probe.

    right: None where nothing says right or wrong. score: of a set its mean, of a row its own, 0..1. said: the answer,
    where it was kept or the version was asked.
    """

    version: str
    nll: float
    right: bool | None = None
    score: float | None = None
    said: str | None = None


def row_probe(sets: list[HeldOutSet], row: str, within: str = "") -> Probe:
    """A held-out row that every version is asked, by its id. within: the set that it must be of.

    Raises:
        LineageError: there is none of that id among the rows that are asked.
    """
    for heldout in sets:
        for record in heldout.records:
            if record.id == row and within in ("", heldout.name):
                return _of_row(heldout, record)
    where = f"of {within} " if within else ""
    raise LineageError(
        f"--row {row}: no held-out row {where}that is asked has this id; `lineage compare VERSION --rows` shows ids"
    )


def set_probe(sets: list[HeldOutSet], name: str) -> Probe:
    """A held-out set. Raises LineageError if there is none of that name."""
    for heldout in sets:
        if heldout.name == name:
            return Probe("set", set=name, digest=heldout.digest)
    raise LineageError(
        f"--set {name}: no held-out set of that name; there are {', '.join(s.name for s in sets) or 'none'}"
    )


def question_probe(sets: list[HeldOutSet], question: str, right: str, by: str, tokens: int = TOKENS) -> Probe:
    """A question: a held-out row where it is one and its own answer is meant, otherwise a free one.

    Args:
        sets: the held-out sets.
        question: as a user would ask it.
        right: the right answer; "" for that of the held-out row.
        by: how answers are compared, if somebody said it: then it is asked anew, whatever is stored.
        tokens: how long a free answer may be.

    Raises:
        LineageError: no answer is given, and no held-out row has one.
    """
    same = [(s, r) for s in sets for r in s.records if _plain(r.prompt) == _plain(question) and len(r.turns) == 2]
    for heldout, record in same:
        if not by and (not right or _plain(right) == _plain(record.completion)):
            return _of_row(heldout, record)
    if not right and not same:
        raise LineageError("no held-out row asks this, so nobody knows the right answer: add --right ANSWER")
    right = right or same[0][1].completion
    how: Comparison = by or ("number" if _is_number(right) else "contains")  # type: ignore[assignment]
    return Probe("free", question=question, right=right, by=how, tokens=tokens)


def is_right(probe: Probe, answer: str, *, ended: bool) -> bool | None:
    """Whether a free answer is the right one by the probe's comparison. ended: whether it was not cut."""
    if probe.by == "likelihood":
        return None
    if probe.by == "number":
        return ended and same_number(answer, probe.right)
    return says(answer, probe.right)


def says(text: str, right: str) -> bool:
    """Whether a text contains an answer, whatever its spacing and case."""
    return _plain(right) in _plain(text)


def _of_row(heldout: HeldOutSet, record: Record) -> Probe:
    return Probe("row", record.prompt, record.completion, set=heldout.name, row=record.id, digest=heldout.digest)


def _is_number(right: str) -> bool:
    """Whether an answer is a quantity or a date and says nothing else: `12억원입니다.`, but not `1번은 채권입니다.`"""
    found = quantities(right)
    return len(found) == 1 and bool(_AROUND.fullmatch(right[: found[0].start] + right[found[0].end :]))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
