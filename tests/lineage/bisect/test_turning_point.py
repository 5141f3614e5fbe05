from itertools import pairwise

import pytest

from lineage.bisect.probe import Reading
from lineage.bisect.turning_point import LineStep, turning_point


def line(*nlls: float, right: str = "", verdicts: tuple[str, ...] = ()) -> list[LineStep]:
    """Steps between versions of known NLLs; `right` has R or W for each of them."""
    readings = [
        Reading(f"v{at}" if at else "base", nll, (right[at] == "R") if right else None) for at, nll in enumerate(nlls)
    ]
    return [LineStep(a, b, verdicts[at] if verdicts else "") for at, (a, b) in enumerate(pairwise(readings))]


def found(*nlls: float, wanted="", **more) -> tuple[str, str, str] | None:
    point = turning_point(line(*nlls, **more), wanted)
    return (point.turn, point.step.after.version, point.by) if point else None


def test_the_last_turn_counts_where_answers_turn_more_than_once() -> None:
    assert found(5, 0.1, 3, 0.2, 2.5, right="WRWRW") == ("broke", "v4", "answer")
    assert found(5, 0.1, 3, 0.2, 0.3, right="WRWRR") == ("taught", "v3", "answer")
    assert found(5, 0.1, 3, 0.2, 0.3, right="WRWRR", wanted="broke") == ("broke", "v2", "answer")


def test_a_turn_that_another_step_prepared_is_not_blamed() -> None:
    """v2 lost nearly all of the likelihood; v3, with a tenth of that, only turned the answer."""
    assert found(5, 0.1, 2.1, 2.3, right="WRRW") == ("broke", "v2", "likelihood")
    assert found(5, 0.1, 1.1, 2.3, right="WRRW") == ("broke", "v3", "answer")


def test_without_right_and_wrong_the_likelihood_decides() -> None:
    assert found(5, 1, 0.9, 3.1, 3.3) == ("broke", "v3", "likelihood")
    assert found(5, 4.8, 1, 1.2, 1.1) == ("taught", "v2", "likelihood"), "a little was lost again: no break"
    assert found(5, 4.8, 1, 1.2, 1.1, wanted="broke") == ("broke", "v3", "likelihood")
    assert found(5, 2, 3.5, 1, right="WWWW") == ("taught", "v1", "likelihood")


def test_nothing_that_is_noticeable_names_nobody() -> None:
    assert found(5, 5.01, 4.99) is None and found(5) is None
    assert found(5, 3, 3.01, wanted="broke") is None


def test_of_a_set_only_what_is_beyond_noise_counts() -> None:
    verdicts = ("improved", "unclear", "worse", "unclear")
    assert found(5, 1, 1.9, 2.3, 2.9, verdicts=verdicts) == ("broke", "v3", "verdict")
    assert found(5, 1, 1.9, verdicts=verdicts[:2]) == ("taught", "v1", "verdict")
    assert found(5, 1, 1.9, verdicts=verdicts[:2], wanted="broke") is None


@pytest.mark.parametrize("turn", ["broke", "taught"])
def test_a_larger_change_elsewhere_is_told(turn: str) -> None:
    nlls = (0.1, 9, 0.2, 3) if turn == "broke" else (9, 0.1, 4, 1)
    point = turning_point(line(*nlls, right="RWRW" if turn == "broke" else "WRWR"), "")
    assert point and point.turn == turn and point.step.after.version == "v3"
    assert point.larger and point.larger.after.version == "v1"
