"""Computes every figure that the page and the cards show: `reports/comparison.json`.

- NLL is nats per supervised token, token-weighted: the sum of a set's row NLLs over the sum of its tokens.
  A negative difference is a gain. Scores lie in 0..1, more is better.
- Two models answer the same rows, so differences are *paired*; see lineage/reporting/paired.py.
- A difference counts as real when its 95 % interval leaves zero out.
- Held-out rows that a version's line met in training are counted, and left out of the `clean` figures beside the full
  ones; see lineage/reporting/clean_part.py.
- Limits: rows of one document are treated as independent, and no correction is made for looking at many sets:
  of a hundred sets on which nothing changed, two or three look worse and as many better.
"""

from itertools import combinations

import numpy as np

from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.comparison import (
    BaseOnSet,
    ComparedBase,
    ComparedSet,
    ComparedVersion,
    Comparison,
    Pooled,
    SameMix,
)
from lineage.artifacts.measures import Interval
from lineage.config.schema import BASE
from lineage.reporting.clean_part import contamination
from lineage.reporting.measured import Measured
from lineage.reporting.paired import CONFIDENCE, Draws, interval, paired, rounded
from lineage.reporting.workspace import Workspace


def compare(w: Workspace) -> Comparison:
    """Compare versions with parent and best ancestor, and same mixes with one another.

    Raises:
        LineageError: two models that should be compared were measured on different rows.
    """
    c = w.curriculum
    draws = Draws(c.seed, c.evaluation.bootstrap)
    return Comparison(
        profile=c.profile,
        data=c.data,
        seed=c.seed,
        resamples=c.evaluation.bootstrap,
        confidence=CONFIDENCE,
        base=_base(w.base) if w.base else None,
        base_sets=_base_sets(w),
        versions={name: _version(w, name, draws) for name in c.versions if name in w.trained},
        same_mix=tuple(_same_mix(w, draws)),
        missing={name: tuple(reasons) for name, reasons in w.missing.items()},
    )


def _base(base: BaseManifest) -> ComparedBase:
    return ComparedBase(origin=base.origin, identity=base.identity, parameters=base.parameters)


def own_sets(w: Workspace, version: str) -> list[str]:
    """The held-out sets of a version's own mix, `<source>.<form>`, in mix order."""
    return [f"{source}.{entry.form}" for source, entry in w.curriculum.versions[version].mix.items()]


def _version(w: Workspace, version: str, draws: Draws) -> ComparedVersion:
    whole, parent = w.trained[version].inside, w.curriculum.versions[version].parent
    sets: dict[str, ComparedSet] = {}
    if version in w.measured and parent in w.measured:
        known = w.measured[parent].rows
        sets = {name: _set(w, version, name, draws) for name in w.measured[version].rows if name in known}
    forgot = [name for name, one in sets.items() if one.verdict == "worse"]
    return ComparedVersion(
        parent=parent,
        line=(BASE, *whole.line),
        unknown=whole.adopted,
        pooled=_pooled(w, version, [name for name in own_sets(w, version) if name in sets], draws),
        sets=sets,
        forgot=tuple(sorted(forgot, key=lambda name: -sets[name].difference)),
        contamination=contamination(w, version, draws),
    )


def _pooled(w: Workspace, version: str, names: list[str], draws: Draws) -> Pooled | None:
    """A version against its parent on some sets together.

    Args:
        w: the workspace.
        version: the version.
        names: the sets of its own mix that both answered.
        draws: the resamples.
    """
    if not names:
        return None
    me, parent = w.measured[version].rows, w.measured[w.curriculum.versions[version].parent].rows
    figures = paired([(name, me[name], parent[name]) for name in names], draws)
    return Pooled(**figures.against_parent(), sets=tuple(names), improved=figures.verdict == "improved")


def _set(w: Workspace, version: str, name: str, draws: Draws) -> ComparedSet:
    """A version on one set, against its parent and against its best ancestor.

    Args:
        w: the workspace.
        version: the version.
        name: the set, which both it and its parent answered.
        draws: the resamples.
    """
    whole = w.trained[version].inside
    me, parent = w.measured[version], w.measured[w.curriculum.versions[version].parent]
    figures = paired([(name, me.rows[name], parent.rows[name])], draws)
    ancestors = [a for a in [*reversed(whole.line[:-1]), BASE] if a in w.measured and name in w.measured[a].rows]
    best = min(ancestors, key=lambda a: w.measured[a].rows[name].mean_nll)
    other = paired([(name, me.rows[name], w.measured[best].rows[name])], draws)
    measures = me.sets[name]
    source = w.curriculum.sources.get(measures.source)
    return ComparedSet(
        **figures.against_parent(),
        improved=figures.verdict == "improved",
        own=name in own_sets(w, version),
        benchmark=source is not None and source.heldout == 1,
        source=measures.source,
        form=measures.form,
        heldout_rows=measures.heldout_rows,
        measure=measures.measure,
        chance=measures.chance,
        score=measures.score,
        parent_score=parent.sets[name].score,
        score_difference_interval=_score_interval(name, me, parent, draws),
        seen_by=tuple(v for v in whole.seen_by(measures.source) if v != version),
        best_ancestor=best,
        best_nll=other.other_nll,
        against_best=other.difference,
        against_best_interval=other.interval,
        against_best_verdict=other.verdict,
    )


def _score_interval(name: str, mine: Measured, parent: Measured, draws: Draws) -> Interval | None:
    """The paired interval of the difference of two scores; None where there are none, or the rows do not give them.

    Args:
        name: the set.
        mine: the version's answers.
        parent: its parent's.
        draws: the resamples.
    """
    score, before = mine.sets[name].score, parent.sets[name].score
    a, b = mine.rows[name].score, parent.rows[name].score
    scored = ~np.isnan(a) & ~np.isnan(b)
    if score is None or before is None or not scored.any():
        return None
    if not np.allclose([a[scored].mean(), b[scored].mean()], [score, before], atol=1e-3):
        return None
    return interval(draws.of(f"{name} scored", int(scored.sum())) @ (a - b)[scored] / scored.sum())


def _base_sets(w: Workspace) -> dict[str, BaseOnSet]:
    """The base on every set: what a version from the base is compared with."""
    if BASE not in w.measured:
        return {}
    base = w.measured[BASE]
    return {
        name: BaseOnSet(
            nll=rounded(rows.mean_nll),
            score=base.sets[name].score,
            chance=base.sets[name].chance,
            measure=base.sets[name].measure,
        )
        for name, rows in base.rows.items()
    }


def _same_mix(w: Workspace, draws: Draws) -> list[SameMix]:
    """Pairs of measured versions with the same mix: what another road to it was worth on that mix."""
    versions = w.curriculum.versions
    found = []
    for first, second in combinations([v for v in versions if v in w.trained and v in w.measured], 2):
        a, b = w.measured[first].rows, w.measured[second].rows
        names = [name for name in own_sets(w, first) if name in a and name in b]
        if names and versions[first].mix == versions[second].mix:
            figures = paired([(name, b[name], a[name]) for name in names], draws)
            found.append(SameMix(**figures.model_dump(), first=first, second=second, sets=tuple(names)))
    return found
