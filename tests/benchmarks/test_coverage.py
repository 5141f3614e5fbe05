"""What `python -m benchmarks.coverage` shows at length, on few simulated sets; the seeds are fixed."""

import pytest

from benchmarks.coverage import FIGURES, UNCHANGED, any_called_changed, called_changed, covered

TIMES = 100
SHOWN = ("gain in NLL", "5% right", "22 % more answers")


@pytest.mark.parametrize("figure", [f for f in FIGURES if f.name in SHOWN], ids=SHOWN)
def test_intervals_hold_where_the_bootstrap_over_rows_does_not(figure) -> None:
    few, (before, now) = covered(figure, 3, 4, TIMES), covered(figure, 20, 4, TIMES)
    assert few[1] >= 0.93, "of three groups at least not below"
    assert now >= 0.9 and now > before


@pytest.mark.parametrize("kind", UNCHANGED)
def test_unchanged_versions_are_called_changed_in_five_of_a_hundred(kind: str) -> None:
    assert called_changed(UNCHANGED[kind], 1, 1, 50)[1] == called_changed(UNCHANGED[kind], 5, 1, 50)[1] == 0.0
    found = [called_changed(UNCHANGED[kind], rows, document, TIMES)[1] for rows in (8, 48) for document in (1, 4)]
    assert sum(found) / len(found) <= 0.07


def test_of_sixteen_unchanged_sets_hardly_one_is_called_changed() -> None:
    before, now = any_called_changed(25)
    assert before > 0.5 and now <= 0.08
