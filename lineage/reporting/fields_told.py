"""A set that is measured by field, as the card, the page and the terminal tell it.

Every interval is that of its field alone: of fifty fields some differ by chance, so nothing is called better or worse.
"""

from collections.abc import Mapping
from typing import NamedTuple

from lineage.artifacts.comparison import ComparedSet
from lineage.artifacts.set_figures import FieldFigures
from lineage.reporting.set_words import scored

NOTHING = "–"


class ToldField(NamedTuple):
    """A line of the table: its rows, NLL and score of the parent and of the version, and the score's interval."""

    name: str
    rows: int
    parent_nll: float | None
    nll: float | None
    parent_score: float | None
    score: float | None
    interval: tuple[float, float] | None


def told_fields(one: ComparedSet) -> tuple[list[ToldField], list[ToldField]]:
    """The fields with figures, the best answered last; and those with too few rows for any, by name."""
    lines = [_line(name, figures, one.parent_fields) for name, figures in one.fields.items()]
    large = [line for line in lines if line.nll is not None]
    return sorted(large, key=lambda line: (_worth(line), line.name)), [line for line in lines if line.nll is None]


def fields_said(name: str, one: ComparedSet) -> str:
    """A set by field in a sentence."""
    large, small = told_fields(one)
    said = [f"{name}: {len(large)} of {len(large) + len(small)} fields have rows enough"]
    told = [
        f"{line.name} {scored(line.score, one.measure)} ({_rows(line.rows)})"
        for line in large
        if line.score is not None
    ]
    if told:
        said.append(f"best {told[-1]}, worst {told[0]}" if len(told) > 1 else told[0])
    if small:
        said.append(f"the others have {_rows(sum(line.rows for line in small))} together")
    return "; ".join(said)


def _rows(count: int) -> str:
    return f"{count} row{'s' * (count != 1)}"


def _line(name: str, figures: FieldFigures, parent: Mapping[str, FieldFigures]) -> ToldField:
    before = parent.get(name)
    return ToldField(
        name=name or NOTHING,
        rows=figures.rows,
        parent_nll=before.nll if before else None,
        nll=figures.nll,
        parent_score=before.score if before else None,
        score=figures.score,
        interval=figures.score_interval,
    )


def _worth(line: ToldField) -> float:
    return line.score if line.score is not None else -(line.nll or 0.0)
