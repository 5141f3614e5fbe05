import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.config.schema import Budget
from lineage.training.batch_order import packs, sequences_in_a_pass, steps_for, training_order


def one_by_one(*given: Any, **named: Any) -> list[int]:
    """The order where a row is a sequence."""
    return [row for (row,) in training_order(*given, **named)]


@pytest.mark.parametrize(("rows_", "batch"), [(12, 4), (13, 4), (3, 4), (200, 4), (1, 1), (1, 3)])
def test_every_row_comes_once_a_pass(rows_: int, batch: int) -> None:
    lengths = [n % 7 + 3 for n in range(rows_)]
    seen = Counter(one_by_one(lengths, batch, batches=rows_, seed=1))  # `batch` passes in whole batches
    assert set(seen.values()) == {batch} and len(seen) == rows_


def test_a_pass_shows_every_row_before_any_row_comes_again() -> None:
    order = one_by_one([n % 7 + 3 for n in range(12)], 4, batches=6, seed=1)
    assert sorted(order[:12]) == sorted(order[12:]) == list(range(12))


def test_the_order_is_a_function_of_the_seed_and_passes_differ() -> None:
    lengths = [n % 11 + 3 for n in range(40)]
    order = training_order(lengths, 4, 20, seed=5)
    assert order == training_order(lengths, 4, 20, seed=5)
    assert order != training_order(lengths, 4, 20, seed=6)
    assert order[:40] != order[40:]


def test_a_shorter_run_is_a_prefix_of_a_longer_one() -> None:
    lengths = [n % 11 + 3 for n in range(37)]
    long = training_order(lengths, 4, 40, seed=5)
    for batches in (1, 9, 10, 23):
        assert training_order(lengths, 4, batches, seed=5) == long[: 4 * batches]


def test_rows_of_similar_length_share_a_batch() -> None:
    lengths = [10] * 16 + [100] * 16
    order = one_by_one(lengths, 4, 8, seed=3)
    for start in range(0, 32, 4):
        assert len({lengths[i] for i in order[start : start + 4]}) == 1


@pytest.mark.parametrize(
    ("budget", "scale", "steps"),
    [
        ({"epochs": 1}, 1.0, 10),
        ({"epochs": 2.5}, 1.0, 25),
        ({"epochs": 1}, 2.0, 20),
        ({"tokens": 4000}, 1.0, 10),
        ({"tokens": 8000}, 0.5, 10),
        ({"tokens": 1}, 1.0, 1),
        ({"epochs": 0.01}, 1.0, 1),
    ],
)
def test_steps_spend_a_budget_of_passes_or_of_tokens(budget: dict, scale: float, steps: int) -> None:
    lengths = [50, 150] * 20  # 40 rows, 4,000 tokens
    assert steps_for(Budget(**budget), scale, sum(lengths), len(lengths), per_step=4) == steps


# -------------------------------------------------------------------------------------------------------- packing


@given(st.lists(st.integers(1, 100), min_size=1, max_size=80))
def test_every_row_is_packed_once_and_no_sequence_is_too_long(lengths: list[int]) -> None:
    found = packs(range(len(lengths)), lengths, pack_to=100)
    assert sorted(row for sequence in found for row in sequence) == list(range(len(lengths)))
    assert max(sum(lengths[row] for row in sequence) for sequence in found) <= 100
    loads = sorted(sum(lengths[row] for row in sequence) for sequence in found)
    assert all(a + b > 100 for a, b in pairwise(loads))  # no two sequences fit into one


def test_short_rows_fill_their_sequences() -> None:
    rng = random.Random(1)
    lengths = [rng.randint(20, 120) for _ in range(3000)]
    packed = training_order(lengths, 4, sequences_in_a_pass(lengths, 4, 1, 512) // 4, seed=1, pack_to=512)
    assert sum(lengths[row] for sequence in packed for row in sequence) / (512 * len(packed)) > 0.97


def test_a_packed_pass_shows_every_row_before_any_row_comes_again() -> None:
    lengths = [n % 23 + 3 for n in range(200)]
    a_pass = sequences_in_a_pass(lengths, 4, 5, 64)
    order = training_order(lengths, 4, -(-2 * a_pass // 4), seed=5, pack_to=64)
    seen = Counter(row for sequence in order for row in sequence)
    assert set(seen) == set(range(200)) and max(seen.values()) - min(seen.values()) <= 1


def test_a_shorter_packed_run_is_a_prefix_of_a_longer_one() -> None:
    lengths = [n % 23 + 3 for n in range(200)]
    long = training_order(lengths, 4, 40, seed=5, pack_to=64)
    assert training_order(lengths, 4, 9, seed=5, pack_to=64) == long[:36]
    assert long != training_order(lengths, 4, 40, seed=6, pack_to=64)
