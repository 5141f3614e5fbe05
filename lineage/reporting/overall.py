"""What compares all models with one another: pooled figures over the same rows, and a sentence on each version.

A version's figures on its own sets say what it learnt, but each version has other sets: by them one that takes on hard
sets looks worse than one that did not. `all_sets` is of the same rows for every model, the base among them.
"""

from collections.abc import Sequence

import numpy as np

from lineage.artifacts.comparison import Comparison, Overall, Together
from lineage.config.schema import BASE
from lineage.core.errors import LineageError
from lineage.reporting.measured import Measured
from lineage.reporting.paired import rounded, rounded_or_none
from lineage.reporting.right_answers import RIGHT_OR_WRONG
from lineage.reporting.set_order import set_order
from lineage.reporting.set_words import forgetting, summary
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import Workspace


def with_overall(w: Workspace, comparison: Comparison) -> Comparison:
    """The comparison with the figures that compare all measured models; who is the champion stands in it too."""
    common = common_sets(w)
    found = {}
    if common:
        found = {model: _overall(w, comparison, model, common) for model in w.measured}
    return comparison.model_copy(update={"overall": found, "champion": w.champion})


def common_sets(w: Workspace) -> tuple[str, ...]:
    """The sets that every measured model answered, row by row and token by token the same."""
    models = list(w.measured.values())
    return tuple(name for name in set_order(w) if all(_same(models[0], one, name) for one in models))


def together(w: Workspace, model: str, names: Sequence[str]) -> Together | None:
    """A model on some sets that it answered, pooled; None where there are none.

    Args:
        w: the workspace.
        model: a version or the base.
        names: the sets.
    """
    if not names:
        return None
    me = w.measured[model]
    rows = [me.rows[name] for name in names]
    judged = [name for name in names if me.sets[name].measure in RIGHT_OR_WRONG]
    scores = [me.rows[name].score[~np.isnan(me.rows[name].score)] for name in judged]
    answers = [len(one) for one in scores]
    chances = [me.sets[name].chance for name in judged]
    known = [chance for chance in chances if chance is not None]
    whole = sum(answers) > 0 and len(known) == len(chances)
    return Together(
        sets=tuple(names),
        rows=sum(len(one.ids) for one in rows),
        tokens=int(sum(one.tokens.sum() for one in rows)),
        nll=rounded(sum(one.nll.sum() for one in rows) / sum(one.tokens.sum() for one in rows)),
        answers=sum(answers),
        right=rounded_or_none(np.concatenate(scores).mean() if sum(answers) else None),
        chance=rounded(float(np.average(known, weights=answers))) if whole else None,
    )


def _overall(w: Workspace, comparison: Comparison, model: str, common: tuple[str, ...]) -> Overall:
    everything = together(w, model, common)
    assert everything
    compared = comparison.versions.get(model)
    if model == BASE or compared is None or not compared.sets:
        return Overall(all_sets=everything, against_champion=_said(w, w.champion, model))
    own, before = list(compared.own), list(compared.may_forget)
    best = sum(one.best_nll * one.tokens for name in before for one in (compared.sets[name],))
    tokens = sum(compared.sets[name].tokens for name in before)
    return Overall(
        all_sets=everything,
        own_sets=together(w, model, own),
        ancestors_sets=together(w, model, before),
        parent_all_sets=together(w, compared.parent, common),
        parent_own_sets=together(w, compared.parent, own),
        parent_ancestors_sets=together(w, compared.parent, before),
        best_ancestor_nll=rounded(best / tokens) if tokens else None,
        against_parent=_said(w, compared.parent, model),
        against_champion=_said(w, w.champion, model),
    )


def _said(w: Workspace, first: str, second: str) -> str:
    """What `lineage compare` says of the two; nothing where one of them is not measured, or both are the same."""
    if second == BASE or first == second or first not in w.measured:
        return ""
    try:
        found = two_versions(w, first, second)
    except LineageError:  # one of them was measured before the held-out rows changed, and is not measured anew yet
        return f"{second} against {first}: measured on different rows"
    return "; ".join(filter(None, (summary(found), forgetting(found))))


def _same(a: Measured, b: Measured, name: str) -> bool:
    if name not in a.rows or name not in b.rows:
        return False
    one, other = a.rows[name], b.rows[name]
    return one.ids == other.ids and np.array_equal(one.tokens, other.tokens)
