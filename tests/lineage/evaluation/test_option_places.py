import numpy as np
import pytest
from statsmodels.stats.contingency_tables import SquareTable

from lineage.evaluation.option_places import letter_bias, places_of


def test_a_model_that_always_takes_the_first_is_biased() -> None:
    right = [0, 1, 2, 3] * 12
    found = places_of(right, [0] * 48, ("",) * 48)
    assert (found.right, found.picked) == ((12, 12, 12, 12), (48, 0, 0, 0))
    assert (found.verdict, found.favoured, found.avoided) == ("biased", (0,), (1, 2, 3))
    assert letter_bias(found) == 0.75 and found.p is not None and found.p < 1e-3


def test_a_model_that_is_right_and_one_that_errs_evenly_are_even() -> None:
    right = [0, 1, 2, 3] * 12
    assert places_of(right, right, ("",) * 48).verdict == "even"
    assert letter_bias(places_of(right, right, ("",) * 48)) == 0.0
    shifted = [(place + 1) % 4 for place in right]
    assert places_of(right, shifted, ("",) * 48).verdict == "even"


def test_right_answers_under_one_letter_are_no_bias_of_a_model_that_is_right() -> None:
    found = places_of([2] * 30, [2] * 30, ("",) * 30)
    assert (found.verdict, letter_bias(found)) == ("even", 0.0)


def test_few_rows_and_few_groups_are_said_to_be_few() -> None:
    assert places_of([0, 1, 2], [0, 0, 0], ("",) * 3).verdict == "too_few"
    assert places_of([0, 1] * 20, [0] * 40, ("a", "b") * 20).verdict == "too_few"


def test_evenly_guessing_is_called_biased_as_rarely_as_it_says() -> None:
    """400 models that guess without looking, on 48 rows: at most 5 % are called biased (measured on 2,000: 2.5 %)."""
    random = np.random.default_rng(0)
    guesses = [random.integers(4, size=(2, 48)).tolist() for _ in range(400)]
    called = [places_of(right, picked, ("",) * 48).verdict for right, picked in guesses]
    assert 0 < called.count("biased") <= 20


def test_a_model_that_takes_the_first_where_it_does_not_know_is_found() -> None:
    """100 models that take A half of the time, on 48 rows (measured on 500: 86 % are found)."""
    random = np.random.default_rng(1)
    found = 0
    for _ in range(100):
        right, guess = random.integers(4, size=(2, 48))
        picked = np.where(random.random(48) < 0.5, 0, guess)
        found += places_of(right.tolist(), picked.tolist(), ("",) * 48).favoured == (0,)
    assert found >= 75


def test_it_agrees_with_the_test_of_marginal_homogeneity() -> None:
    """Stuart and Maxwell's, as statsmodels has it, on the same rows: both see a bias, or neither does."""
    random = np.random.default_rng(1)
    right = random.integers(4, size=400)
    even = np.where(random.random(400) < 0.6, right, random.permutation(right))
    leaning = np.where(random.random(400) < 0.25, 0, even)
    for picked, verdict in ((even, "even"), (leaning, "biased")):
        table = np.zeros((4, 4))
        np.add.at(table, (right, picked), 1)
        p = SquareTable(table, shift_zeros=False).homogeneity().pvalue
        assert bool(p <= 0.05) is (verdict == "biased")
        assert places_of(right.tolist(), picked.tolist(), ("",) * 400).verdict == verdict


@pytest.mark.parametrize("groups", [("",) * 40, tuple(str(n // 4) for n in range(40))])
def test_places_that_no_row_has_are_none(groups: tuple[str, ...]) -> None:
    assert places_of([0, 1] * 20, [1, 0] * 20, groups).right == (20, 20)
