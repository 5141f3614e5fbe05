import numpy as np
import pytest

from lineage.artifacts.measures import SetMeasures
from lineage.reporting.measured import Measured, SetRows
from lineage.reporting.right_answers import above_chance, right_answers, score_difference


def measured(**scores: list[float]) -> Measured:
    """A model with these right answers, by source; a source that begins with `text` has marks instead."""
    sets, rows = {}, {}
    for source, found in scores.items():
        name, count = f"{source}.record", len(found)
        sets[name] = SetMeasures(
            source=source,
            form="record",
            rows=count,
            heldout_rows=count,
            tokens=count,
            measure="text" if source.startswith("text") else "choice",
            nll=1.0,
            nll_interval=None,
            score=float(np.mean(found)),
            score_interval=None,
            chance=0.25 if source == "questions" else 0.5,
        )
        ids = tuple(map(str, range(count)))
        rows[name] = SetRows(ids, np.ones(count), np.ones(count), np.array(found), ("",) * count)
    return Measured(sets, rows, {})


def test_choices_are_tested_exactly_and_marks_by_their_mean() -> None:
    after = measured(questions=[1.0] * 9 + [0.0] * 11, text=[0.5] * 20)
    before = measured(questions=[0.0] * 20, text=[0.4] * 20)
    choice, mark = (score_difference(name, after, before) for name in ("questions.record", "text.record"))
    assert choice is not None and choice.tested.p == pytest.approx(2 * 0.5**9)
    assert mark is not None and mark.tested.difference == pytest.approx(0.1)


def test_own_choices_are_pooled_with_their_chance() -> None:
    after = measured(questions=[1.0] * 15 + [0.0] * 5, kinds=[0.0] * 10, text=[0.9] * 4)
    before = measured(questions=[0.0] * 20, kinds=[0.0] * 10, text=[0.1] * 4)
    found = right_answers(["questions.record", "text.record", "kinds.record"], after, before)
    assert found is not None and found.sets == ("questions.record", "kinds.record")
    assert (found.rows, found.share, found.parent_share, found.verdict) == (30, 0.5, 0.0, "improved")
    assert found.chance == pytest.approx((20 * 0.25 + 10 * 0.5) / 30) and found.above_chance is False
    assert found.shown == "unclear", "half of 30 right says little beside a chance of a third"
    assert right_answers(["text.record"], after, before) is None


@pytest.mark.parametrize(
    ("interval", "chance", "above"),
    [((0.13, 0.4), 0.12, True), ((0.04, 0.3), 0.12, False), ((0.1, 0.2), None, None), (None, 0.1, None)],
)
def test_above_chance_is_beyond_noise_too(interval, chance, above) -> None:
    assert above_chance(interval, chance) is above
