"""Work ahead: stages find it done, and write the bytes that they would have written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lineage.config.load import load_curriculum
from lineage.core.dvc_cache import CachedObjects
from lineage.core.files import sha256
from lineage.evaluation import inference
from lineage.prefetch.prefetch import has_an_idle_core, prefetching
from lineage.prefetch.work_ahead import Versions
from lineage.training import taken_up
from tests import tiny
from tests.finished import CACHE, renamed, stored_folder
from tests.workspace import ROOT

AHEAD = [sys.executable, "-m", "lineage.prefetch.work_ahead"]


def work_ahead(busy: str) -> str:
    """To its end; what it did."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ahead = subprocess.Popen([*AHEAD, busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    said = ahead.stdout.read() if ahead.stdout else ""
    assert ahead.wait(120) == 0
    return "\n".join(line for line in said.splitlines() if line.startswith("while"))


def test_a_version_trained_and_measured_ahead_has_the_same_bytes(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    c = load_curriculum()
    models, metrics = sha256(Path("models/v2")), sha256(Path("metrics/v1"))
    shutil.rmtree("models/v2")
    shutil.rmtree(".state/evaluations")
    done = work_ahead("v3")
    assert "training v2" in done and "measuring v1" in done and "v3:" not in done
    assert "measuring v2" not in done and "measuring v3" not in done
    assert not Path("models/v2").exists(), "the stage publishes, nobody else"
    assert "training v2" not in work_ahead("v3"), "once is enough"
    tiny.train(c, "v2")
    assert "v2: resumed at step" in capsys.readouterr().out
    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("it was measured already"))
    tiny.evaluate(c, "v1")
    assert (sha256(Path("models/v2")), sha256(Path("metrics/v1"))) == (models, metrics)


def test_what_waits_for_the_version_at_work_is_not_begun(lineage_copy: Path) -> None:
    for version in tiny.VERSIONS:
        shutil.rmtree(Path("models", version))
    assert "training" not in work_ahead("v1")


def test_what_will_be_taken_up_is_not_trained_ahead(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither under another name, nor beside the training that makes the very same."""
    monkeypatch.delenv("KRX_TRAIN_AGAIN", raising=False)
    monkeypatch.setattr(taken_up, "cached_objects", lambda: CachedObjects(CACHE))
    tree = tiny.params()
    tree["versions"]["twin"] = tree["versions"]["v2"]
    c = renamed(tree, {"v2": "side"})
    for version in ("side", "twin"):
        tiny.mix(c, version)
    assert list(Versions(c, "v3").waiting()) == ["side", "twin"]
    assert list(Versions(c, "side").waiting()) == []
    lock = {"stages": {"train@v2": {"outs": [stored_folder(Path("models/v2"))]}}}
    Path("dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")
    assert list(Versions(c, "v3").waiting()) == []


def test_it_ends_with_whoever_started_it(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c = load_curriculum()
    monkeypatch.setattr("lineage.core.machine.cores", lambda: 2)
    monkeypatch.setattr("lineage.core.machine.gpus", tuple)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("KRX_PREFETCH", raising=False)
    started = []
    popen = subprocess.Popen

    def noted(*given: object, **named: object) -> object:
        started.append(popen(*given, **named))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(KeyboardInterrupt), prefetching(c, "v1"):
        raise KeyboardInterrupt
    assert started[0].poll() is not None
    again = popen([*AHEAD, "v1"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    again.communicate()  # closes its standard input, as the end of its starter does
    assert again.wait(60) != 0


def test_only_a_tiny_base_on_a_cpu_leaves_a_core_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage.core.machine.cores", lambda: 2)
    monkeypatch.setattr("lineage.core.machine.gpus", tuple)
    monkeypatch.delenv("KRX_PREFETCH", raising=False)
    assert has_an_idle_core(tiny.curriculum())
    assert not has_an_idle_core(tiny.curriculum(**{"profiles.cpu.base": {"path": "models/qwen"}}))
    assert not has_an_idle_core(tiny.curriculum(**{"profiles.cpu.threads": 0}))
    monkeypatch.setenv("KRX_PREFETCH", "0")
    assert not has_an_idle_core(tiny.curriculum())
