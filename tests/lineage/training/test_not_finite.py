"""Numbers that are none: a training stops before they reach what is kept, and names the rows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError, Preempted
from lineage.training import checkpoints
from tests import tiny
from tests.lineage.training.watched import CHECKPOINTS, sealed, train


@pytest.fixture(autouse=True)
def _here(lineage_copy: Path) -> Iterator[None]:
    yield


def row_of(step: int) -> list[int]:
    """The tokens of a row of a step counted from 1."""
    ids: list[int] = tiny.job("v2").dataset[(step - 1) * 4 + 2]["input_ids"]
    return ids


def poison_loss(ids: list[int]) -> Callable[[Any], None]:
    """The loss of every batch that holds this row is NaN."""

    def change(model: Any) -> None:
        def spoil(_module: Any, _args: Any, named: dict[str, Any], output: Any) -> Any:
            width = len(ids)
            if any(row[:width].tolist() == ids for row in named["input_ids"]):
                output["loss"] = output["loss"] * float("nan")
            return output

        model.register_forward_hook(spoil, with_kwargs=True)

    return change


def poison_gradient(step: int, value: float = float("nan")) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        seen = {"step": 0}
        parameter = next(p for p in model.parameters() if p.requires_grad)

        def spoil(gradient: Any) -> Any:
            seen["step"] += 1
            return gradient * value if seen["step"] == step else gradient

        parameter.register_hook(spoil)

    return change


def test_a_loss_that_is_none_stops_before_the_weights_and_names_the_row() -> None:
    ids = row_of(7)
    first = next(n for n, row in enumerate(tiny.job("v2").dataset["input_ids"]) if row == ids)
    step = first // 4 + 1
    with pytest.raises(LineageError) as stopped:
        train(poison_loss(ids))
    said = str(stopped.value)
    assert said.startswith(f"v2: step {step} of 12: the gradient of base_model."), said
    assert f"its loss is not finite on {tiny.job('v2').dataset[first]['id']}. Lower " in said
    assert "versions.v2.train.lr_scale (in force: 0.02)" in said and "data/mixes/v2" in said
    kept = (step - 1) // 4 * 4
    where = f"from checkpoint-{kept}, which is kept," if kept else "at the start"
    assert f"would go on {where} and stop at the same step" in said
    assert not isinstance(stopped.value, Preempted)


def test_no_checkpoint_is_younger_than_the_poison_and_the_next_run_stops_there_too(capsys) -> None:
    for _ in range(2):
        with pytest.raises(LineageError, match=r"step 8 of 12: the gradient of .* go on from checkpoint-4"):
            train(poison_gradient(8 if not sealed() else 4))  # the second run begins after step 4
        assert sealed() == ["checkpoint-4"] == [c.name for c in checkpoints.in_order(CHECKPOINTS)]
    assert "v2: resumed at step 4/12" in capsys.readouterr().out


def test_a_gradient_that_is_none_under_a_good_loss_shows_the_rows_losses() -> None:
    with pytest.raises(LineageError, match=r"each row's own loss is finite, from \d+\.\d+ to \d+\.\d+; the highest"):
        train(poison_gradient(2, float("inf")))


def test_weights_that_are_none_are_not_saved() -> None:
    """An optimizer that breaks on a good gradient: seen at the latest before the checkpoint is written."""

    def change(model: Any) -> None:
        parameter = next(p for p in model.parameters() if p.requires_grad)
        seen = {"step": 0}

        def spoil(*_: Any) -> None:
            seen["step"] += 1
            if seen["step"] == 9:  # what the 8th step left behind
                parameter.data.fill_(float("inf"))

        model.register_forward_pre_hook(spoil)

    with pytest.raises(LineageError, match="is not finite"):
        train(change)
    assert sealed() == ["checkpoint-4", "checkpoint-8"]


def test_a_rate_that_no_training_survives_is_said() -> None:
    with pytest.raises(LineageError, match=r"is not finite, so training stopped.*Lower profiles\.<profile>"):
        train(**{"profiles.cpu.learning_rate": 1e30})
