"""Same inputs, same bytes: rebuilding from nothing, and going on after SIGKILL.

pytest -m slow tests/test_determinism.py
"""

import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from lineage.core.files import sha256
from tests.workspace import BUILT, Workspace, built_once, copy_of, kill_group, short_curriculum, until, workspace

ROOMS = ("data/records", "data/heldout", "data/mixes", "models", "metrics")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return built_once(tmp_path_factory.getbasetemp())


def bytes_of(w: Workspace) -> dict[str, str]:
    """Every file that the graph made, by its hash; DVC's own .gitignore aside."""
    files = [p for room in ROOMS for p in (w.root / room).rglob("*") if p.is_file() and p.name != ".gitignore"]
    return {file.relative_to(w.root).as_posix(): sha256(file) for file in sorted(files)}


@pytest.mark.slow
def test_from_nothing_the_same_bytes(built: Workspace, tmp_path: Path) -> None:
    """Another folder, no cache, no .state, another order of sets: adapters, base, mixes and measures are the same."""
    again = workspace(tmp_path / "다른 곳" / "w", short_curriculum(), PYTHONHASHSEED="2")
    again.write_raw()
    assert {"base", "train@v1", "train@v2", "train@v3", "evaluate@v1"} <= again.repro(*BUILT)
    before, after = bytes_of(built), bytes_of(again)
    assert len(before) > 40
    assert [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)] == []
    named = [name for name in after if str(again.root).encode() in (again.root / name).read_bytes()]
    assert named == [], "a file of the lineage names the folder it was made in"


def longer(w: Workspace) -> None:
    """Train v1 long enough to be stopped on the way."""
    tree = w.params
    tree["profiles"]["cpu"]["budget"]["tokens"] = 120_000  # some 500 steps
    tree["profiles"]["cpu"]["checkpoint_steps"] = 20
    w.params = tree


def checkpoints(w: Workspace) -> list[Path]:
    """The complete checkpoints of a workspace, oldest first."""
    found = (w.root / ".state/checkpoints").glob("*/checkpoint-*/complete")
    return sorted((mark.parent for mark in found), key=lambda p: int(p.name.rpartition("-")[2]))


@pytest.fixture(scope="module")
def alone(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """v1 trained for longer, never disturbed."""
    w = copy_of(built, tmp_path_factory.mktemp("alone") / "w")
    longer(w)
    w.run("stages.train", "v1")
    assert "resumed" not in w.said
    return w


@pytest.fixture(scope="module")
def killed(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same, killed with SIGKILL, DVC and stage together, at some point after its second checkpoint."""
    w = copy_of(built, tmp_path_factory.mktemp("killed") / "w")
    longer(w)
    w.repro("check")
    dvc = w.start("dvc", "repro", "--single-item", "train@v1")
    until(lambda: len(checkpoints(w)) >= 2, of=dvc)
    wait = random.random() / 2
    time.sleep(wait)
    kill_group(dvc)
    dvc.communicate()
    assert len(checkpoints(w)) == 2, "it was killed on the way, not after the end"
    print(f"killed {wait:.2f} s after a checkpoint, the last one is {checkpoints(w)[-1].name}")
    return w


@pytest.mark.slow
def test_killed_and_run_again_it_resumes_to_the_same_bytes(killed: Workspace, alone: Workspace, tmp_path: Path) -> None:
    w = copy_of(killed, tmp_path / "w")
    assert not (w.root / "models/v1/lineage.json").exists(), (
        "DVC empties a stage's output; a part of one is never there"
    )
    assert {p.name for p in (w.root / ".state/scratch").iterdir()} == {"models.v1"}
    w.run("dvc", "repro", "--single-item", "train@v1")
    assert re.search(r"v1: resumed at step \d+/", w.said)
    files = {p.name for p in (w.root / "models/v1").iterdir()}
    assert files == {p.name for p in (alone.root / "models/v1").iterdir()}
    for name in sorted(files):
        assert sha256(w.root / "models/v1" / name) == sha256(alone.root / "models/v1" / name), name
    assert not list((w.root / ".state/scratch").iterdir())
    assert not checkpoints(w), "a finished training leaves no checkpoints"


@pytest.mark.slow
def test_killed_while_saving_the_checkpoint_before_counts(killed: Workspace, alone: Workspace, tmp_path: Path) -> None:
    """A checkpoint without its mark was cut short: it is thrown away, whatever it holds."""
    w = copy_of(killed, tmp_path / "w")
    *_, before, last = checkpoints(w)
    (last / "complete").unlink()
    (last / "trainer_state.json").write_text('{"global_step": ', encoding="utf-8")
    for newer in last.parent.glob("checkpoint-*"):  # one that was begun after it
        if int(newer.name.rpartition("-")[2]) > int(last.name.rpartition("-")[2]):
            shutil.rmtree(newer)
    w.run("stages.train", "v1")
    assert f"v1: resumed at step {before.name.rpartition('-')[2]}/" in w.said
    assert w.adapter("v1") == alone.adapter("v1")
    assert sha256(w.root / "models/v1") == sha256(alone.root / "models/v1")


@pytest.mark.slow
def test_other_settings_never_resume(killed: Workspace, tmp_path: Path) -> None:
    """What a killed run left belongs to its fingerprint: with another learning rate, training begins at the start."""
    w = copy_of(killed, tmp_path / "w")
    tree = w.params
    tree["versions"]["v1"]["train"]["lr_scale"] = 0.5
    tree["profiles"]["cpu"]["budget"]["tokens"] = 2_000
    w.params = tree
    w.run("stages.train", "v1")
    assert "resumed" not in w.said


def test_the_process_group_is_killed_whole(tmp_path: Path) -> None:
    """What these tests stand on: no child outlives `kill_group`."""
    w = Workspace(tmp_path)
    (tmp_path / "nap.py").write_text(
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
        "open('pid', 'w').write(str(child.pid))\n"
        "child.wait()\n",
        encoding="utf-8",
    )
    process = w.start("nap")
    pid = until(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text(), of=process)
    kill_group(process)
    process.communicate()
    until(lambda: subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True).stdout.strip() in (b"", b"Z"))
