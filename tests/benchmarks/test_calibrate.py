"""The calibration of the gate on adapters in memory: those that are only luckier, and one that is better."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.calibrate.gate_errors import halves, levels, promoted, rates, seed_noise
from benchmarks.calibrate.replicates import replicates
from lineage.config.goal import Goal
from lineage.promotion.decide import decide
from lineage.promotion.sides import Side
from tests.lineage.promotion.drawn import SETS, champion, changed

LUCK = 0.1  # nats a token by which a training differs from its like, whatever its rows
GUARDED: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def trainings() -> list[Side]:
    """Ten of one recipe; their seeds make them better or worse on all rows alike."""
    random, first = np.random.default_rng(5), champion()
    return [changed(first, float(random.normal(0, LUCK)), seed=n, name=f"seed {n}") for n in range(10)]


def test_the_noise_of_the_seed_is_that_of_two_trainings_and_no_smaller(trainings: list[Side]) -> None:
    found = seed_noise(levels(trainings, Goal()))
    assert LUCK * 2**0.5 < found < 2.5 * LUCK * 2**0.5
    assert seed_noise([0.0, 0.1, 0.2, 0.3]) > seed_noise([0.0, 0.1, 0.2, 0.3] * 10)  # of few, less is known


def test_luck_is_promoted_by_a_gate_that_knows_only_rows_and_not_by_one_that_knows_seeds(trainings: list[Side]) -> None:
    pairs = [(a, b) for a in trainings for b in trainings if a is not b]
    naive = float(np.mean([decide(a, b, Goal(), GUARDED).passed for a, b in pairs]))
    found = rates(1.0, *promoted(trainings, trainings, Goal(), GUARDED, 2), 2)
    assert naive > 0.3
    assert found.promoted < 0.06 and found.interval[0] <= found.promoted <= found.interval[1]
    assert (found.pairs, found.decisions, found.gain) == (45, 180, 0.0)


def test_a_planted_effect_is_found(trainings: list[Side]) -> None:
    better = [changed(one, 0.8, seed=n, name=f"better {n}") for n, one in enumerate(trainings[:3], 50)]
    found = rates(2.0, *promoted(trainings, better, Goal(), GUARDED, 2), 2)
    assert found.promoted > 0.9
    assert abs(found.gain - 0.8) < 0.15
    assert (found.pairs, found.decisions) == (30, 60)


def test_a_half_takes_whole_groups_of_a_source_in_all_its_sets() -> None:
    rows = champion().rows
    sharing = {name: one for name, one in rows.items() if name.startswith("rules.")}
    (ids,) = halves(sharing, 1, seed=3)
    for one in sharing.values():
        taken = {group for at, group in zip(one.ids, one.groups, strict=True) if at in ids}
        left = {group for at, group in zip(one.ids, one.groups, strict=True) if at not in ids}
        assert taken and left and not taken & left
    first, second = (
        {group for at, group in zip(one.ids, one.groups, strict=True) if at in ids} for one in sharing.values()
    )
    assert first == second


def test_replicates_have_seeds_and_names_of_their_own() -> None:
    made = replicates(3, {1.5: 2})
    assert len({one.name for one in made}) == len({one.seed for one in made}) == 5
    assert [one.scale for one in made] == [1.0, 1.0, 1.0, 1.5, 1.5]


def test_a_side_without_likelihoods_is_not_promoted(trainings: list[Side]) -> None:
    name = SETS[0]
    broken = replace(trainings[0].rows[name], nll=np.full(48, np.nan))
    side = replace(trainings[0], name="broken", rows={**trainings[0].rows, name: broken})
    share, _ = promoted(trainings[:4], [side], Goal(), GUARDED, 1)
    assert share.max() == 0
