"""What a model answered on every held-out set, as arrays to compute with."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lineage.artifacts.measures import (
    MEASURES,
    MeasuredRow,
    SampleAnswer,
    SetMeasures,
    measured_by,
    read_answers,
    read_measures,
    read_rows,
)
from lineage.core import paths
from lineage.records.record import Measure


class Absent(Exception):
    """Something that is not there, or is of another adapter; its text says what, and the command that makes it."""


@dataclass(frozen=True, slots=True)
class SetRows:
    """A held-out set as one model answered it; arrays of shape (rows,).

    groups: of each row; "" is a group of its own.
    nll: nats, summed over the `tokens` that are supervised.
    score: NaN for a row that has none, or one by another measure than its set's.
    """

    ids: tuple[str, ...]
    nll: NDArray[np.float64]
    tokens: NDArray[np.float64]
    score: NDArray[np.float64]
    groups: tuple[str, ...]

    @property
    def mean_nll(self) -> float:
        """Nats per supervised token."""
        return float(self.nll.sum() / self.tokens.sum())

    def without(self, ids: set[str]) -> "SetRows":
        """The rows but those with these ids."""
        keep = np.array([at not in ids for at in self.ids], bool)
        left = tuple(at for at in self.ids if at not in ids)
        groups = tuple(group for group, kept in zip(self.groups, keep, strict=True) if kept)
        return SetRows(left, self.nll[keep], self.tokens[keep], self.score[keep], groups)


@dataclass(frozen=True, slots=True)
class Measured:
    """One model on every held-out set: evaluate's summary and the rows by set, sample answers by (set, id).

    generation: the settings by which answers were made.
    """

    sets: dict[str, SetMeasures]
    rows: dict[str, SetRows]
    answers: dict[tuple[str, str], SampleAnswer]
    generation: dict[str, bool | int | float | str] = field(default_factory=dict)


def read_measured(model: str, adapter: str | None, root: Path) -> Measured:
    """The measures of a version or the base.

    Args:
        model: its name.
        adapter: the SHA-256 of its weights; None for the base.
        root: the workspace.

    Raises:
        Absent: it was not measured, or another adapter was.
        LineageError: a file is damaged.
    """
    measures = read_measures(model, root)
    if measures is None:
        raise Absent(f"not measured; run `dvc repro {measured_by(model)}`")
    if measures.adapter != adapter:
        file = root / paths.metrics(model) / MEASURES
        raise Absent(f"{file}: it measures another adapter than {model}'s; run `dvc repro {measured_by(model)}`")
    grouped: dict[str, list[MeasuredRow]] = defaultdict(list)
    for row in read_rows(model, root):
        grouped[row.set].append(row)
    return Measured(
        sets=measures.sets,
        rows={name: _arrays(rows, measures.sets[name].measure) for name, rows in grouped.items()},
        answers={(answer.set, answer.id): answer for answer in read_answers(model, root)},
        generation=measures.generation,
    )


def answered_otherwise(a: Measured, b: Measured) -> tuple[str, ...]:
    """The sets that two models answered in their own words by other settings, so that one may be cut where one is not.

    Where nobody recorded the settings, nothing is said of them.
    """
    apart = bool(a.generation and b.generation) and a.generation != b.generation
    both = [(name, one, b.sets[name]) for name, one in a.sets.items() if name in b.sets]
    spoken = [(name, one.budget, other.budget) for name, one, other in both if one.answered and other.answered]
    return tuple(name for name, one, other in spoken if apart or (one and other and one != other))


def _arrays(rows: list[MeasuredRow], measure: Measure) -> SetRows:
    return SetRows(
        ids=tuple(row.id for row in rows),
        nll=np.array([row.nll for row in rows], float),
        tokens=np.array([row.tokens for row in rows], float),
        score=np.array([np.nan if row.score is None or row.measure != measure else row.score for row in rows], float),
        groups=tuple(row.group for row in rows),
    )
