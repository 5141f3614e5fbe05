"""What the report stands on: the outputs of the graph, read once and checked against each other.

Something absent (a version not trained yet) is no error: it is left out, and `missing` says what and which
command makes it. So it is with something stale, such as measures of an adapter that was trained again since.

    metrics/v1/rows.jsonl:
    {"set": "questions.record", "id": "questions.record.5f0c…", "nll": 31.2, "tokens": 14, "score": 1.0}
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lineage.artifacts.manifest import read_manifest
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.provenance.ancestry import Inside, inside, licences_of
from lineage.provenance.obligations import facts


@dataclass(frozen=True, slots=True)
class SetRows:
    """A held-out set as one model answered it; arrays of shape (rows,).

    score: NaN for a row that has none, or one by another measure than its set's.
    """

    ids: tuple[str, ...]
    nll: np.ndarray
    tokens: np.ndarray
    score: np.ndarray


@dataclass(frozen=True, slots=True)
class Measured:
    """One model on every held-out set: evaluate's summary per set, its rows, sample answers by (set, id)."""

    sets: dict[str, dict[str, Any]]
    rows: dict[str, SetRows]
    answers: dict[tuple[str, str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that page, cards and comparison show. Versions stand in curriculum order, parents first."""

    curriculum: Curriculum
    base: dict[str, Any] | None
    inside: dict[str, Inside]  # the versions that are trained and whose whole line is known
    records: dict[str, dict[str, Any]]
    history: dict[str, list[dict[str, float]]]
    mixes: dict[str, dict[str, Any]]
    measured: dict[str, Measured]  # also `base`
    ingests: dict[str, dict[str, Any]]
    conversions: dict[str, dict[str, Any]]
    facts: dict[str, dict[str, Any]]  # what is inside each version, and what follows: lineage/provenance/obligations.py
    contamination: dict[str, dict[str, Any]]  # version → held-out set → what its mix holds of it
    missing: dict[str, list[str]]  # version or `base` → what is not there, and the command that makes it


def read_workspace(c: Curriculum, root: Path = Path()) -> Workspace:
    """Read all outputs below `root` that the curriculum knows.

    Raises:
        LineageError: a file is there but is not what its stage writes.
    """
    models, licences = root / paths.MODELS, licences_of(c)
    w = Workspace(c, _json(models / BASE / "base.json"), {}, {}, {}, {}, {}, {}, {}, {}, {}, {})
    if w.base is None:
        w.missing[BASE] = ["there is no base model; run `dvc repro base`"]
    for version in c.in_order():
        if mix := _json(root / paths.mix_summary(version)):
            w.mixes[version] = mix
        if (found := _contamination(root / paths.contamination(version))) is not None:
            w.contamination[version] = found
        if not (models / version / "lineage.json").is_file():
            w.missing[version] = [f"not trained; run `dvc repro train@{version}`"]
            continue
        try:
            whole, record = inside(version, licences, root), read_manifest(version, root).to_json()
            if w.base and whole.base != w.base["identity"]:
                raise LineageError(f"{version} was trained on another base; run `dvc repro train@{version}`")
            if record["parent"] != c.versions[version].parent:
                raise LineageError(
                    f"{version} continued {record['parent']}, params.yaml now says "
                    f"{c.versions[version].parent}; run `dvc repro train@{version}`"
                )
        except LineageError as error:
            w.missing[version] = [f"out of date: {error}"]
            continue
        w.inside[version], w.records[version] = whole, record
        w.facts[version] = facts(c, whole, root)
        w.history[version] = _history(models / version / "history.csv")
    for model in [BASE, *w.inside]:
        try:
            adapter = w.records[model]["adapter"] if model in w.records else None
            w.measured[model] = _measured(model, root / paths.metrics(model), adapter)
        except _Absent as absent:
            w.missing.setdefault(model, []).append(str(absent))
    for source in c.sources:
        if ingest := _json(root / paths.ingest_counts(source)):
            w.ingests[source] = ingest
        if conversion := _json(root / paths.conversion(c.data, source)):
            w.conversions[source] = conversion
    return w


class _Absent(Exception):
    """Measures that are not there, or are another adapter's."""


def _measured(model: str, folder: Path, adapter: str | None) -> Measured:
    stage = "baseline" if model == BASE else f"evaluate@{model}"
    measures = _json(folder / "measures.json")
    if measures is None:
        raise _Absent(f"not measured; run `dvc repro {stage}`")
    if measures["adapter"] != adapter:
        raise _Absent(f"{folder}/measures.json: it measures another adapter than {model}'s; run `dvc repro {stage}`")
    return Measured(
        sets=measures["sets"],
        rows=_set_rows(folder / "rows.jsonl", {name: one["measure"] for name, one in measures["sets"].items()}),
        answers={(a["set"], a["id"]): a for a in _lines(folder / "answers.jsonl")},
    )


def _set_rows(path: Path, measures: dict[str, str]) -> dict[str, SetRows]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in _lines(path):
        grouped.setdefault(row["set"], []).append(row)

    def score(row: dict[str, Any], measure: str) -> float:
        counts = row["score"] is not None and row.get("measure", measure) == measure
        return row["score"] if counts else np.nan

    return {
        name: SetRows(
            ids=tuple(row["id"] for row in rows),
            nll=np.array([row["nll"] for row in rows], float),
            tokens=np.array([row["tokens"] for row in rows], float),
            score=np.array([score(row, measures[name]) for row in rows], float),
        )
        for name, rows in grouped.items()
    }


def _contamination(path: Path) -> dict[str, Any] | None:
    """Held-out set → what a version's mix holds of it, or None where nobody searched."""
    found = _json(path)
    if found is None:
        return None
    try:
        sets: dict[str, Any] = found["sets"]
        for one in sets.values():
            one["rows"], [hit["how"] for hit in one["ids"].values()]
    except (KeyError, TypeError, AttributeError) as error:
        raise LineageError(
            f"{path}: not a search for held-out rows ({error!r}); run `dvc repro` to make it again"
        ) from error
    return sets


def _history(path: Path) -> list[dict[str, float]]:
    """The rows of a training history: step, loss, learning_rate, grad_norm, tokens."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def _json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LineageError(f"{path}: not JSON ({error}); run `dvc repro` to make it again") from error
    return value


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise _Absent(f"{path}: not found; run `dvc repro` to make it again")
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                remedy = "run `dvc repro` to make it again"
                raise LineageError(f"{path}:{number}: not JSON ({error}); {remedy}") from error
