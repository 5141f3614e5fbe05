"""Computes every figure that the page and the cards show: `reports/comparison.json`.

- NLL is nats per supervised token, token-weighted: the sum of a set's row NLLs over the sum of its tokens.
  A negative difference is a gain. Scores lie in 0..1, more is better.
- Two models answer the same rows, so differences are *paired*; see lineage/reporting/paired.py. Rows of one document
  count as one group. Intervals, tests and the floor of rows are those of lineage/statistics.
- All sets of a version, by NLL and by score, are judged together: where nothing changed, the chance that any of them is
  called changed is 5 %. `pooled` and `right` are one question each, and judged by themselves.
- Held-out rows that a version's line met in training are counted, and left out of the `clean` figures beside the full
  ones; see lineage/reporting/clean_part.py.
"""

from itertools import combinations
from math import inf, isnan

from lineage.artifacts.base_manifest import BaseManifest
from lineage.artifacts.comparison import (
    BaseOnSet,
    ComparedBase,
    ComparedSet,
    ComparedVersion,
    Comparison,
    Paired,
    Pooled,
    SameMix,
)
from lineage.config.schema import BASE
from lineage.reporting.clean_part import contamination
from lineage.reporting.measured import SetRows
from lineage.reporting.paired import difference, judged, paired, rounded, rounded_interval, rounded_or_none
from lineage.reporting.right_answers import above_chance, right_answers, score_difference
from lineage.reporting.workspace import Workspace
from lineage.statistics.judgement import FEWEST_GROUPS, FEWEST_ROWS, judge, level_of
from lineage.statistics.ratio import CONFIDENCE


def compare(w: Workspace) -> Comparison:
    """Compare versions with parent and best ancestor, and same mixes with one another.

    Raises:
        LineageError: two models that should be compared were measured on different rows.
    """
    c = w.curriculum
    return Comparison(
        profile=c.profile,
        data=c.data,
        confidence=CONFIDENCE,
        fewest_rows=FEWEST_ROWS,
        fewest_groups=FEWEST_GROUPS,
        base=_base(w.base) if w.base else None,
        base_sets=_base_sets(w),
        versions={name: _version(w, name) for name in c.in_order() if name in w.trained},
        same_mix=tuple(_same_mix(w)),
        missing={name: tuple(reasons) for name, reasons in w.missing.items()},
    )


def _base(base: BaseManifest) -> ComparedBase:
    return ComparedBase(origin=base.origin, identity=base.identity, parameters=base.parameters)


def own_sets(w: Workspace, version: str) -> list[str]:
    """The held-out sets of a version's own mix, `<source>.<form>`, in mix order."""
    return [f"{source}.{entry.form}" for source, entry in w.curriculum.versions[version].mix.items()]


def _version(w: Workspace, version: str) -> ComparedVersion:
    whole, parent = w.trained[version].inside, w.curriculum.versions[version].parent
    sets: dict[str, ComparedSet] = {}
    if version in w.measured and parent in w.measured:
        known = w.measured[parent].rows
        sets = _sets(w, version, [name for name in w.measured[version].rows if name in known])
    own = [name for name in own_sets(w, version) if name in sets]
    may_forget = [name for name, one in sets.items() if one.seen_by and not one.own] if parent != BASE else []
    forgot = [name for name in may_forget if sets[name].verdict == "worse"]
    return ComparedVersion(
        parent=parent,
        line=(BASE, *whole.line),
        unknown=whole.adopted,
        pooled=_pooled(w, version, own),
        right=right_answers(own, w.measured[version], w.measured[parent]) if own else None,
        sets=sets,
        may_forget=tuple(may_forget),
        forgot=tuple(sorted(forgot, key=lambda name: -sets[name].difference)),
        contamination=contamination(w, version),
    )


def _pooled(w: Workspace, version: str, names: list[str]) -> Pooled | None:
    """A version against its parent on the sets of its own mix together; None where both answered none."""
    if not names:
        return None
    me, parent = w.measured[version].rows, w.measured[w.curriculum.versions[version].parent].rows
    figures = paired([(name, me[name], parent[name]) for name in names])
    return Pooled(**figures.against_parent(), sets=tuple(names), improved=figures.verdict == "improved")


def _sets(w: Workspace, version: str, names: list[str]) -> dict[str, ComparedSet]:
    """A version on every set that its parent answered too, against the parent and against its best ancestor."""
    whole, me = w.trained[version].inside, w.measured[version]
    parent = w.measured[w.curriculum.versions[version].parent]
    against_parent = {name: difference([(name, me.rows[name], parent.rows[name])]) for name in names}
    scores = {name: found for name in names if (found := score_difference(name, me, parent))}
    tested = {name: one.tested for name, one in against_parent.items()}
    tested |= {f"score of {name}": one.tested for name, one in scores.items()}
    verdicts, level = judge(tested), level_of(tested)
    best = {name: _best_ancestor(w, version, name) for name in names}
    others = judged({name: difference([(name, me.rows[name], _rows(w, best[name], name))]) for name in names})
    own, compared = own_sets(w, version), dict[str, ComparedSet]()
    for name in names:
        measures, score, other = me.sets[name], scores.get(name), others[name]
        source = w.curriculum.sources.get(measures.source)
        figures: Paired = against_parent[name].judged(verdicts[name], level)
        compared[name] = ComparedSet(
            **figures.against_parent(),
            improved=figures.verdict == "improved",
            own=name in own,
            benchmark=source is not None and source.heldout == 1,
            source=measures.source,
            form=measures.form,
            heldout_rows=measures.heldout_rows,
            measure=measures.measure,
            chance=measures.chance,
            score=measures.score,
            parent_score=parent.sets[name].score,
            score_interval=rounded_interval(measures.score_interval),
            above_chance=above_chance(measures.score_interval, measures.chance),
            score_difference_interval=score.interval if score else None,
            score_p=rounded_or_none(verdicts[f"score of {name}"].p) if score else None,
            score_verdict=verdicts[f"score of {name}"].verdict if score else None,
            score_smallest=score.smallest(level) if score else None,
            normalized=measures.normalized,
            parent_normalized=parent.sets[name].normalized,
            too_long=measures.too_long,
            answered=measures.answered,
            cut=measures.cut,
            endless=measures.endless,
            seen_by=tuple(v for v in whole.seen_by(measures.source) if v != version),
            best_ancestor=best[name],
            best_nll=other.other_nll,
            against_best=other.difference,
            against_best_interval=other.interval,
            against_best_verdict=other.verdict,
            figures=measures.figures,
            parent_figures=parent.sets[name].figures,
            places=measures.places,
            confusion=measures.confusion,
            fields=measures.fields,
            parent_fields=parent.sets[name].fields,
        )
    return compared


def _best_ancestor(w: Workspace, version: str, name: str) -> str:
    """The ancestor, or the base, with the lowest NLL on a set; of equals the nearest, and one without a number last."""
    line = [*reversed(w.trained[version].inside.line[:-1]), BASE]
    known = [a for a in line if a in w.measured and name in w.measured[a].rows]
    nll = {a: _rows(w, a, name).mean_nll for a in known}
    return min(known, key=lambda a: inf if isnan(nll[a]) else nll[a])


def _rows(w: Workspace, model: str, name: str) -> SetRows:
    return w.measured[model].rows[name]


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


def _same_mix(w: Workspace) -> list[SameMix]:
    """Pairs of measured versions with the same mix: what another road to it was worth on that mix."""
    versions = w.curriculum.versions
    pairs = {}
    for first, second in combinations([v for v in versions if v in w.trained and v in w.measured], 2):
        a, b = w.measured[first].rows, w.measured[second].rows
        names = [name for name in own_sets(w, first) if name in a and name in b]
        if names and versions[first].mix == versions[second].mix:
            pairs[first, second] = names, difference([(name, b[name], a[name]) for name in names])
    verdicts = judged({f"{first} {second}": one for (first, second), (_, one) in pairs.items()})
    return [
        SameMix(**verdicts[f"{first} {second}"].model_dump(), first=first, second=second, sets=tuple(names))
        for (first, second), (names, _) in pairs.items()
    ]
