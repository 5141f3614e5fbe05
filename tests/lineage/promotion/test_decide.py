"""What the gate says of rows in memory: copies, gains, losses, limits, too little to say anything."""

import time
from dataclasses import replace

import numpy as np
import pytest

from lineage.config.goal import Goal, GoalLimits
from lineage.core.errors import LineageError
from lineage.promotion.decide import decide
from lineage.promotion.decision import Decision
from lineage.promotion.sides import Side
from lineage.reporting.measured import SetRows
from tests.lineage.promotion.drawn import SETS, champion, changed

CHAMPION = champion()
GOAL = Goal()


def failed(decision: Decision) -> list[tuple[str, str]]:
    """What did not pass: what was asked, and of which set."""
    return [(one.asked, one.set) for one in decision.criteria if not one.passed]


def scores(side: Side, name: str, turned: dict[int, float]) -> Side:
    """A side with some rows' scores set."""
    one = side.rows[name]
    score = one.score.copy()
    for at, value in turned.items():
        score[at] = value
    return replace(side, rows={**side.rows, name: SetRows(one.ids, one.nll, one.tokens, score, one.groups)})


def test_an_unchanged_copy_is_refused() -> None:
    decision = decide(replace(CHAMPION, name="copy"), CHAMPION, GOAL, SETS)
    assert not decision.passed
    assert failed(decision) == [("better", "")]  # it lost nothing
    assert decision.better.gain == 0 and decision.better.p == 1
    assert decision.reasons == (decision.better.said,)
    assert "not better beyond noise on the weighted goal of 5 sets: +0.000" in decision.reasons[0]


def test_a_better_one_passes_and_says_how_sure_it_is() -> None:
    decision = decide(changed(CHAMPION, 0.1), CHAMPION, GOAL, SETS)
    assert decision.passed
    assert decision.better.gain == pytest.approx(0.1, abs=0.03)
    assert decision.better.interval and decision.better.interval[0] > 0
    assert (decision.better.p or 1) < decision.look.level == pytest.approx(0.05 * 6 / np.pi**2)
    assert len(decision.reasons) == 7  # the goal, five sets, contamination; nobody answered in own words


def test_better_overall_and_worse_on_a_guarded_set_is_refused_by_its_name() -> None:
    gains = dict.fromkeys(SETS, 0.2) | {"metamath.prompt_answer": -0.3}
    decision = decide(changed(CHAMPION, gains), CHAMPION, GOAL, SETS)
    assert decision.better.passed
    assert failed(decision) == [("kept", "metamath.prompt_answer")]
    assert "metamath.prompt_answer: worse than its margin allows, margin 0.1: -0.3" in decision.reasons[0]
    assert decide(changed(CHAMPION, gains), CHAMPION, GOAL, SETS[:3]).passed  # not guarded, it may be lost
    wide = Goal(margins={"metamath": 0.6})
    assert decide(changed(CHAMPION, gains), CHAMPION, wide, SETS).passed


def test_what_cannot_be_shown_to_be_kept_is_not_kept() -> None:
    """Much noise, no loss: a test that must *show* that nothing was lost refuses where one for a loss would not."""
    decision = decide(changed(CHAMPION, 0.0, noise=0.9), CHAMPION, Goal(margin=0.02), SETS)
    kept = [one for one in decision.criteria if one.asked == "kept" and not one.passed]
    assert kept and all("not shown to be kept" in one.said for one in kept)


def test_a_weight_decides_and_zero_leaves_out() -> None:
    gains = {"rules.record": 0.3, "rules.prompt_answer": 0.3, "questions.record": -0.3}
    worse = changed(CHAMPION, gains, noise=0.02)
    assert decide(worse, CHAMPION, Goal(weights={"rules": 5}), ()).passed
    assert not decide(worse, CHAMPION, Goal(weights={"rules": 0}), ()).passed
    alone = Goal(weights=dict.fromkeys(SETS, 0) | {"rules.record": 1})
    assert decide(worse, CHAMPION, alone, ()).better.gain == pytest.approx(0.3, abs=0.02)


def test_the_gain_is_the_weighted_sum_of_the_sets() -> None:
    gains = dict(zip(SETS, (0.1, 0.2, 0.3, 0.4, 0.5), strict=True))
    decision = decide(changed(CHAMPION, gains, noise=0.0), CHAMPION, Goal(weights={"rules": 2, "metamath": 0}), ())
    assert decision.better.gain == pytest.approx((2 * 0.1 + 2 * 0.2 + 0.3 + 0.5) / 6)


def test_groups_that_sets_share_are_one() -> None:
    """A group's noise in two sets of a source adds up; of two sources it does not."""
    nothing = {"nll": np.zeros(48), "tokens": np.ones(48), "score": np.full(48, np.nan)}
    groups = tuple(f"g{at // 3}" for at in range(48))
    noise = np.repeat(np.random.default_rng(3).normal(0.3, 1, 16), 3)

    def reach(names: tuple[str, str]) -> float:
        rows = {name: SetRows(tuple(map(str, range(48))), groups=groups, **nothing) for name in names}
        gained = {name: replace(one, nll=-noise) for name, one in rows.items()}
        low, high = decide(Side("new", gained), Side("old", rows), GOAL, ()).better.interval or (0, 0)
        return high - low

    shared, apart = reach(("rules.record", "rules.prompt_answer")), reach(("rules.record", "questions.record"))
    assert shared / apart == pytest.approx(2**0.5, rel=0.1)


def test_scores_count_where_the_goal_says_so() -> None:
    goal = Goal(weights=dict.fromkeys(SETS, 0) | {"questions.record": 1}, measures={"questions": "score"})
    none = scores(CHAMPION, "questions.record", dict.fromkeys(range(48), 0.0))
    few = scores(none, "questions.record", dict.fromkeys((0, 9, 18, 27), 1.0))  # of four groups
    many = scores(none, "questions.record", dict.fromkeys(range(0, 48, 2), 1.0))
    refused = decide(few, none, goal, ()).better
    assert (refused.gain, refused.unit) == (pytest.approx(4 / 48), "of score")
    assert (refused.p or 0) >= 1 / 16 and not refused.passed  # as likely by luck as four coins that fall alike
    assert decide(many, none, goal, ()).passed


def test_a_score_that_nobody_flipped_is_kept_only_within_what_its_rows_could_show() -> None:
    goal = Goal(measures={"questions": "score"}, margins={"questions": 0.01})
    decision = decide(changed(CHAMPION, 0.2), CHAMPION, goal, ("questions.record",))
    wide = Goal(measures={"questions": "score"}, margins={"questions": 0.3})
    assert failed(decision) == [("kept", "questions.record")]  # 48 rows cannot show a loss of one in a hundred
    assert decide(changed(CHAMPION, 0.2), CHAMPION, wide, ("questions.record",)).passed


def test_below_the_floor_nothing_is_promoted() -> None:
    few = champion(rows=6, sets=SETS[:1])
    decision = decide(changed(few, 1.0), few, GOAL, SETS[:1])
    assert failed(decision) == [("better", ""), ("kept", "rules.record")]
    assert "6 rows of 2 groups are too few to say" in decision.reasons[0]
    single = champion(rows=3, sets=("site_reports.document",))
    both = Side("v5", {**CHAMPION.rows, **single.rows})
    decision = decide(changed(both, 1.0), both, GOAL, ())
    assert "the rows of site_reports.document are of one group" in decision.reasons[0]


def test_likelihoods_that_are_no_numbers_are_refused() -> None:
    broken = changed(CHAMPION, 0.5)
    broken.rows["rules.record"].nll[3] = np.inf
    assert failed(decide(broken, CHAMPION, GOAL, SETS)) == [("better", ""), ("kept", "rules.record")]
    assert failed(decide(CHAMPION, broken, GOAL, SETS))[0] == ("better", "")


def test_rows_that_were_met_in_training_count_for_nobody() -> None:
    met = {"rules.record": [f"rules.record.{at:04x}" for at in range(4)]}
    cheat = changed(CHAMPION, 0.0, noise=0.001)
    cheat.rows["rules.record"].nll[:4] = 0  # it knows those by heart
    only = Goal(weights=dict.fromkeys(SETS, 0) | {"rules.record": 1}, limits=GoalLimits(contamination=0.05))
    assert decide(cheat, CHAMPION, only, ()).better.gain > 0.05  # type: ignore[operator]
    told = decide(replace(cheat, met=met), CHAMPION, only, ())
    assert failed(told) == [("better", ""), ("contamination", "")]
    assert told.better.gain == pytest.approx(0, abs=0.01)
    assert "its line met rules.record 8.3%, the limit is 5.0%" in told.reasons[1]
    assert decide(replace(changed(CHAMPION, 0.1), met=met), CHAMPION, GOAL, SETS).passed


def test_what_nobody_searched_or_knows_is_not_clean() -> None:
    better = changed(CHAMPION, 0.2)
    assert failed(decide(replace(better, unsearched=("v4",)), CHAMPION, GOAL, SETS)) == [("contamination", "")]
    elsewhere = replace(better, unknown=("team_b",))
    assert failed(decide(elsewhere, CHAMPION, GOAL, SETS)) == [("contamination", "")]
    assert decide(elsewhere, replace(CHAMPION, unknown=("team_b",)), GOAL, SETS).passed


def test_answers_without_an_end_are_limited_but_not_below_the_champion() -> None:
    endless = replace(changed(CHAMPION, 0.2), faults={"cut": 0.0, "endless": 0.2})
    decision = decide(endless, CHAMPION, GOAL, SETS)
    assert failed(decision) == [("answers", "")]
    assert "answers: 20.0% were repeating themselves without end; the limit is 5.0%, v5 has 0.0%" in decision.reasons
    assert decide(endless, replace(CHAMPION, faults={"endless": 0.2}), GOAL, SETS).passed
    uncounted = Goal(limits=GoalLimits(empty=0.1))
    assert failed(decide(endless, CHAMPION, uncounted, SETS))[-1] == ("answers", "")


def test_the_noise_of_the_seed_is_added() -> None:
    better = changed(CHAMPION, 0.1)
    assert decide(better, CHAMPION, Goal(seed_noise=0.01), SETS).passed
    refused = decide(better, CHAMPION, Goal(seed_noise=0.1), SETS)
    assert failed(refused) == [("better", "")]
    assert refused.reasons[0].endswith(", the noise of the seed (0.1) added to that of the rows")


def test_the_same_look_twice_spends_twice() -> None:
    looks, levels = [], []
    for _ in range(3):
        decision = decide(changed(CHAMPION, 0.0), CHAMPION, GOAL, SETS, looks)
        looks.append(decision.look)
        levels.append(decision.look.level)
    assert [look.number for look in looks] == [1, 2, 3]
    assert levels == pytest.approx([0.05 * 6 / np.pi**2 / k**2 for k in (1, 2, 3)])
    barely = changed(CHAMPION, 0.024, seed=4)
    assert decide(barely, CHAMPION, GOAL, SETS).better.passed
    assert not decide(barely, CHAMPION, GOAL, SETS, looks).better.passed


def test_a_later_look_at_one_set_of_many_is_at_the_same_rows() -> None:
    """However few of all rows that set has."""
    many = champion(sets=tuple(f"source{at}.record" for at in range(24)))
    first = decide(changed(many, 0.0), many, GOAL, ()).look
    for name in many.rows:
        alone = Goal(weights=dict.fromkeys(many.rows, 0) | {name: 1})
        assert decide(changed(many, 0.0), many, alone, (), [first]).look.number == 2, name


def test_planned_looks_are_used_up() -> None:
    goal = Goal(looks=2)
    first = decide(changed(CHAMPION, 0.3), CHAMPION, goal, SETS)
    assert first.passed and first.look.level == 0.025
    third = decide(changed(CHAMPION, 0.3), CHAMPION, goal, SETS, [first.look, first.look])
    assert ("looks", "") in failed(third)
    assert "goal.looks plans 2: new held-out rows start anew" in third.reasons[-1]


def test_other_sets_or_rows_are_no_look() -> None:
    without = replace(CHAMPION, rows={name: one for name, one in CHAMPION.rows.items() if name != SETS[0]})
    with pytest.raises(LineageError, match=r"v5 was not asked rules\.record"):
        decide(changed(CHAMPION, 0.1), without, GOAL, ())
    assert decide(changed(CHAMPION, 0.1), without, Goal(weights={SETS[0]: 0}), ()).better.passed
    with pytest.raises(LineageError, match=r"measured on different rows of"):
        decide(changed(champion(rows=47), 0.1), CHAMPION, GOAL, ())


def test_a_decision_takes_milliseconds() -> None:
    many = tuple(f"source{at}.record" for at in range(16))
    side = champion(sets=many)
    other = changed(side, 0.1)
    decide(other, side, GOAL, many)
    begun = time.process_time()
    for _ in range(10):
        decide(other, side, GOAL, many)
    assert time.process_time() - begun < 0.5
