"""What `python -m benchmarks.whole_set_figures` shows at length, on few simulated sets; the seeds are fixed."""

import pytest

from benchmarks.whole_set_figures import FIGURES, covered


@pytest.mark.parametrize("name", FIGURES)
def test_the_interval_of_a_whole_set_holds_the_truth(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.whole_set_figures.MANY", 4_000)
    held, given = covered(name, 20, 2, 60)
    assert held >= 0.88 and given == 1.0
