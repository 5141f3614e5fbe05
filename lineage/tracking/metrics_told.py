"""What MLflow is told of a model as metrics: named so that the compare view shows the same thing of every run.

    nll/<set>, score/<set>, chance/<set>      each held-out set; the same rows whatever the version was trained on
    figure/<figure>/<set>                     the figures of its task beside the score, see docs/measures.md
    all/nll, all/right, all/chance            all sets together: the ones to rank versions by
    ancestors/…                               the sets that its ancestors were trained on, less those of its own mix
    own/nll, own/nll_against_parent           the sets of its own mix alone: other ones for each version, so that its
                                              figure says what the version was for, and compares with its parent only
    train/heldout_nll                         the held-out sets of its own mix as a curve beside train/loss: at step 0
                                              what its parent says to those rows, at the last step what it says itself

NLL is in nats a supervised token; scores, right answers and figures lie in 0..1.
"""

from collections.abc import Collection

from lineage.artifacts.comparison import ComparedVersion, Overall
from lineage.artifacts.measures import Measures, SetMeasures

RIGHT_OR_WRONG = ("choice", "number")


def of_sets(measures: Measures) -> dict[str, float]:
    """Each set by itself, and all of them together."""
    told: dict[str, float] = {}
    for name, one in measures.sets.items():
        told |= {f"nll/{name}": one.nll} if one.nll is not None else {}
        told |= {f"score/{name}": one.score} if one.score is not None else {}
        told |= {f"chance/{name}": one.chance} if one.chance is not None else {}
        told |= {f"figure/{figure}/{name}": found.value for figure, found in one.figures.items()}
    return told | _all(measures.sets.values())


def against_others(compared: ComparedVersion) -> dict[str, float]:
    """A version on its own sets and on those of its ancestors, against its parent and its best ancestor.

    ancestors/kept: the share of the ancestors' sets that it did not forget beyond noise, 0..1: its retention.
    """
    told: dict[str, float] = {}
    if pooled := compared.pooled:
        told |= {"own/nll": pooled.nll, "own/nll_against_parent": pooled.difference}
    if sets := len(compared.may_forget):
        forgotten = len(compared.forgot)
        told |= {"ancestors/sets": float(sets), "ancestors/forgotten": float(forgotten)}
        told["ancestors/kept"] = 1 - forgotten / sets
    there = [compared.sets[name] for name in compared.may_forget if name in compared.sets]
    if tokens := sum(one.tokens for one in there):
        told["ancestors/nll"] = sum(one.nll * one.tokens for one in there) / tokens
        told["ancestors/nll_against_parent"] = sum(one.difference * one.tokens for one in there) / tokens
        told["ancestors/nll_against_best"] = sum(one.against_best * one.tokens for one in there) / tokens
    return told


def before_and_after(compared: ComparedVersion, steps: int) -> dict[str, dict[int, float]]:
    """The NLL on its own held-out sets before its training and after it, as a curve of two points."""
    if not (pooled := compared.pooled) or not steps:
        return {}
    return {"train/heldout_nll": {0: pooled.nll - pooled.difference, steps: pooled.nll}}


def on_the_same_rows(overall: Overall | None) -> dict[str, float]:
    """All sets together, of those that every measured model answered; nothing where the report has none."""
    if overall is None:
        return {}
    one = overall.all_sets
    told = {"all/nll": one.nll} | ({"all/right": one.right} if one.right is not None else {})
    return told | ({"all/chance": one.chance} if one.right is not None and one.chance is not None else {})


def _all(sets: Collection[SetMeasures]) -> dict[str, float]:
    """All sets together: a token counts as a token, a right answer as one."""
    told: dict[str, float] = {}
    asked = [(one.nll, one.tokens) for one in sets if one.nll is not None]
    if tokens := sum(many for _, many in asked):
        told["all/nll"] = sum(nll * many for nll, many in asked) / tokens
    judged = [one for one in sets if one.measure in RIGHT_OR_WRONG and one.score is not None]
    if rows := sum(one.rows for one in judged):
        told["all/right"] = sum((one.score or 0.0) * one.rows for one in judged) / rows
    if judged and rows and all(one.chance is not None for one in judged):
        told["all/chance"] = sum((one.chance or 0.0) * one.rows for one in judged) / rows
    return told
