"""A version of two phases through the stage: what it publishes, and how it goes on after whatever stopped it."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from transformers import Trainer

from lineage.core.errors import LineageError, Preempted
from lineage.core.files import sha256
from lineage.training import dpo
from lineage.training import train as stage
from tests import tiny
from tests.lineage.training.test_dpo import choices

PREFERENCE = {"beta": 0.2, "lr_scale": 0.5, "budget_scale": 1.0}
FIRST = 12  # steps of the first phase: three passes over 16 rows, 4 a step
KEPT = ".state/checkpoints/*/supervised"


@pytest.fixture(autouse=True)
def two_phases(lineage_copy: Path) -> Iterator[None]:
    tiny.write_rows(Path("data/mixes/v2/own.jsonl"), choices())
    tiny.write_rows(Path("data/mixes/v2/replay.jsonl"), [])
    yield


def train(**changes: Any) -> Path:
    return tiny.train(tiny.curriculum(**{"versions.v2.train.preference": PREFERENCE} | changes), "v2")


@contextmanager
def disturbed(batch: int) -> Iterator[None]:
    """Whatever trains gets a SIGTERM in one of the batches that it computes, counted from 1."""
    compute = Trainer.training_step
    computed: Counter[int] = Counter()

    def disturbing(self: Any, *rest: Any, **named: Any) -> Any:
        computed[id(self.model)] += 1
        if computed[id(self.model)] == batch:
            os.kill(os.getpid(), signal.SIGTERM)
        return compute(self, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "training_step", disturbing)
        yield


def test_two_phases_are_one_version_with_both_in_its_record() -> None:
    folder = train()
    record = json.loads((folder / "lineage.json").read_text())
    found = record["preference"]
    assert (found["beta"], found["pairs"], found["learning_rate"]) == (0.2, 16, 0.01)
    assert found["requested"] == found["effective"] and found["effective"]["beta"] == 0.2
    assert record["requested"] == record["effective"] and "beta" not in record["effective"]
    assert record["adapter"] == sha256(folder / "adapter_model.safetensors")
    lines = (folder / "preference.csv").read_text().splitlines()
    assert lines[0] == ",".join(stage.PREFERENCE_HISTORY) and len(lines) == 1 + found["steps"]
    assert int(lines[-1].rpartition(",")[2]) == found["trained_tokens"]
    assert (folder / "history.csv").read_text().count("\n") == 1 + record["steps"] == 1 + FIRST
    assert not list(Path(".state/checkpoints").glob("*"))
    plain = tiny.train(tiny.curriculum(), "v2")
    assert json.loads((plain / "lineage.json").read_text())["adapter"] != record["adapter"]


@pytest.mark.slow
def test_stopped_in_either_phase_it_ends_in_the_same_bytes() -> None:
    before, stops = sha256(train()), []
    with disturbed(batch=5):  # a step of the first phase is one batch, of the second two
        for _ in range(20):
            try:
                train()
                break
            except Preempted as stopped:
                stops.append((str(stopped), bool(list(Path().glob(KEPT)))))
    assert sha256(Path("models/v2")) == before
    assert {kept for _, kept in stops} == {False, True}, stops


def test_a_stop_in_the_last_step_of_the_first_phase_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    before = sha256(train())
    with disturbed(batch=FIRST), monkeypatch.context() as patch:
        patch.setattr(dpo, "fit", lambda *_: pytest.fail("the second phase began"))
        with pytest.raises(Preempted, match="v2: stopped by SIGTERM between its two phases; the first is kept; run"):
            train()
    train()
    assert sha256(Path("models/v2")) == before


class CrashError(Exception):
    """Stands for a killed process."""


def crashed_between() -> Path:
    def crash(*_: Any) -> None:
        raise CrashError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dpo, "fit", crash)
        with pytest.raises(CrashError):
            train()
    (kept,) = Path().glob(KEPT)
    return kept


def test_killed_between_the_phases_the_first_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage.training import sft

    before = sha256(train())
    crashed_between()
    monkeypatch.setattr(sft, "fit", lambda *_: pytest.fail("the first phase began"))
    train()
    assert sha256(Path("models/v2")) == before


@pytest.mark.parametrize(
    ("name", "content"),
    [("adapter_model.safetensors", b"half"), ("adapter_model.safetensors", None), ("outcome.json", b"{")],
)
def test_a_changed_first_phase_is_not_gone_on_from(name: str, content: bytes | None) -> None:
    before = sha256(train())
    kept = crashed_between()
    if content is None:
        (kept / name).unlink()
    else:
        (kept / name).write_bytes(content)
    with pytest.raises(LineageError, match=r"v2: .*supervised was changed; it is deleted now, run the same command"):
        train()
    train()
    assert sha256(Path("models/v2")) == before


def test_a_second_phase_without_effect_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    done = dpo.fit
    monkeypatch.setattr(dpo, "fit", lambda job, *rest: done(replace(job, learning_rate=0.0), *rest))
    with pytest.raises(LineageError, match="byte for byte; training had no effect"):
        train()
