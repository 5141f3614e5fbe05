"""Held-out rows that a version's line was trained on all the same, and its measures without them.

A held-out row is never trained on, but another source may hold its text, word for word or nearly. An adapter continues
its parent's weights, so what any version of its line met counts. From `data/contamination/<version>.json`:

    {"version": "v3", "sets": {"questions.record": {"rows": 60, "exact": 1, "near": 1, "ids": {
        "questions.record.5f0c…": {"by": "problems.prompt_answer.77a1…", "how": "near", "similarity": 0.93}}}}}

In `comparison.json`, `versions.<version>.contamination`:

    missing   versions of the line that were not searched: without them nothing is known to be clean
    unknown   versions of the line that were trained elsewhere: nobody can search what they met
    searched  sets → held-out rows that were searched
    sets      only sets with findings: rows found (exact, near), `through` whom, how many of the rows that are measured
              they are, and the figures of this version and its parent on the clean rest (None: nothing is left)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from lineage.reporting.artifacts import Measured, SetRows, Workspace

Difference = Callable[[list[tuple[str, SetRows, SetRows]]], dict[str, Any]]


def contamination(w: Workspace, version: str, difference: Difference) -> dict[str, Any]:
    """What the whole line of a version met of each held-out set, and the measures on the clean part of it."""
    line = w.inside[version].line
    parent = w.curriculum.versions[version].parent
    found = {name: _met(w, line, name) for name in sorted({n for v in line for n in w.contamination.get(v, {})})}
    return {
        "missing": [v for v in line if v not in w.contamination],
        "unknown": list(w.inside[version].adopted),
        "searched": {name: max(w.contamination[v][name]["rows"] for v in line if _has(w, v, name)) for name in found},
        "sets": {
            name: {
                "rows": len(ids),
                "exact": sum(how == "exact" for how, _ in ids.values()),
                "near": sum(how != "exact" for how, _ in ids.values()),
                "through": [v for v in line if any(v in through for _, through in ids.values())],
                **_cleaned(w.measured.get(version), w.measured.get(parent), name, set(ids), difference),
            }
            for name, ids in found.items()
            if ids
        },
    }


def _has(w: Workspace, version: str, name: str) -> bool:
    return name in w.contamination.get(version, {})


def _met(w: Workspace, line: tuple[str, ...], name: str) -> dict[str, tuple[str, list[str]]]:
    """Held-out ids of a set that the line met: how (exact, if any version met it so) and through which versions."""
    met: dict[str, tuple[str, list[str]]] = {}
    for version in line:
        if _has(w, version, name):
            for at, one in w.contamination[version][name]["ids"].items():
                how, through = met.get(at, (one["how"], []))
                met[at] = ("exact" if "exact" in (how, one["how"]) else how, [*through, version])
    return met


def _cleaned(
    mine: Measured | None, parent: Measured | None, name: str, met: set[str], difference: Difference
) -> dict[str, Any]:
    """How many of the measured rows were met, and both models on the rest."""
    if mine is None or parent is None or name not in mine.rows or name not in parent.rows:
        return {"measured": None, "clean": None}
    a, b = _without(mine.rows[name], met), _without(parent.rows[name], met)
    dirty = len(mine.rows[name].ids) - len(a.ids)
    if not a.ids:
        return {"measured": dirty, "clean": None}
    figures = difference([(f"{name}, clean part", a, b)])
    clean = {("parent_nll" if key == "other_nll" else key): value for key, value in figures.items()}
    return {"measured": dirty, "clean": clean | {"score": _mean(a.score), "parent_score": _mean(b.score)}}


def _without(rows: SetRows, met: set[str]) -> SetRows:
    keep = np.array([at not in met for at in rows.ids], bool)
    return SetRows(tuple(at for at in rows.ids if at not in met), rows.nll[keep], rows.tokens[keep], rows.score[keep])


def _mean(scores: np.ndarray) -> float | None:
    known = scores[~np.isnan(scores)]
    return round(float(known.mean()), 6) if known.size else None
