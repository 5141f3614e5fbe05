"""What a signal does to a training, and what is left of it."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import Preempted
from lineage.core.files import sha256
from lineage.training import checkpoints
from lineage.training.backends import hf
from lineage.training.job import Job
from tests import tiny
from tests.lineage.training.watched import CHECKPOINTS, sealed, train


@pytest.fixture(autouse=True)
def _here(lineage_copy: Path) -> Iterator[None]:
    yield


def signal_at(step: int, number: signal.Signals = signal.SIGTERM, times: int = 1) -> Callable[[Any], None]:
    """Send this process a signal in the middle of a step, counted from 1."""
    seen = {"step": 0}

    def change(model: Any) -> None:
        def count(*_: Any) -> None:
            seen["step"] += 1
            for _time in range(times if seen["step"] == step else 0):
                os.kill(os.getpid(), number)

        model.register_forward_pre_hook(count)

    return change


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_step_writes_a_checkpoint_and_says_how_to_go_on(number: signal.Signals) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises(Preempted, match=r"^v2: stopped at step 6/12 after a checkpoint; run the same command to"):
        train(signal_at(6, number))
    assert sealed() == ["checkpoint-4", "checkpoint-6"]
    assert checkpoints.newest_sound(CHECKPOINTS) == str(CHECKPOINTS / "checkpoint-6")
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)] == before


def test_the_same_signal_twice_is_one_request() -> None:
    """DVC's group and the process guard may both send it."""
    with pytest.raises(Preempted, match="stopped at step 6/12"):
        train(signal_at(6, times=2))


def test_a_second_ctrl_c_stops_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        train(signal_at(6, signal.SIGINT, times=2))
    assert sealed() == ["checkpoint-4"]


def test_a_signal_in_the_last_step_lets_the_run_end() -> None:
    _, outcome = train(signal_at(12))
    assert outcome.history[-1]["step"] == 12


def test_a_point_of_the_curve_is_the_mean_of_its_steps_wherever_the_training_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped after the seventh step, whose point is made of the sixth to the tenth."""
    monkeypatch.setattr(Job, "steps_a_point", 5)
    _, undisturbed = train()
    assert [row["step"] for row in undisturbed.history] == [5, 10]
    shutil.rmtree(CHECKPOINTS)
    with pytest.raises(Preempted, match="stopped at step 7/12"):
        train(signal_at(7))
    _, outcome = train()
    assert outcome.history == undisturbed.history


def test_a_signal_while_loading_ends_it_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        train(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert ended.value.code == 75
    assert "✗ v2: stopped by SIGTERM while loading; nothing is half-made" in capfd.readouterr().err
    assert not CHECKPOINTS.exists()


def test_stopped_at_every_third_step_it_ends_in_the_same_bytes(capsys) -> None:
    """The stage itself, each time from the checkpoint before, to the adapter that was never disturbed."""
    before, stops, load = sha256(Path("models/v2")), 0, hf.load

    def disturbed(job: Any) -> Any:
        model = load(job)
        signal_at(3)(model)
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hf, "load", disturbed)
        while True:
            try:
                tiny.train(tiny.curriculum(), "v2")
                break
            except Preempted:
                stops += 1
                assert sha256(Path("models/v2")) == before
    assert stops == 3  # at 3, 6 and 9; the signal in step 12 finds it finished
    assert "v2: resumed at step 9/12" in capsys.readouterr().out
    assert sha256(Path("models/v2")) == before
