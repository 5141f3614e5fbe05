"""Held-out rows that a version's line was trained on all the same, and its measures without them.

A held-out row is never trained on, but another source may hold its text, word for word or nearly. An adapter continues
its parent's weights, so what any version of its line met counts. From `data/contamination/<version>.json`:

    {"version": "v3", "sets": {"questions.record": {"rows": 60, "exact": 1, "near": 1, "ids": {
        "questions.record.5f0c…": {"by": "problems.prompt_answer.77a1…", "how": "near", "similarity": 0.93}}}}}
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage.artifacts.comparison import CleanPart, LineContamination, MetInTraining, Paired
from lineage.reporting.paired import Difference, difference, judged
from lineage.reporting.workspace import SearchedSet, Workspace


def contamination(w: Workspace, version: str) -> LineContamination:
    """What the whole line of a version met of each held-out set, and the measures on the clean part of it."""
    whole = w.trained[version].inside
    searched = {v: w.contamination[v] for v in whole.line if v in w.contamination}
    of_set = {
        name: {v: sets[name] for v, sets in searched.items() if name in sets}
        for name in sorted({name for sets in searched.values() for name in sets})
    }
    met = {name: found for name, found in of_set.items() if any(one.met for one in found.values())}
    cleaned = {name: _cleaned(w, version, name, _ids(found)) for name, found in met.items()}
    clean = judged({name: one.difference for name, one in cleaned.items() if one and one.difference})
    return LineContamination(
        missing=tuple(v for v in whole.line if v not in searched),
        unknown=whole.adopted,
        searched={name: max(one.rows for one in by_version.values()) for name, by_version in of_set.items()},
        sets={name: _met(found, cleaned[name], clean.get(name)) for name, found in met.items()},
    )


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """A version's rows of a set of which `met` were met; the difference and the scores on the rest, if there is one."""

    met: int
    difference: Difference | None
    score: float | None
    parent_score: float | None


def _ids(by_version: dict[str, SearchedSet]) -> set[str]:
    return {at for one in by_version.values() for at in one.met}


def _met(by_version: dict[str, SearchedSet], cleaned: _Cleaned | None, clean: Paired | None) -> MetInTraining:
    """What a line met of a set.

    Args:
        by_version: what each version's mix holds of the set, in the order of the line.
        cleaned: what is left of it; None where nothing is measured.
        clean: the figures on what is left, judged.
    """
    exact = {at for one in by_version.values() for at, how in one.met.items() if how == "exact"}
    met = _ids(by_version)
    return MetInTraining(
        rows=len(met),
        exact=len(exact),
        near=len(met - exact),
        through=tuple(v for v, one in by_version.items() if one.met),
        measured=cleaned.met if cleaned else None,
        clean=CleanPart(**clean.against_parent(), score=cleaned.score, parent_score=cleaned.parent_score)
        if cleaned and clean
        else None,
    )


def _cleaned(w: Workspace, version: str, name: str, met: set[str]) -> _Cleaned | None:
    """A version's rows of a set without those that its line met; None where it or its parent is not measured.

    Args:
        w: the workspace.
        version: the version.
        name: the set.
        met: ids of the rows that its line met.
    """
    mine, parent = w.measured.get(version), w.measured.get(w.curriculum.versions[version].parent)
    if mine is None or parent is None or name not in mine.rows or name not in parent.rows:
        return None
    a, b = mine.rows[name].without(met), parent.rows[name].without(met)
    dirty = len(mine.rows[name].ids) - len(a.ids)
    if not a.ids:
        return _Cleaned(dirty, None, None, None)
    return _Cleaned(dirty, difference([(name, a, b)]), _mean(a.score), _mean(b.score))


def _mean(scores: NDArray[np.float64]) -> float | None:
    known = scores[~np.isnan(scores)]
    return round(float(known.mean()), 6) if known.size else None
