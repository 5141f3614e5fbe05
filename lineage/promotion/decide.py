"""Whether a version is better than the champion: a pure function of measured rows, a goal and the looks so far.

    from lineage.config.goal import Goal
    from lineage.promotion.decide import decide
    from lineage.promotion.sides import Side

    rows = {"rules.record": SetRows(ids, nll, tokens, score, groups)}     # lineage/reporting/measured.py
    decision = decide(Side("v6", rows), Side("v5_3", other_rows), Goal(), guarded=("rules.record",))
    decision.passed, decision.reasons

No file is read or written, nothing is drawn: the same rows give the same decision, in milliseconds. `looks` are those
so far at any rows (none: this is the first); `number` of the look it becomes, and the level that it is tested at, stand
in `decision.look`.

- **Better.** The weighted mean of the sets' gains is above 0, one-sided, at the level of this look. Rows of one source
  share groups across sets (lineage/statistics/weighted.py). A right-or-wrong set counts with no less noise than the
  interval of Agresti and Min gives it, since few answers that flipped show too little. The seed's noise is added.
- **Nothing lost.** Of each guarded set, that it is worse by its margin or more is rejected at the same level:
  non-inferiority. It must be shown, so too few rows refuse. Every one of these tests must pass, so none is corrected
  for the others: a version that lost one set gets in only if the test of *that* set errs, which it does at most at its
  level, however many others pass (an intersection-union test; Berger 1982). With "better" it is the same: the whole
  gate errs at most at the level of one test. What many sets cost is power, not error.
- **Within limits.** Held-out rows that the line met in training are left out on both sides, and their share is limited;
  so are answers that did not end. These are limits on what was counted, no tests.

    Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling. Technometrics 24, 295-300.
"""

from collections.abc import Collection, Iterable

from lineage.artifacts.promotions import Look
from lineage.config.goal import Goal
from lineage.core.errors import LineageError
from lineage.promotion.criteria import ends_well, is_better, is_clean, is_kept, looks_left
from lineage.promotion.decision import Decision
from lineage.promotion.paired_gain import paired_gain
from lineage.promotion.sides import Side
from lineage.promotion.spending import looked_at


def decide(
    candidate: Side, champion: Side, goal: Goal, guarded: Collection[str], looks: Iterable[Look] = ()
) -> Decision:
    """Whether a version becomes the champion.

    Args:
        candidate: the version.
        champion: who it must be better than.
        goal: what counts, what may not be lost, and how sure one must be.
        guarded: the sets that may not be worse by their margin.
        looks: at held-out rows, so far.

    Raises:
        LineageError: the two answered other sets or other rows: there is nothing to decide, and no look was taken.
    """
    names = sets_looked_at(candidate, champion, goal, guarded)
    met = {name: {*candidate.met.get(name, ()), *champion.met.get(name, ())} for name in names}
    gains = {name: paired_gain(name, candidate, champion, goal.measure_of(name), met[name]) for name in names}
    look = looked_at({name: candidate.rows[name].ids for name in names}, goal, looks)
    criteria = (
        is_better(gains, goal, look),
        *(is_kept(name, gains[name], goal, look) for name in names if name in guarded),
        is_clean(candidate, champion, goal, names),
        *ends_well(candidate, champion, goal),
        *looks_left(goal, look),
    )
    return Decision(candidate.name, champion.name, criteria, look)


def sets_looked_at(candidate: Side, champion: Side, goal: Goal, guarded: Collection[str]) -> list[str]:
    """The sets that are looked at: those of some weight, and those that are guarded.

    Args:
        candidate: the version.
        champion: who it is compared with.
        goal: the weights.
        guarded: the sets that may not be lost.

    Raises:
        LineageError: only one of the two was asked one of them.
    """
    asked = list(dict.fromkeys([*champion.rows, *candidate.rows, *guarded]))
    names = [name for name in asked if goal.weight_of(name) or name in guarded]
    for side in (candidate, champion):
        if absent := [name for name in names if name not in side.rows]:
            raise LineageError(
                f"{side.name} was not asked {', '.join(absent)}; run `dvc repro evaluate` and `dvc repro baseline` to "
                f"measure all alike, or give a set that only one of the two answers no weight in goal.weights and name "
                f"it in goal.unguarded"
            )
    return names
