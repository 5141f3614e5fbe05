"""`goal` of params.yaml: what it is where nothing is said, and what it may not say."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.goal import Goal
from lineage.config.load import parse_curriculum
from lineage.core.errors import LineageError

SHIPPED = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))


def with_goal(goal: dict[str, Any]) -> Goal:
    return parse_curriculum(SHIPPED | {"goal": goal}).goal


def test_it_may_be_left_out_and_what_is_shipped_is_the_default() -> None:
    tree = {name: value for name, value in SHIPPED.items() if name != "goal"}
    assert parse_curriculum(tree).goal == Goal()
    measured = SHIPPED["goal"]["seed_noise"]  # of the cpu profile; nobody knows it of another
    assert parse_curriculum(SHIPPED).goal == Goal(seed_noise=measured)


def test_a_set_goes_before_its_source_and_its_source_before_all() -> None:
    goal = with_goal(
        {
            "weights": {"rules": 3, "rules.record": 0},
            "measures": {"questions": "score"},
            "margins": {"rules": 0.2, "questions": 0.3},
            "score_margin": 0.05,
            "unguarded": ["metamath"],
        }
    )
    assert [goal.weight_of(name) for name in ("rules.record", "rules.prompt_answer", "metamath.x")] == [0, 3, 1]
    assert (goal.measure_of("questions.record"), goal.measure_of("rules.record")) == ("score", "nll")
    assert goal.margin_of("rules.record", "nll") == 0.2
    assert (goal.margin_of("metamath.prompt_answer", "nll"), goal.margin_of("metamath.x", "score")) == (0.1, 0.05)
    assert goal.guards("rules.record") and not goal.guards("metamath.prompt_answer")


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ({"weights": {"lore": 1}}, r"goal\.weights\.lore: unknown source 'lore'; allowed: krx_samples, "),
        (
            {"margins": {"metamath.record": 1}},
            r"goal\.margins\.metamath\.record: 'record' is none of sources\.metamath",
        ),
        ({"unguarded": ["lore"]}, r"goal\.unguarded\.lore: unknown source"),
        ({"weights": {"rules": -1}}, r"goal\.weights\.rules: .*greater than or equal to 0, found -1"),
        ({"weights": dict.fromkeys(SHIPPED["sources"], 0)}, r"goal\.weights: no set counts"),
        ({"margin": 0}, r"goal\.margin: .*greater than 0, found 0"),
        ({"alpha": 0.5}, r"goal\.alpha: .*less than or equal to 0\.2, found 0\.5"),
        ({"limits": {"cut": 2}}, r"goal\.limits\.cut: .*less than or equal to 1"),
        ({"limits": {"loops": 0.1}}, r"goal\.limits\.loops: unknown field"),
        ({"measure": "bleu"}, r"goal\.measure: Input should be 'nll' or 'score', found 'bleu'"),
        ({"weigths": {}}, r"goal\.weigths: unknown field"),
    ],
)
def test_what_a_goal_may_not_say(goal: dict[str, Any], said: str) -> None:
    with pytest.raises(LineageError, match=said):
        with_goal(goal)
