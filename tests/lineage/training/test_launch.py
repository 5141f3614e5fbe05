"""One version on two processes of this machine, without a GPU: gloo, the loopback interface, torchrun.

Most of a launch is imports, so each launch here shows several things. That a run of `ddp` goes on exactly is shown in
`tests/lineage/nodes/test_several_nodes.py`, on two nodes.
"""

import csv
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError, Preempted
from lineage.training import launch
from lineage.training.job import Job, Outcome
from tests import tiny
from tests.lean_processes import lean_processes  # noqa: F401 (a fixture)

TWO = {"profiles.cpu.batch_size": 2, "profiles.cpu.global_batch_size": 4, "profiles.cpu.optimizer": "adamw_torch"}
needs_deepspeed = pytest.mark.skipif(
    not importlib.util.find_spec("deepspeed"), reason="pip install -e '.[distributed]'"
)


def job(version: str = "v2", strategy: str = "ddp", processes: int = 2, **changes: Any) -> Job:
    c = tiny.curriculum(**TWO | {"profiles.cpu.launch": {"processes": processes, "strategy": strategy}} | changes)
    found: Job = tiny.job(version, c)
    return found


def alone(job: Job, out: Path) -> Outcome:
    from lineage.training import sft
    from lineage.training.adapter_saving import save_adapter
    from lineage.training.backends import hf

    model, outcome = sft.fit(job, hf)
    save_adapter(model, job.base_name, out)
    return outcome


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def distance(one: Path, other: Path) -> float:
    """The largest difference between two adapters."""
    from safetensors.torch import load_file

    a, b = (load_file(out / "adapter_model.safetensors") for out in (one, other))
    assert a.keys() == b.keys()
    return max(float((a[key] - b[key]).abs().max()) for key in a)


def nll(job: Job, out: Path) -> float:
    """The loss over the rows of a job with an adapter."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from lineage.training.collator import Collator

    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(job.weights), out).eval()
    batch = Collator(job.tokenizer.pad_token_id)([job.dataset[i] for i in range(16)])
    with torch.no_grad():
        return float(model(**batch).loss)


def compare(single: Job, before: Outcome, one: Path, after: dict[str, Any], two: Path, tolerance: float) -> None:
    """Two processes did what one did: `after` holds the history and the settings in force."""
    assert (before.effective["world_size"], before.effective["strategy"]) == (1, "one process")
    assert after["effective"]["rows_per_step"] == before.effective["rows_per_step"] == 4
    assert after["trainable_parameters"] == before.trainable_parameters
    for name, relative in (("loss", 1e-4), ("grad_norm", 1e-3)):
        assert [float(row[name]) for row in after["history"]] == pytest.approx(
            [row[name] for row in before.history], rel=relative
        )
    assert distance(one, two) < tolerance
    assert nll(single, one) == pytest.approx(nll(single, two), abs=1e-5)
    assert (two / "adapter_config.json").read_bytes() == (one / "adapter_config.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "tolerance"), [("ddp", 1e-6), pytest.param("zero3", 1e-4, marks=needs_deepspeed)])
def test_two_processes_train_the_adapter_of_one(
    strategy: str, tolerance: float, lineage_copy: Path, tmp_path: Path, capfd: Any
) -> None:
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two")
    single = job(processes=1)
    before, after = alone(single, one), launch.fit(job(strategy=strategy), two)
    assert (after.effective["world_size"], after.effective["strategy"]) == (2, strategy)
    compare(single, before, one, asdict(after), two, tolerance)
    assert {p.name for p in two.iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    assert not list(Path(".state/launch").iterdir())  # what was handed over is gone
    said = capfd.readouterr().out
    assert said.count("step 12/12") == 2  # once alone, and once by the first of two


def stop_when(file: Path) -> None:
    """Send this process a SIGTERM as soon as a file is there."""

    def wait() -> None:
        while not file.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


@pytest.mark.slow
def test_the_stage_stops_goes_on_and_publishes_what_two_processes_trained(
    lineage_copy: Path, tmp_path: Path, capfd: Any
) -> None:
    c = tiny.curriculum(**TWO | {"profiles.cpu.launch": {"processes": 2, "strategy": "fsdp2"}})
    one, single = folder(tmp_path / "one"), job(processes=1)
    before = alone(single, one)
    shutil.rmtree("models/v2")
    stop_when(Path(".state/launch/v2/store"))
    with pytest.raises(Preempted, match="v2: stopped at step 1/12 after a checkpoint"):
        tiny.train(c, "v2")
    assert not Path("models/v2").exists()
    assert list(Path(".state/checkpoints").glob("*/fsdp2-2/checkpoint-1/complete"))
    two = tiny.train(c, "v2")
    assert "v2: resumed at step 1/12" in capfd.readouterr().out
    record = json.loads((two / "lineage.json").read_text(encoding="utf-8"))
    assert (record["effective"]["world_size"], record["effective"]["strategy"]) == (2, "fsdp2")
    assert record["requested"] == record["effective"]
    with (two / "history.csv").open(encoding="utf-8") as file:
        compare(single, before, one, record | {"history": list(csv.DictReader(file))}, two, 1e-5)
    assert not [place for place in Path(".state/checkpoints").glob("*") if place.name != "test"]


@pytest.mark.slow
@needs_deepspeed
def test_a_run_that_deepspeed_stopped_goes_on_where_it_was(lineage_copy: Path, tmp_path: Path, capfd: Any) -> None:
    through, resumed = folder(tmp_path / "through"), folder(tmp_path / "resumed")
    work = job(strategy="zero3", **{"chain.lora.dropout": 0.2, "profiles.cpu.checkpoint_steps": 100}, version="v1")
    launch.fit(work, through)
    shutil.rmtree(work.checkpoints)
    stop_when(Path(".state/launch/v1/store"))
    with pytest.raises(Preempted, match="v1: stopped at step 1/23 after a checkpoint"):
        launch.fit(work, resumed)
    assert not list(resumed.iterdir())
    launch.fit(work, resumed)
    assert "v1: resumed at step 1/" in capfd.readouterr().out
    assert distance(through, resumed) == 0.0


@pytest.mark.slow
def test_what_stops_a_process_is_one_message(lineage_copy: Path, tmp_path: Path) -> None:
    with pytest.raises(LineageError, match=r"^v2: chain\.lora\.r is 16, but its parent's adapter has 8;"):
        launch.fit(job(**{"chain.lora.r": 16}), tmp_path)


@pytest.mark.slow
def test_the_processes_end_with_the_stage(lineage_copy: Path, tmp_path: Path) -> None:
    imports = "from pathlib import Path; from tests.lineage.training import test_launch as t"
    script = f"{imports}; t.launch.fit(t.job(), Path('out'))"
    stage = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    marker = str(Path(".state/launch/v2").absolute())
    deadline = time.monotonic() + 120
    while not Path(marker, "store").exists():
        assert stage.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    assert len(processes(marker)) == 3, "torchrun and two processes"
    stage.kill()
    stage.wait()
    while processes(marker):
        assert time.monotonic() < deadline, "they outlived their stage"
        time.sleep(0.1)


def processes(marker: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if marker in command:
            found.append(command)
    return found


def test_a_job_is_handed_over_whole(lineage_here: Path, tmp_path: Path) -> None:
    work = job(strategy="fsdp2")
    launch.hand_over(work, Path("somewhere"), tmp_path)
    found, out = launch.take_over(tmp_path)
    assert out == Path("somewhere").absolute()
    for name in Job.__dataclass_fields__:
        if name not in launch.APART:
            assert getattr(found, name) == getattr(work, name), name
    assert found.dataset[:] == work.dataset[:]
    for name in ("eos_token_id", "pad_token_id", "chat_template"):
        assert getattr(found.tokenizer, name) == getattr(work.tokenizer, name)
    assert found.tokenizer.get_vocab() == work.tokenizer.get_vocab()


def test_zero3_names_the_extra_that_is_missing(lineage_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "deepspeed" else find(name))
    with pytest.raises(LineageError, match=r"zero3 needs DeepSpeed; run: pip install -e '\.\[distributed\]'"):
        launch._check(job(strategy="zero3"))


def test_more_processes_than_gpus_are_refused(lineage_here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(LineageError, match=r"launch\.processes: 2, but this machine has 1 GPU"):
        launch._check(job())


def test_a_process_that_was_killed_is_said_to_be(lineage_here: Path, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("  exitcode  : -9 (pid: 12)\n")
    error = launch._what_went_wrong(job(), tmp_path)
    assert "v2: one of 2 processes ended killed from outside" in str(error)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trainer": "unsloth"}, r"launch\.processes: 2, but unsloth trains in one process"),
        ({"launch": {"processes": 2, "strategy": "fsdp2"}}, r"optimizer: 'adamw_8bit' does not go with fsdp2"),
        (
            {"launch": {"processes": 2, "strategy": "zero3"}, "load_in_4bit": True},
            r"load_in_4bit: zero3 cannot split 4-bit weights",
        ),
    ],
)
def test_what_no_engine_can_do_is_refused_beforehand(changes: dict[str, Any], words: str) -> None:
    two = {"launch": {"processes": 2, "strategy": "ddp"}, "batch_size": 2} | changes
    with pytest.raises(LineageError, match=words):
        tiny.curriculum(**{f"profiles.cpu.{name}": value for name, value in two.items()})
