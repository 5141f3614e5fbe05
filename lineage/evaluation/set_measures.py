"""The measures of one held-out set, from its rows: means, their intervals, and the score of chance."""

from collections import Counter
from collections.abc import Sequence

from lineage.artifacts.measures import MeasuredRow, SetMeasures
from lineage.artifacts.set_figures import FieldFigures
from lineage.evaluation.figures_of_set import confusion_in, figures_of, places_in, signatures_of
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.number_answers import number_of, value_key
from lineage.evaluation.set_intervals import nll_of, score_of
from lineage.evaluation.set_kind import SetKind
from lineage.records.record import Measure, Record


def summarize(heldout: HeldOutSet, rows: Sequence[MeasuredRow], budget: int, kind: SetKind) -> SetMeasures:
    """A set's measures and intervals; a set of mixed kinds is scored on the rows of its most frequent measure.

    Args:
        heldout: the set.
        rows: those of its rows that were asked.
        budget: the tokens that an answer might have.
        kind: what the rows of the set are.
    """
    kinds = [r.measure for r in heldout.records]
    measure = max(sorted(set(kinds)), key=kinds.count)
    by_byte = [r.normalized for r in rows if r.normalized is not None and r.measure == measure]
    endings = Counter(r.ending for r in rows if r.ending)
    nll, nll_interval = nll_of(rows)
    score, score_interval = score_of(rows, measure)
    figures = figures_of(rows, kind)
    return SetMeasures(
        source=heldout.records[0].source,
        form=heldout.records[0].form,
        rows=len(rows),
        heldout_rows=heldout.heldout_rows,
        tokens=sum(r.tokens for r in rows),
        measure=measure,
        nll=nll,
        nll_interval=nll_interval,
        score=score,
        score_interval=score_interval,
        chance=_chance([r for r in heldout.records if r.measure == measure], measure),
        too_long=len(heldout.records) - len(rows),
        groups=len({r.group for r in rows}),
        answered=endings.total(),
        cut=endings["cut"],
        endless=endings["endless"],
        budget=budget,
        normalized=round(sum(by_byte) / len(by_byte), 4) if by_byte else None,
        figures=figures,
        signatures=signatures_of(figures),
        places=places_in(rows),
        confusion=confusion_in(rows, kind),
        fields=fields_of(rows, measure, kind.fewest) if kind.fewest else {},
    )


def fields_of(rows: Sequence[MeasuredRow], measure: Measure, fewest: int) -> dict[str, FieldFigures]:
    """Each field of a set by itself, in the order of its name; rows without one are under "".

    rows: those of the set that were asked. measure: by which its score is. fewest: rows that a field must have.
    """
    by_field: dict[str, list[MeasuredRow]] = {}
    for row in rows:
        by_field.setdefault(row.marks.field or "", []).append(row)
    found = {}
    for field, of in sorted(by_field.items()):
        groups = len({row.group for row in of})
        if len(of) < fewest:
            found[field] = FieldFigures(rows=len(of), groups=groups)
            continue
        nll, nll_interval = nll_of(of)
        score, score_interval = score_of(of, measure)
        found[field] = FieldFigures(
            rows=len(of),
            groups=groups,
            nll=nll,
            nll_interval=nll_interval,
            score=score,
            score_interval=score_interval,
        )
    return found


def _chance(judged: list[Record], measure: Measure) -> float | None:
    """The score of who guesses an option, or always gives the most frequent figure."""
    if measure == "choice":
        return round(sum(1 / len(r.options) for r in judged) / len(judged), 4)
    if measure == "number":
        numbers = [number for r in judged if (number := number_of(r.completion))]
        most = max(Counter(map(value_key, numbers)).values(), default=0)
        return round(most / len(judged), 4)
    return None
