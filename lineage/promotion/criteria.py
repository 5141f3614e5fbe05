"""Each thing that the gate asks of a version, as one function; see decide.py for what together they promise."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lineage.artifacts.promotions import Look
from lineage.config.goal import Goal
from lineage.promotion.decision import Criterion
from lineage.promotion.paired_gain import UNITS, PairedGain
from lineage.promotion.sides import Side
from lineage.statistics.judgement import FEWEST_GROUPS, FEWEST_ROWS, enough
from lineage.statistics.ratio import Estimate
from lineage.statistics.weighted import p_above, p_flipped, weighted_mean, widened

LEAST = 1e-9  # a smaller p-value is a matter of the tails of formulas, not of rows
FAULTS = {
    "cut": "were cut at their budget",
    "endless": "were repeating themselves without end",
    "empty": "were empty",
    "other_language": "were in another language",
}


def is_better(gains: Mapping[str, PairedGain | None], goal: Goal, look: Look) -> Criterion:
    """Whether the weighted mean of the sets' gains is above 0 beyond noise."""
    counted = [(one, goal.weight_of(name)) for name, one in gains.items() if one and goal.weight_of(name)]
    unit = " and ".join(dict.fromkeys(UNITS[one.measure] for one, _ in counted))
    if why := _unknown(gains, goal):
        return Criterion("better", False, f"not known to be better: {why}", unit=unit)
    samples, weights = [one.sample for one, _ in counted], [weight for _, weight in counted]
    estimate = weighted_mean(samples, weights)
    if not enough(estimate.rows, estimate.groups):
        return Criterion("better", False, f"not known to be better: {_too_few(estimate)}", unit=unit)
    unseen = [one.unseen * weight / sum(weights) for one, weight in counted]
    estimate = widened(estimate, float(np.linalg.norm([*unseen, goal.seed_noise])))
    p = max(p_above(estimate) or 0.0, p_flipped(samples, weights) or 0.0)
    passed, vain = estimate.value > 0 and p <= look.level, goal.counted_in_vain(gains)
    said = (
        f"{'better' if passed else 'not better beyond noise'} on the weighted goal of {_sets(len(counted))}: "
        f"{_figures(estimate, unit, p, look)}"
        + (f", the noise of the seed ({goal.seed_noise:g}) added to that of the rows" if goal.seed_noise else "")
        + (f"; goal.weights names {', '.join(vain)} too, asked of neither" if vain else "")
    )
    return Criterion("better", passed, said, "", estimate.value, estimate.interval, p, 0.0, unit)


def _unknown(gains: Mapping[str, PairedGain | None], goal: Goal) -> str:
    """Why nothing can be said of the weighted goal; empty where something can."""
    counted = {name: one for name, one in gains.items() if goal.weight_of(name)}
    left = [one for one in counted.values() if one]
    if not counted:
        return "no set that both answered has a weight; see goal.weights"
    if met := [name for name, one in counted.items() if one is None]:
        return f"of {', '.join(met)} no row is left that neither met in training; goal.weights: 0 leaves it out"
    if broken := [one.name for one in left if not one.is_number]:
        return f"on {', '.join(broken)} the likelihoods of one of the two are no numbers"
    if single := [one.name for one in left if not np.isfinite(one.estimate.error)]:
        return (
            f"the rows of {', '.join(single)} are of one group, which says nothing of its noise; hold more out, or "
            f"leave it out by goal.weights: 0"
        )
    return ""


def is_kept(name: str, gain: PairedGain | None, goal: Goal, look: Look) -> Criterion:
    """Whether a guarded set is shown to be worse by less than its margin, or not worse.

    Args:
        name: the set.
        gain: on it; None where no row is left.
        goal: with the margin.
        look: with the level.
    """
    instead = f"hold more out, or let it be lost by goal.unguarded: [{name}]"
    if gain is None:
        return Criterion("kept", False, f"{name}: no row is left that neither met in training; {instead}", name)
    margin, unit, estimate = goal.margin_of(name, gain.measure), UNITS[gain.measure], gain.estimate
    if not gain.is_number:
        said = f"{name}: the likelihoods of one of the two are no numbers"
        return Criterion("kept", False, said, name, bound=-margin, unit=unit)
    p = p_above(estimate, -margin)
    if p is None or not enough(estimate.rows, estimate.groups):
        said = f"{name}: not known to be kept, {_too_few(estimate)}; {instead}"
        return Criterion("kept", False, said, name, estimate.value, None, None, -margin, unit)
    if gain.shares:
        p = max(p, gain.shares.p_above(-margin))
    passed = p <= look.level
    beyond = estimate.interval is not None and estimate.interval[1] < -margin
    how = "kept" if passed else "worse than its margin allows" if beyond else "not shown to be kept"
    said = f"{name}: {how}, margin {margin:g}: {_figures(estimate, unit, p, look)}"
    return Criterion("kept", passed, said, name, estimate.value, estimate.interval, p, -margin, unit)


def is_clean(candidate: Side, champion: Side, goal: Goal, names: Sequence[str]) -> Criterion:
    """Whether the line of a version met few enough of the held-out rows in training.

    Args:
        candidate: the version.
        champion: who it is compared with: what is unknown of both is no difference between them.
        goal: with the limit.
        names: the sets that are looked at.
    """
    limit = goal.limits.contamination
    if candidate.mixed_anew:  # `mix` and `contamination` run before `train` does
        who = ", ".join(candidate.mixed_anew)
        said = (
            f"contamination: the mix of {who} was made anew since it was trained, so which held-out rows it met nobody "
            f"knows; run `dvc repro evaluate@{candidate.name}`"
        )
        return Criterion("contamination", False, said)
    if candidate.unsearched:
        who = ", ".join(candidate.unsearched)
        said = (
            f"contamination: what {who} was trained on was not searched for the held-out rows of now; "
            "run `dvc repro contamination`"
        )
        return Criterion("contamination", False, said)
    if unknown := [name for name in candidate.unknown if name not in champion.unknown]:
        said = f"contamination: {', '.join(unknown)} was trained elsewhere, and nobody knows which held-out rows it met"
        return Criterion("contamination", False, said)
    shares = {name: _met(candidate, name) for name in names}
    worst = max(shares, key=lambda name: shares[name], default="")
    if not worst or not shares[worst]:
        return Criterion("contamination", True, "contamination: its line met none of the rows in training")
    over = [f"{name} {share:.1%}" for name, share in shares.items() if share > limit]
    said = f"at most {shares[worst]:.1%} of a set ({worst})" if not over else ", ".join(over)
    return Criterion("contamination", not over, f"contamination: its line met {said}, the limit is {limit:.1%}")


def ends_well(candidate: Side, champion: Side, goal: Goal) -> Iterator[Criterion]:
    """Whether few enough answers are cut, endless, empty or in another language; at worst as many as the champion's."""
    for fault, words in FAULTS.items():
        limit: float | None = getattr(goal.limits, fault)
        if limit is None or not candidate.faults:
            continue
        share, before = candidate.faults.get(fault), champion.faults.get(fault, 0.0)
        if share is None:
            yield Criterion("answers", False, f"answers: nobody counted which {words}; take goal.limits.{fault} out")
            continue
        passed = share <= max(limit, before)
        than = f"the limit is {limit:.1%}, {champion.name} has {before:.1%}"
        yield Criterion("answers", passed, f"answers: {share:.1%} {words}; {than}")


def looks_left(goal: Goal, look: Look) -> Iterator[Criterion]:
    """That the looks which were planned are not used up; nothing where none were planned."""
    if goal.looks is not None and look.number > goal.looks:
        said = f"look {look.number} at these rows, but goal.looks plans {goal.looks}: new held-out rows start anew"
        yield Criterion("looks", False, said)


def _met(side: Side, name: str) -> float:
    met = set(side.met.get(name, ()))
    return sum(at in met for at in side.rows[name].ids) / len(side.rows[name].ids)


def _figures(estimate: Estimate, unit: str, p: float, look: Look) -> str:
    ends = f" ({estimate.interval[0]:+.3f}, {estimate.interval[1]:+.3f})" if estimate.interval else ""
    likely = f"p {p:.2g}" if p >= LEAST else f"p below {LEAST:g}"
    return f"{estimate.value:+.3f}{ends} {unit}, one-sided {likely}, tested at {look.level:.2g}"


def _too_few(estimate: Estimate) -> str:
    return (
        f"{estimate.rows} rows of {estimate.groups} groups are too few to say (fewer than {FEWEST_ROWS} rows or "
        f"{FEWEST_GROUPS} groups)"
    )


def _sets(count: int) -> str:
    return f"{count} set" if count == 1 else f"{count} sets"
