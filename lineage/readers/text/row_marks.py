"""Marks of a whole row that say not to learn its answer: KTO's disliked answers, and rows without weight.

    {"prompt": "환율이란?", "completion": "모른다.", "label": false}      KTO (TRL); beside `messages` too
    {"prompt": "환율이란?", "response": "모른다.", "weight": 0}

Such a row is Rejected, for its answer would be taught like any other. A `label` that is no truth value is a class, and
any other weight is not read: both are left as they are, and counted as unread.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.io.row import RawRow
from lineage.readers.io.unread import folded
from lineage.records.record import Rejected

LIKED = ("label", "kto_label", "is_correct", "is_chosen", "is_preferred", "desirable")
WEIGHT = ("weight", "sample_weight", "loss_weight")
TRUTH = {"true": True, "false": False}
DISLIKED = "an answer that was disliked"
WEIGHTLESS = "a row that is marked to carry no loss"


def without_disliked(source: Iterable[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """The rows, those Rejected whose answer is marked as a bad one; a mark that was understood is left out of a row."""
    for row in source:
        yield row if isinstance(row, Rejected) else _judged(row)


def _judged(row: RawRow) -> RawRow | Rejected:
    understood = set()
    for name, value in row.values.items():
        if (column := folded(str(name))) in LIKED and (liked := _truth(value)) is not None:
            if not liked:
                said = f"{name} is {value}: it may stand as `rejected` beside a better answer, for reader: preferences"
                return Rejected(row.origin, DISLIKED, f"{said}; or leave the row out")
            understood.add(name)
        elif column in WEIGHT and _number(value) == 0:
            return Rejected(row.origin, WEIGHTLESS, f"{name} is {value}: leave the row out, or take the mark out")
        elif column in WEIGHT and _number(value) == 1:
            understood.add(name)
    if not understood:
        return row
    return replace(row, values={name: value for name, value in row.values.items() if name not in understood})


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else TRUTH.get((text(value) or "").casefold())


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(text(value) or "nan")
    except ValueError:
        return None
