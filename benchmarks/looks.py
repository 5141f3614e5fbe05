"""How often a team that keeps trying variants which are no better gets one promoted: fifty tries at the same rows.

    python -m benchmarks.looks                  # about ten minutes
    python -m benchmarks.looks --teams 100      # coarser

Nine held-out sets of 48 rows, about four rows a group, tokens and nats as in benchmarks/coverage.py. A variant differs
from the champion by noise alone: of a document, and of a row; on new rows it would gain nothing. Three gates look at
each: *point value*, whether the weighted goal is higher at all; *naive*, the same test as ours at alpha every time; and
*ours*, `decide` with all looks so far. No set is guarded, so that the goal alone must hold. Four teams:

- **by verdict**: a new variant, however the last one did; a promotion ends it.
- **of one recipe**: the same, but variants of one recipe resemble one another (half of their noise is shared).
- **by comparing first**: trains all, reads the figures of `lineage compare`, and tries the best alone.
- **by figures**: keeps of each variant what looked better on these very rows, and goes on from there.

The last two use figures of the held-out rows themselves, which no ledger of verdicts can count. Nothing is asserted.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from benchmarks.coverage import in_groups, spread, tokens
from lineage.artifacts.promotions import Look
from lineage.config.goal import Goal
from lineage.promotion.decide import decide
from lineage.promotion.sides import Side
from lineage.reporting.measured import SetRows
from lineage.statistics.shares import share

TRIES, SETS, ROWS, DOCUMENT = 50, 9, 48, 4
BETWEEN, WITHIN = 0.1, 0.15  # the noise of a variant, as a share of a row's NLL: of a document, and of a row
GATES = ("point value", "naive", "ours")
GOAL = Goal()

Random = np.random.Generator
Noise = dict[str, np.ndarray]  # set → of each row, the share by which its NLL changed; above 0 is worse


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--teams", type=int, default=1000, help="simulated teams behind each figure")
    teams = options.parse_args().teams
    print(f"A variant that is no better is promoted within {TRIES} tries, {teams:,} teams each (95 % interval)\n")
    print(f"{'team':<22}" + "".join(f"{gate:>24}" for gate in GATES))
    for name, team in TEAMS.items():
        random = np.random.default_rng(len(name))
        opened = [tried(random, team) for _ in range(teams)]
        cells = [share(np.array([one[gate] for one in opened], float), ("",) * teams) for gate in GATES]
        shown = [f"{cell.value:.1%} ({cell.interval[0]:.1%}, {cell.interval[1]:.1%})" for cell in cells]
        print(f"{name:<22}" + "".join(f"{one:>24}" for one in shown), flush=True)


def held_out(random: Random) -> Side:
    """A champion on its rows."""
    rows = {}
    for at in range(SETS):
        group, names = in_groups(random, ROWS, DOCUMENT)
        group, length = group[:ROWS], tokens(random, ROWS)
        nll = np.exp(0.7 + spread(random, group, 0.3, 0.4)) * length
        ids = tuple(f"{row:04x}" for row in range(ROWS))
        rows[f"source{at}.record"] = SetRows(ids, nll, length, np.full(ROWS, np.nan), names[:ROWS])
    return Side("champion", rows)


def variant(random: Random, champion: Side) -> Noise:
    """A training that changed nothing but luck."""
    groups = {name: np.unique(one.groups, return_inverse=True)[1] for name, one in champion.rows.items()}
    return {name: spread(random, group, BETWEEN, WITHIN) for name, group in groups.items()}


def answered(champion: Side, noise: Noise) -> Side:
    """The champion's rows as the variant answers them."""
    rows = {name: replace(one, nll=one.nll * (1 + noise[name])) for name, one in champion.rows.items()}
    return Side("variant", rows)


def tried(random: Random, team: Callable[[Random, Side], Iterator[Noise]]) -> dict[str, bool]:
    """Which of the gates opened for a team."""
    champion, opened, looks = held_out(random), dict.fromkeys(GATES, False), list[Look]()
    for noise in team(random, champion):
        decision = decide(answered(champion, noise), champion, GOAL, (), looks)
        looks.append(decision.look)
        goal = decision.better
        opened["point value"] |= (goal.gain or 0) > 0
        opened["naive"] |= (goal.gain or 0) > 0 and (goal.p or 1) <= GOAL.alpha
        opened["ours"] |= decision.passed
        if opened["ours"]:
            break
    return opened


def by_verdict(random: Random, champion: Side) -> Iterator[Noise]:
    """One variant after the other."""
    for _ in range(TRIES):
        yield variant(random, champion)


def of_one_recipe(random: Random, champion: Side) -> Iterator[Noise]:
    """Variants that share half of the variance of their noise."""
    shared = variant(random, champion)
    for _ in range(TRIES):
        own = variant(random, champion)
        yield {name: (shared[name] + own[name]) / np.sqrt(2) for name in own}


def by_comparing_first(random: Random, champion: Side) -> Iterator[Noise]:
    """The variant with the best figure on the rows, of all."""
    yield max((variant(random, champion) for _ in range(TRIES)), key=lambda noise: gain(champion, noise))


def by_figures(random: Random, champion: Side) -> Iterator[Noise]:
    """Each next variant goes on from the best so far, as the figures of these rows say."""
    best = {name: np.zeros(len(one.ids)) for name, one in champion.rows.items()}
    for _ in range(TRIES):
        own = variant(random, champion)
        tried = {name: best[name] + own[name] / 4 for name in own}  # a small step
        yield tried
        if gain(champion, tried) > gain(champion, best):
            best = tried


def gain(champion: Side, noise: Noise) -> float:
    """The weighted goal, as its figure is shown."""
    return -float(np.mean([(one.nll * noise[name]).sum() / one.tokens.sum() for name, one in champion.rows.items()]))


TEAMS = {
    "by verdict": by_verdict,
    "of one recipe": of_one_recipe,
    "by comparing first": by_comparing_first,
    "by figures": by_figures,
}

if __name__ == "__main__":
    main()
