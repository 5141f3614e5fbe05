"""What a decision's card says of the gate's own errors."""

from pathlib import Path

import pytest

from lineage.artifacts.calibration import (
    Calibration,
    PairRates,
    find_calibration,
    goal_without_seed,
    write_calibration,
)
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import CALIBRATION
from lineage.promotion.known_errors import known_errors

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def c() -> Curriculum:
    return load_curriculum(ROOT / "params.yaml")


def measured(c: Curriculum, **changes: object) -> Calibration:
    same = PairRates(scale=1.0, pairs=276, decisions=2208, gain=0.0, promoted=0.02, interval=(0.0, 0.06))
    small = same.model_copy(update={"scale": 1.4, "gain": 0.25, "promoted": 0.3, "interval": (0.2, 0.4)})
    large = same.model_copy(update={"scale": 2.0, "gain": 0.5, "promoted": 0.95, "interval": (0.9, 1.0)})
    found = Calibration(
        profile=c.profile,
        tokens=60_000,
        goal=goal_without_seed(c.goal),
        trainings=24,
        seed_noise=0.1,
        unchanged=same,
        planted=(small, large),
    )
    return found.model_copy(update=changes)


def knowing(c: Curriculum, seed_noise: float) -> Curriculum:
    return c.model_copy(update={"goal": c.goal.model_copy(update={"seed_noise": seed_noise})})


def test_the_card_carries_false_promotions_and_power(c: Curriculum) -> None:
    first, second, third = known_errors(knowing(c, 0.1), measured(c))
    assert "promotes 2.0% (0.0% to 6.0%): 2,208 first looks at 276 pairs of 24 trainings" in first
    assert "+0.25: 30.0% (20.0% to 40.0%); +0.50: 95.0% (90.0% to 100.0%)" in second
    assert third == "a gain of 0.50 is found in at least 80% of cases"


def test_what_was_measured_elsewhere_or_is_not_heeded_is_said(c: Curriculum) -> None:
    other = measured(c, profile="gpu", goal="another")
    said = "\n".join(known_errors(knowing(c, 0.05), other))
    assert f"measured with profile gpu; of profile {c.profile} nothing is known" in said
    assert "measured for another goal" in said
    assert "goal.seed_noise is 0.05, measured were 0.1" in said
    assert "sample world" not in said
    own = "\n".join(known_errors(c.model_copy(update={"data": "own"}), measured(c)))
    assert "measured on the sample world; of data own nothing is known" in own


def test_nothing_measured_is_no_promise(c: Curriculum) -> None:
    said = "\n".join(known_errors(knowing(c, 0.0), None))
    assert "was not measured" in said and "make calibrate" in said
    assert "may be the luck of its seed" in said


def test_the_file_is_read_as_it_was_written_and_refused_when_damaged(c: Curriculum, tmp_path: Path) -> None:
    assert find_calibration(tmp_path) is None
    write_calibration(tmp_path / CALIBRATION, measured(c))
    assert find_calibration(tmp_path) == measured(c)
    (tmp_path / CALIBRATION).write_text('{"profile": 3}', encoding="utf-8")
    with pytest.raises(LineageError, match=r"calibration.json.*make calibrate"):
        find_calibration(tmp_path)
