"""What stops a training run, what it says then, and what it leaves."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError, Preempted
from lineage.core.files import sha256
from lineage.training import callbacks, checkpoints, resource_errors
from lineage.training.backends import hf
from lineage.training.sft import fit
from tests import tiny

ROOT = Path(__file__).parents[3]
CHECKPOINTS = Path(".state/checkpoints/test")


@pytest.fixture(autouse=True)
def _here(lineage_copy: Path) -> Iterator[None]:
    yield


class Loading:
    """A trainer that loads as `hf` does, and then has something done to the model."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change, self.settings = change, hf.settings

    def load(self, job: Any) -> Any:
        model = hf.load(job)
        return self.change(model) or model


def train(change: Callable[[Any], Any] = lambda _: None, **changes: Any) -> Any:
    job = tiny.job("v2", tiny.curriculum(**changes))
    with callbacks.explained(job):
        return fit(job, Loading(change))  # type: ignore[arg-type]


def sealed() -> list[str]:
    return [c.name for c in checkpoints.in_order(CHECKPOINTS) if (c / "complete").is_file()]


# ------------------------------------------------------------------------------------------------------- signals


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


# ------------------------------------------------------------------------------------------- numbers that are none


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


def test_a_clean_run_is_not_changed_by_being_watched() -> None:
    """The guards look and do not touch: the same adapter as of a run without them."""
    import torch

    model, _ = train()
    watched = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks, "callbacks", lambda *_: [])
        alone, _ = fit(tiny.job("v2", checkpoints=Path(".state/checkpoints/alone")), hf)
    assert all(torch.equal(p, watched[n]) for n, p in alone.named_parameters() if p.requires_grad)


# ------------------------------------------------------------------------------------------------ memory and disk


OUT_OF_MEMORY = """
import dataclasses, resource
from datasets import Dataset
from pathlib import Path
from lineage.core.errors import LineageError
from lineage.training import callbacks
from lineage.training.backends import hf
from lineage.training.sft import fit
from tests import tiny
at_once = {"profiles.cpu.batch_size": 64, "profiles.cpu.global_batch_size": 64}
c = tiny.curriculum(**at_once, **{"profiles.cpu.loss": "full"})
rows = {"input_ids": [[5] * 4000] * 64, "labels": [[5] * 4000] * 64}
job = dataclasses.replace(tiny.job("v2", c), dataset=Dataset.from_dict(rows), lengths=[4000] * 64, steps=1)
class Limited:
    settings = staticmethod(hf.settings)
    def load(self, job):
        model = hf.load(job)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (400 << 20), resource.RLIM_INFINITY))
        return model
try:
    with callbacks.explained(job):
        fit(job, Limited())
except LineageError as error:
    print(error)
"""


@pytest.mark.slow
def test_out_of_memory_says_what_was_asked_what_is_there_and_what_to_lower() -> None:
    """With a true limit on the address space, and rows that do not fit under it."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True, timeout=300, env=env)
    assert done.stdout.count("out of memory at step 1/1: ") == 1, done.stdout + done.stderr
    said = done.stdout[done.stdout.index("v2: out of memory") :]
    assert " more were asked for, " in said and "were free (this process's limit, ulimit -v)" in said
    assert "A batch is batch_size 64 × max_length 128 = 8,192 tokens at most, the longest row has 4,000." in said
    assert "batch_size: 32 (leave global_batch_size: 64 as it is" in said
    assert "gradient_checkpointing: true" in said and "load_in_4bit: true" in said


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_the_kinds_of_out_of_memory(error: Exception) -> None:
    assert resource_errors.of_memory(error) and not resource_errors.of_disk(error)
    with pytest.raises(LineageError, match=r"v2: out of memory while loading: .* a smaller base"), _explained():
        raise error


def _explained() -> Any:
    return callbacks.explained(tiny.job("v2"))


def test_a_gpu_that_is_full_is_one_of_them() -> None:
    import torch

    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of …")
    with pytest.raises(LineageError, match=r"2\.50 GiB more were asked for"), _explained():
        raise error


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes"), OSError(2, "No such file"), ValueError("no")])
def test_a_bug_stays_a_bug(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, _explained():
        raise error
    assert raised.value is error


FULL = """
import os, sys
from pathlib import Path
from lineage.core.errors import LineageError
from lineage.training import checkpoints
from tests import tiny
seal = checkpoints.seal
def fill(checkpoint):
    seal(checkpoint)
    with open(".state/other", "ab", buffering=0) as other:
        try:
            while True:
                other.write(bytes(4096))
        except OSError:
            pass
if len(sys.argv) > 1:
    checkpoints.seal = fill
try:
    tiny.train(tiny.curriculum(), "v2")
except LineageError as error:
    print("said:", error)
if len(sys.argv) > 1:
    print("there:", sorted(p.name for p in Path(".state/checkpoints").glob("*/checkpoint-*")))
    os.unlink(".state/other")
    checkpoints.seal = seal
    tiny.train(tiny.curriculum(), "v2")
"""


def on_a_small_disk(mebibytes: float, *arguments: str) -> str:
    """Train v2 with `.state` on a file system of its own; skipped where none can be mounted."""
    Path(".state").mkdir(exist_ok=True)
    Path("train.py").write_text(FULL, encoding="utf-8")
    mounted = f"mount -t tmpfs -o size={int(mebibytes * 1024)}k tmpfs .state"
    script = " ".join([mounted, "&&", "exec", sys.executable, "train.py", *arguments])
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_disk_too_small_for_the_run_is_refused_before_the_first_step() -> None:
    before = sha256(Path("models/v2"))
    said = on_a_small_disk(0.3)
    assert "said: v2: " in said and "make room first. Nothing was trained" in said, said
    assert sha256(Path("models/v2")) == before


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_the_checkpoint_before_and_the_next_run_goes_on() -> None:
    before = sha256(Path("models/v2"))
    said = on_a_small_disk(4, "fill")
    assert "said: v2: the disk is full at step 8/12 (" in said, said
    assert "it goes on from checkpoint-4, which is kept" in said
    assert "there: ['checkpoint-4']" in said
    assert "v2: resumed at step 4/12" in said
    assert sha256(Path("models/v2")) == before
