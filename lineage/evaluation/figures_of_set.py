"""The figures of a held-out set beside its NLL and score, from the marks of its rows; docs/measures.md tells of each.

- Shares (`invalid`, `empty`, `cut` …) have the exact interval of lineage/statistics/shares.py, means of a mark
  (`rouge_l`) that of lineage/statistics/ratio.py.
- Figures of the whole set (`chrf`, `bleu.zh`, `macro_f1`) have the interval of a jackknife over groups.
- `letter_bias` has none: a distance is never below 0, so that of a model without any leaning is above it too. Whether
  it is beyond noise is tested, and stands in `places`.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from lineage.artifacts.measures import MeasuredRow
from lineage.artifacts.set_figures import Confusion, Interval, OptionPlaces, SetFigure
from lineage.evaluation.closed_labels import confusion_of
from lineage.evaluation.morphemes import rouge_signature
from lineage.evaluation.option_places import letter_bias, places_of
from lineage.evaluation.set_kind import SetKind
from lineage.evaluation.translation_scores import bleu_of, bleu_signature, chrf_of, chrf_signature
from lineage.statistics.groups import Floats
from lineage.statistics.jackknife import of_sums
from lineage.statistics.label_counts import as_counts, macro_f1
from lineage.statistics.ratio import Sample, ratio
from lineage.statistics.shares import share


def figures_of(rows: Sequence[MeasuredRow], kind: SetKind) -> dict[str, SetFigure]:
    """Every figure that a set's rows give."""
    found = _of_choices(rows, kind) | _of_reasoned(rows) | _of_texts(rows)
    unanswerable = [row for row in rows if row.marks.answerable is False]
    answerable = [row for row in rows if row.marks.answerable]
    found |= _share("unanswerable_right", unanswerable, lambda row: row.marks.declined)
    found |= _share("answerable_declined", answerable, lambda row: row.marks.declined)
    if "degenerate" in kind.measures:
        answered = [row for row in rows if row.ending]
        found |= _share("cut", answered, lambda row: row.ending == "cut")
        found |= _share("endless", answered, lambda row: row.ending == "endless")
    found |= _share("empty", rows, lambda row: row.marks.empty)
    return found | _share("other_language", rows, lambda row: row.marks.other_language)


def signatures_of(figures: dict[str, SetFigure]) -> dict[str, str]:
    """How the figures are computed that a library computes."""
    found = {}
    for name in figures:
        measure, _, into = name.partition(".")
        if measure == "chrf":
            found[name] = chrf_signature()
        elif measure == "bleu":
            found[name] = bleu_signature(into)
        elif measure == "rouge_l":
            found[name] = rouge_signature()
    return found


def places_in(rows: Sequence[MeasuredRow]) -> OptionPlaces | None:
    """Where right and picked options stand; None where no prompt lists them."""
    known = [row for row in rows if row.marks.right is not None and row.marks.picked is not None]
    if not known:
        return None
    right, picked = ([getattr(row.marks, name) for row in known] for name in ("right", "picked"))
    return places_of(right, picked, _groups(known))


def confusion_in(rows: Sequence[MeasuredRow], kind: SetKind) -> Confusion | None:
    """Which label was said where which was expected; None where the set has no labels."""
    expected, said, _ = _labelled(rows)
    return confusion_of(expected, said, kind.labels) if expected else None


def _of_choices(rows: Sequence[MeasuredRow], kind: SetKind) -> dict[str, SetFigure]:
    found: dict[str, SetFigure] = {}
    if places := places_in(rows):
        found["letter_bias"] = _figure(letter_bias(places), None, sum(places.right))
    expected, said, groups = _labelled(rows)
    if expected:
        cells, number = as_counts(expected, said, kind.labels), len(kind.labels)
        found |= _share("accuracy", rows, lambda row: row.marks.said == row.marks.label if row.marks.label else None)
        value, interval = of_sums(lambda sums: macro_f1(sums, number), cells, groups)
        found["macro_f1"] = _figure(value, interval, len(expected))
        found |= _share("invalid", rows, lambda row: not row.marks.said if row.marks.label else None)
        for most in sorted({most for row in rows for most in row.marks.named or ()}):
            found |= _share(f"valid.{most}", rows, partial(_named_within, most))
    return found


def _of_reasoned(rows: Sequence[MeasuredRow]) -> dict[str, SetFigure]:
    """What answers choose that reason before it, beside who picks any of the options."""
    known = [row for row in rows if row.marks.options]
    found = _share("chosen_right", known, lambda row: row.marks.chosen == row.marks.option)
    found |= _share("chosen_none", known, lambda row: row.marks.chosen is None)
    if known:
        chance = sum(1 / (row.marks.options or 1) for row in known) / len(known)
        found["chosen_right"] = found["chosen_right"].model_copy(update={"chance": round(chance, 4)})
    return found


def _named_within(most: int, row: MeasuredRow) -> bool | None:
    return None if row.marks.named is None else bool(row.marks.named.get(most))


def _labelled(rows: Sequence[MeasuredRow]) -> tuple[list[str], list[str], tuple[str, ...]]:
    """The expected and the said labels of the rows that have them, and their groups."""
    known = [row for row in rows if row.marks.label]
    return [row.marks.label or "" for row in known], [row.marks.said or "" for row in known], _groups(known)


def _of_texts(rows: Sequence[MeasuredRow]) -> dict[str, SetFigure]:
    found: dict[str, SetFigure] = {}
    for into in sorted({row.marks.into or "" for row in rows}):
        there = [row for row in rows if (row.marks.into or "") == into]
        found |= _of_counts(f"chrf.{into}" if into else "chrf", there, lambda row: row.marks.chrf, chrf_of)
        if into:
            found |= _of_counts(f"bleu.{into}", there, lambda row: row.marks.bleu, partial(bleu_of, into=into))
    known = [row for row in rows if row.marks.rouge_l is not None]
    if known:
        marks = np.array([row.marks.rouge_l for row in known], float)
        mean = ratio([Sample(marks, np.ones(len(marks)), _groups(known))])
        ends = mean.interval if mean.error > 0 else None  # of equal marks no noise is seen
        found["rouge_l"] = _figure(mean.value, ends and (max(ends[0], 0.0), min(ends[1], 1.0)), len(known))
    return found


def _of_counts(
    name: str,
    rows: Sequence[MeasuredRow],
    counts: Callable[[MeasuredRow], tuple[int, ...] | None],
    figure: Callable[[Floats], float],
) -> dict[str, SetFigure]:
    known = [row for row in rows if counts(row)]
    if not known:
        return {}
    value, interval = of_sums(figure, np.array([counts(row) for row in known], float), _groups(known))
    return {name: _figure(value, interval, len(known))}


def _share(name: str, rows: Sequence[MeasuredRow], said: Callable[[MeasuredRow], bool | None]) -> dict[str, SetFigure]:
    """The share of the rows for which something holds, of those that have it at all."""
    known = [row for row in rows if said(row) is not None]
    if not known:
        return {}
    found = share(np.array([bool(said(row)) for row in known], float), _groups(known))
    return {name: _figure(found.value, found.interval, len(known))}


def _groups(rows: Sequence[MeasuredRow]) -> tuple[str, ...]:
    return tuple(row.group for row in rows)


def _figure(value: float, interval: Interval | None, rows: int) -> SetFigure:
    ends = None if interval is None else (round(interval[0], 4), round(interval[1], 4))
    return SetFigure(value=round(value, 4), interval=ends, rows=rows)
