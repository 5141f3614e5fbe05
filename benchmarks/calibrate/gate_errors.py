"""What the gate says of pairs of replicates: how often it promotes one that is no better, and how often one that is.

Each pair is decided on several random halves of the held-out documents, so that the rows differ from time to time as
well as the seeds. The noise of the seed that a pair is decided with is that of all other replicates: a gate that knows
the very pair would flatter itself. Decisions on the same adapters hang together: intervals are bootstrapped over
adapters, never over decisions.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy import special

from benchmarks.calibrate.replicates import Replicate
from lineage.artifacts.calibration import PairRates
from lineage.config.goal import Goal
from lineage.promotion.decide import decide
from lineage.promotion.sides import Side
from lineage.reporting.measured import SetRows

RESAMPLES = 2_000
DIGITS = 4
SURE = 0.9  # that the noise of the seed is no larger than the one that is named
Matrix = np.ndarray


def sides(wanted: Sequence[Replicate]) -> dict[str, Side]:
    """The replicates as the gate reads them."""
    from lineage.artifacts.manifest import read_manifest
    from lineage.promotion.sides import faults
    from lineage.reporting.measured import read_measured

    found = {}
    for one in wanted:
        measured = read_measured(one.name, read_manifest(one.name).adapter, Path())
        measures = {name: of.measure for name, of in measured.sets.items()}
        found[one.name] = Side(one.name, measured.rows, measures, faults=faults(measured.sets))
    return found


def halves(rows: Mapping[str, SetRows], times: int, seed: int) -> Iterator[set[str]]:
    """The ids of a random half of the groups, as often as asked; a group that several sets share goes as one.

    Args:
        rows: set → its rows, those of any replicate.
        times: how often.
        seed: of the draw.
    """
    random = np.random.default_rng(seed)
    group_of = {
        (name, at): f"{name.partition('.')[0]}/{group or at}"
        for name, one in rows.items()
        for at, group in zip(one.ids, one.groups, strict=True)
    }
    groups = sorted(set(group_of.values()))
    for _ in range(times):
        taken = {groups[at] for at in random.permutation(len(groups))[: len(groups) // 2]}
        yield {at for (_, at), group in group_of.items() if group in taken}


def only(side: Side, ids: set[str]) -> Side:
    """A side that was asked these rows alone."""
    kept = {name: one.without(set(one.ids) - ids) for name, one in side.rows.items()}
    return Side(side.name, {name: one for name, one in kept.items() if one.ids}, side.measures, faults=side.faults)


def seed_noise(levels: Sequence[float]) -> float:
    """The standard deviation of the goal between two trainings that differ by their seed, at most.

    levels: the goal of each training, against any one of them. Of few trainings the deviation is not known well: it is
    the upper end of its one-sided 90 % interval (chi-squared).
    """
    freedom = len(levels) - 1
    variance = float(np.var(levels, ddof=1)) * freedom / float(special.chdtri(freedom, SURE))
    return float(np.sqrt(2 * variance))


def levels(unchanged: Sequence[Side], goal: Goal) -> list[float]:
    """The goal of each replicate against the first, on all rows."""
    first, *others = unchanged
    return [0.0, *(decide(one, first, goal, ()).better.gain or 0.0 for one in others)]


def promoted(
    champions: Sequence[Side], candidates: Sequence[Side], goal: Goal, guarded: Sequence[str], times: int
) -> tuple[Matrix, Matrix]:
    """Share of promotions, and the gain on all rows, of each champion (row) and candidate (column).

    Args:
        champions: who is to be beaten; they differ by their seed alone.
        candidates: who is to beat them; of the same side NaN.
        goal: of the gate; its noise of the seed is that of the other champions.
        guarded: sets that may not be lost.
        times: halves that each pair is decided on.
    """
    level = dict(zip((one.name for one in champions), levels(champions, goal), strict=True))

    def knowing_others(*pair: Side) -> Goal:
        left = [value for name, value in level.items() if name not in {one.name for one in pair}]
        return goal.model_copy(update={"seed_noise": seed_noise(left)})

    share = np.full((len(champions), len(candidates)), np.nan)
    gain = share.copy()
    parts = list(halves(champions[0].rows, times, seed=len(candidates)))
    for half in parts:
        mine, theirs = [only(one, half) for one in candidates], [only(one, half) for one in champions]
        for i, champion in enumerate(theirs):
            for j, candidate in enumerate(mine):
                if candidate.name != champion.name:
                    there = [name for name in guarded if name in champion.rows]
                    passed = decide(candidate, champion, knowing_others(candidate, champion), there).passed
                    share[i, j] = np.nan_to_num(share[i, j]) + passed / len(parts)
    for i, champion in enumerate(champions):
        for j, candidate in enumerate(candidates):
            if candidate.name != champion.name:
                gain[i, j] = decide(candidate, champion, goal, guarded).better.gain
    return share, gain


def rates(scale: float, share: Matrix, gain: Matrix, times: int) -> PairRates:
    """Both matrices in figures; the interval is a bootstrap over champions and over candidates.

    Args:
        scale: the candidates' budget in shares of the champions'.
        share: of promotions, from `promoted`.
        gain: on all rows.
        times: halves behind each share.
    """
    random = np.random.default_rng(1)
    there = ~np.isnan(share)
    same = not there.all()  # the champions are the candidates: an adapter is drawn as both or as neither
    means = []
    for _ in range(RESAMPLES):
        rows = np.bincount(random.integers(0, len(share), len(share)), minlength=len(share)).astype(float)
        many = share.shape[1]
        columns = rows if same else np.bincount(random.integers(0, many, many), minlength=many).astype(float)
        weight = np.outer(rows, columns) * there
        if weight.sum():
            means.append(float((np.nan_to_num(share) * weight).sum() / weight.sum()))
    low, high = np.quantile(means, [0.025, 0.975])
    pairs = int(there.sum()) // (2 if same else 1)
    return PairRates(
        scale=scale,
        pairs=pairs,
        decisions=int(there.sum()) * times,
        gain=round(float(np.nanmean(gain)), DIGITS) + 0.0,
        promoted=round(float(np.nanmean(share)), DIGITS),
        interval=(round(float(low), DIGITS), round(float(high), DIGITS)),
    )
