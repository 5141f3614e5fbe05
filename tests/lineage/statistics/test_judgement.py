import pytest

from lineage.statistics.judgement import FEWEST_GROUPS, FEWEST_ROWS, Observed, holm, judge, level_of


def observed(p: float | None, difference: float = -1.0, rows: int = 40, groups: int = 20, gain: int = -1) -> Observed:
    return Observed(difference, p, rows, groups, gain)


def test_holm_on_an_example_worked_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0] and holm([]) == []


def test_a_difference_that_is_one_alone_may_be_none_among_many() -> None:
    assert judge({"a": observed(0.03)})["a"].verdict == "improved"
    among = judge({"a": observed(0.03)} | {str(at): observed(0.5) for at in range(5)})
    assert (among["a"].verdict, among["a"].p) == ("unclear", pytest.approx(0.18))


@pytest.mark.parametrize(
    ("difference", "gain", "said"), [(-1, -1, "improved"), (1, -1, "worse"), (1, 1, "improved"), (-1, 1, "worse")]
)
def test_what_is_better_has_a_direction(difference: float, gain: int, said: str) -> None:
    assert judge({"a": observed(0.001, difference, gain=gain)})["a"].verdict == said


@pytest.mark.parametrize(("rows", "groups"), [(FEWEST_ROWS - 1, FEWEST_ROWS - 1), (40, FEWEST_GROUPS - 1), (1, 1)])
def test_too_few_rows_or_groups_have_no_verdict_and_cost_the_others_nothing(rows: int, groups: int) -> None:
    said = judge({"few": observed(0.0, rows=rows, groups=groups), "b": observed(0.04)})
    assert said["few"] == (None, "too_few") and said["b"] == (0.04, "improved")
    assert level_of({"few": observed(0.0, rows=rows, groups=groups), "b": observed(0.04), "c": observed(0.5)}) == 0.025


def test_likelihoods_that_are_no_numbers_are_worse_than_numbers() -> None:
    assert judge({"a": observed(None, float("inf"))})["a"].verdict == "worse"
    assert judge({"a": observed(None, float("nan"))})["a"].verdict == "unclear"
