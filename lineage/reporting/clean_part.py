"""Held-out rows that a version's line was trained on all the same, and its measures without them.

A held-out row is never trained on, but another source may hold its text, word for word or nearly. An adapter continues
its parent's weights, so what any version of its line met counts. From `data/contamination/<version>.json`:

    {"version": "v3", "sets": {"questions.record": {"rows": 60, "exact": 1, "near": 1, "ids": {
        "questions.record.5f0c…": {"by": "problems.prompt_answer.77a1…", "how": "near", "similarity": 0.93}}}}}
"""

import numpy as np
from numpy.typing import NDArray

from lineage.artifacts.comparison import CleanPart, LineContamination, MetInTraining
from lineage.reporting.paired import Draws, paired
from lineage.reporting.workspace import SearchedSet, Workspace


def contamination(w: Workspace, version: str, draws: Draws) -> LineContamination:
    """What the whole line of a version met of each held-out set, and the measures on the clean part of it."""
    whole = w.trained[version].inside
    searched = {v: w.contamination[v] for v in whole.line if v in w.contamination}
    of_set = {
        name: {v: sets[name] for v, sets in searched.items() if name in sets}
        for name in sorted({name for sets in searched.values() for name in sets})
    }
    return LineContamination(
        missing=tuple(v for v in whole.line if v not in searched),
        unknown=whole.adopted,
        searched={name: max(one.rows for one in by_version.values()) for name, by_version in of_set.items()},
        sets={
            name: _met(w, version, name, by_version, draws)
            for name, by_version in of_set.items()
            if any(one.met for one in by_version.values())
        },
    )


def _met(w: Workspace, version: str, name: str, by_version: dict[str, SearchedSet], draws: Draws) -> MetInTraining:
    """What a line met of a set.

    Args:
        w: the workspace.
        version: the last of the line.
        name: the set.
        by_version: what each version's mix holds of the set, in the order of the line.
        draws: the resamples.
    """
    exact = {at for one in by_version.values() for at, how in one.met.items() if how == "exact"}
    met = {at for one in by_version.values() for at in one.met}
    measured, clean = _cleaned(w, version, name, met, draws)
    return MetInTraining(
        rows=len(met),
        exact=len(exact),
        near=len(met - exact),
        through=tuple(v for v, one in by_version.items() if one.met),
        measured=measured,
        clean=clean,
    )


def _cleaned(w: Workspace, version: str, name: str, met: set[str], draws: Draws) -> tuple[int | None, CleanPart | None]:
    """How many of a version's measured rows were met, and the figures of it and its parent on the rest.

    Args:
        w: the workspace.
        version: the version.
        name: the set.
        met: ids of the rows that its line met.
        draws: the resamples.
    """
    mine, parent = w.measured.get(version), w.measured.get(w.curriculum.versions[version].parent)
    if mine is None or parent is None or name not in mine.rows or name not in parent.rows:
        return None, None
    a, b = mine.rows[name].without(met), parent.rows[name].without(met)
    dirty = len(mine.rows[name].ids) - len(a.ids)
    if not a.ids:
        return dirty, None
    figures = paired([(f"{name}, clean part", a, b)], draws)
    return dirty, CleanPart(**figures.against_parent(), score=_mean(a.score), parent_score=_mean(b.score))


def _mean(scores: NDArray[np.float64]) -> float | None:
    known = scores[~np.isnan(scores)]
    return round(float(known.mean()), 6) if known.size else None
