"""Which checkpoint a run goes on from, whatever happened to the files of the others."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage.training import checkpoints
from tests import tiny
from tests.lineage.training.test_train import CrashError, crash_at, crashed


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Three sealed checkpoints; by name 12 sorts before 4."""
    for step in (4, 8, 12):
        folder = tmp_path / f"checkpoint-{step}"
        (folder / "global").mkdir(parents=True)
        for name in ("adapter_model.safetensors", "optimizer.pt", "trainer_state.json", "global/shard-0.bin"):
            (folder / name).write_bytes(f"{name} {step}".encode() * 100)
        (folder / "training_args.bin").write_bytes(b"a pickle")
        checkpoints.seal(folder)
    return tmp_path


def names(run: Path) -> list[str]:
    return [p.name for p in checkpoints.in_order(run)]


def test_a_seal_names_every_file_and_no_pickle_of_settings_stays(run: Path) -> None:
    sealed = json.loads((run / "checkpoint-4/complete").read_text())
    assert set(sealed) == {
        "adapter_model.safetensors",
        "global/shard-0.bin",
        "optimizer.pt",
        "trainer_state.json",
    }
    assert not (run / "checkpoint-4/training_args.bin").exists()


def test_the_newest_by_its_step_is_taken(run: Path, capsys) -> None:
    assert checkpoints.newest_sound(run) == str(run / "checkpoint-12")
    assert checkpoints.newest(run) == "checkpoint-12"
    assert capsys.readouterr().out == ""


def test_nothing_to_go_on_from(tmp_path: Path) -> None:
    assert checkpoints.newest_sound(tmp_path) is None
    assert checkpoints.newest_sound(tmp_path / "absent") is None
    assert checkpoints.newest(tmp_path) == "none"


def flip(folder: Path) -> None:
    file = folder / "optimizer.pt"
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "unsealed": (lambda c: (c / "complete").unlink(), "cut short while it was written"),
    "seal begun": (lambda c: (c / "complete").rename(c / "complete.begun"), "cut short while it was written"),
    "truncated": (lambda c: os.truncate(c / "adapter_model.safetensors", 9), "adapter_model.safetensors is not what"),
    "one bit": (flip, "optimizer.pt is not what was written; it was changed or cut"),
    "missing": (lambda c: (c / "trainer_state.json").unlink(), "trainer_state.json is not what"),
    "deep": (lambda c: (c / "global/shard-0.bin").write_bytes(b""), "global/shard-0.bin is not what"),
    "one more": (lambda c: (c / "adapter_model.bin").write_bytes(b"planted"), "adapter_model.bin is not what"),
    "seal cut": (lambda c: os.truncate(c / "complete", 30), "its seal cannot be read"),
    "seal empty": (lambda c: (c / "complete").write_text("{}"), "its seal names no files"),
    "an older mark": (lambda c: (c / "complete").write_text(""), "its seal cannot be read"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_one_is_left_out_with_the_reason(run: Path, how: str, capsys) -> None:
    change, why = BROKEN[how]
    change(run / "checkpoint-12")
    assert checkpoints.newest_sound(run) == str(run / "checkpoint-8")
    assert names(run) == ["checkpoint-4", "checkpoint-8"]  # older ones are kept to fall back to
    said = capsys.readouterr().out
    assert said.startswith("checkpoint-12 is left out: ") and why in said


def test_when_all_are_broken_it_begins_at_the_start(run: Path) -> None:
    for folder in checkpoints.in_order(run):
        flip(folder)
    assert checkpoints.newest_sound(run) is None
    assert names(run) == []


def test_what_was_cut_short_is_dropped_alone(run: Path) -> None:
    (run / "checkpoint-12/complete").unlink()
    checkpoints.drop_unsealed(run)
    assert names(run) == ["checkpoint-4", "checkpoint-8"]


def test_other_folders_are_nobodys_checkpoints(run: Path) -> None:
    for name in ("checkpoint-last", "checkpoint-16.tmp", "runs"):
        (run / name).mkdir()
    assert checkpoints.newest_sound(run) == str(run / "checkpoint-12")


def test_a_changed_checkpoint_of_a_version_is_not_gone_on_from(lineage_copy: Path, capsys) -> None:
    """In a real run: the one before it is, and the bytes at the end are the same."""
    from lineage.core.files import sha256

    before = sha256(Path("models/v2"))
    scratch = crashed("v2", step=9)
    assert names(scratch) == ["checkpoint-4", "checkpoint-8"]
    assert not list(scratch.rglob("training_args.bin"))
    flip(scratch / "checkpoint-8")
    capsys.readouterr()
    tiny.train(tiny.curriculum(), "v2")
    said = capsys.readouterr().out
    assert "checkpoint-8 is left out: optimizer.pt is not what was written" in said
    assert "v2: resumed at step 4/12" in said
    assert sha256(Path("models/v2")) == before


class Planted:
    """What a pickle can do to whoever opens it."""

    def __reduce__(self) -> object:
        return (Path.touch, (Path("executed"),))


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth"])
def test_no_pickle_of_a_checkpoint_is_executed(lineage_copy: Path, name: str) -> None:
    """Not even one that somebody sealed again: optimizer and random state are read as weights only."""
    scratch = crashed("v2", step=9)
    (scratch / "checkpoint-8" / name).write_bytes(pickle.dumps(Planted()))
    checkpoints.seal(scratch / "checkpoint-8")
    with pytest.raises(pickle.UnpicklingError):
        tiny.train(tiny.curriculum(), "v2")
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"profiles.cpu.load_in_4bit": True},  # TRL trains its adapter in bf16, PEFT would load it as float32
        {"chain.lora.targets": ["q_proj", "lm_head"], "chain.lora.dora": True},
    ],
    ids=["4bit", "lm_head"],
)
def test_a_resumed_run_ends_in_the_bytes_of_one_that_never_stopped(
    lineage_copy: Path, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from lineage.core.files import sha256

    c = tiny.curriculum(**changes)
    before = sha256(tiny.train(c, "v1"))
    with pytest.MonkeyPatch.context() as patch:
        crash_at(patch, 6)
        with pytest.raises(CrashError):
            tiny.train(c, "v1")
    capsys.readouterr()
    assert sha256(tiny.train(c, "v1")) == before
    assert "v1: resumed at step 4/" in capsys.readouterr().out
