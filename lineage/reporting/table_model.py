"""A model of tables beside the versions: what the fields of the same rows say without any language model.

A held-out set with labels is of a table if every prompt says the same fields, a line each ("대출기간: 36 months"). On
the rows of its source that are not held out scikit-learn's gradient boosting is trained, with the settings that it
comes with, and asked the very rows that the versions were asked. So a reader sees what a version is worth beside a
model that takes seconds. A field whose every value is a number is one; any other is a choice among its values.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lineage.artifacts.comparison import TableModel
from lineage.artifacts.set_figures import Confusion, SetFigure
from lineage.core import paths
from lineage.records.record import Record, read_records
from lineage.reporting.measured import SetRows
from lineage.reporting.workspace import Workspace
from lineage.statistics.groups import Floats
from lineage.statistics.jackknife import of_sums
from lineage.statistics.label_counts import as_counts, macro_f1
from lineage.statistics.shares import share

FEWEST_FIELDS = 3
MOST_VALUES = 255  # of a choice: scikit-learn takes no more

Fields = dict[str, str]


def table_models(w: Workspace, root: Path = Path()) -> dict[str, TableModel]:
    """A model of tables for each measured set that has labels and is of a table."""
    found: dict[str, TableModel] = {}
    for measured in w.measured.values():
        for name, one in measured.sets.items():
            if one.confusion and name not in found and name in measured.rows:
                made = _beside(name, measured.rows[name], w.curriculum.seed, root)
                found |= {name: made} if made else {}
    return dict(sorted(found.items()))


def fields_of(prompt: str) -> Fields:
    """The fields that a prompt says behind its first line; {} where a line is none."""
    found = dict(line.split(": ", 1) for line in prompt.split("\n")[1:] if ": " in line)
    return found if len(found) == prompt.count("\n") >= FEWEST_FIELDS else {}


def _beside(name: str, asked: SetRows, seed: int, root: Path) -> TableModel | None:
    source, _, form = name.partition(".")
    held, known = root / paths.HELDOUT / source / f"{form}.jsonl", root / paths.records(source)
    if not held.is_file() or not known.is_file():
        return None
    heldout = {record.id: record for record in read_records(held)}
    rows = [record for record in read_records(known) if record.form == form]
    if not rows or any(at not in heldout for at in asked.ids):
        return None
    there = [heldout[at] for at in asked.ids]
    before, now = ([fields_of(r.prompt) for r in some] for some in (rows, there))
    names = tuple(before[0])
    if not names or any(tuple(one) != names for one in (*before, *now)) or len({r.options for r in rows}) != 1:
        return None
    return _trained(rows, there, (before, now), asked.groups, seed)


def _trained(
    rows: Sequence[Record],
    there: Sequence[Record],
    fields: tuple[list[Fields], list[Fields]],
    groups: tuple[str, ...],
    seed: int,
) -> TableModel:
    """Train on rows and judge on those held out.

    Args:
        rows: to train on.
        there: the held-out rows that the versions were asked.
        fields: of both.
        groups: of the held-out rows.
        seed: the curriculum's.
    """
    import sklearn
    from sklearn.ensemble import HistGradientBoostingClassifier

    before, now = fields
    columns = {name: _column([one[name] for one in before], [one[name] for one in now]) for name in before[0]}
    taken = {name: column for name, column in columns.items() if column is not None}
    model = HistGradientBoostingClassifier(
        random_state=seed, early_stopping=False, categorical_features=[chosen for _, _, chosen in taken.values()]
    )
    model.fit(np.stack([known for known, _, _ in taken.values()], 1), [r.completion for r in rows])
    said = list(map(str, model.predict(np.stack([asked for _, asked, _ in taken.values()], 1))))
    expected, labels = [r.completion for r in there], there[0].options
    cells = as_counts(expected, said, labels)
    right = share(np.array([a == b for a, b in zip(expected, said, strict=True)], float), groups)
    value, interval = of_sums(lambda sums: macro_f1(sums, len(labels)), cells, groups)
    table = cells.sum(0).astype(int).reshape(len(labels), len(labels) + 1)
    return TableModel(
        model=f"scikit-learn {sklearn.__version__}, {type(model).__name__}",
        trained_rows=len(rows),
        fields=tuple(taken),
        left_out=tuple(name for name in columns if name not in taken),
        accuracy=_figure(right.value, right.interval, len(there)),
        macro_f1=_figure(value, interval, len(there)),
        confusion=Confusion(labels=labels, counts=tuple(tuple(map(int, row)) for row in table)),
    )


def _figure(value: float, interval: tuple[float, float] | None, rows: int) -> SetFigure:
    ends = None if interval is None else (round(interval[0], 4), round(interval[1], 4))
    return SetFigure(value=round(value, 4), interval=ends, rows=rows)


def _column(known: list[str], asked: list[str]) -> tuple[Floats, Floats, bool] | None:
    """A field of both sides as numbers, and whether they stand for a choice; None of one with too many values."""
    if all(_number(value) is not None for value in known):
        return _numbers(known), _numbers(asked), False
    places = {value: float(place) for place, value in enumerate(sorted(set(known)))}
    if len(places) > MOST_VALUES:
        return None
    before, now = (np.array([places.get(value, np.nan) for value in side]) for side in (known, asked))
    return before, now, True


def _numbers(values: list[str]) -> Floats:
    return np.array([np.nan if (number := _number(value)) is None else number for value in values])


def _number(value: str) -> float | None:
    try:
        return float(value.replace(",", ""))
    except ValueError:
        return None
