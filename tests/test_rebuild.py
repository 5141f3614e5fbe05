"""Rebuilding goes wrong in ways that people understand: mistakes in the tree, tampering, a stage left behind.

pytest -m slow tests/test_rebuild.py
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workspace import Workspace, built_once, copy_of, kill_group, until

TRAIN = ("train@v1", "train@v2", "train@v3")


@pytest.fixture
def w(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workspace:
    return copy_of(built_once(tmp_path_factory.getbasetemp()), tmp_path / "w")


def edit(w: Workspace, change: Callable[[dict[str, Any]], Any]) -> None:
    tree = w.params
    change(tree)
    w.params = tree


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "parent", "said", "dvc_says"),
    [
        ("v3", "v9", "versions.v3.parent: unknown version 'v9'; allowed: base, v1, v2, v3", "models/v9"),
        ("v1", "v2", "a cycle, v1 → v2 → v1", "cycle|itself|dependency"),
    ],
)
def test_a_mistake_in_the_tree_stops_before_anything_is_trained(
    w: Workspace, version: str, parent: str, said: str, dvc_says: str
) -> None:
    before = {v: w.adapter(v) for v in ("v1", "v2", "v3")}
    edit(w, lambda tree: tree["versions"][version].update(parent=parent))
    ran = w.repro(*TRAIN, fails=True)
    assert ran <= {"check"}
    if ran:
        assert said in w.said
        assert "Traceback" not in w.said
    else:  # DVC reads the graph first, and has words of its own for a circle
        assert any(word in w.said for word in dvc_says.split("|"))
    assert said in w.run("lineage.cli.main", "check", fails=True)
    assert "Traceback" not in w.said
    assert {v: w.adapter(v) for v in before} == before


@pytest.mark.slow
def test_another_parent_retrains_the_version_and_its_descendants_only(w: Workspace) -> None:
    before = {v: w.adapter(v) for v in ("v1", "v2", "v3")}
    edit(w, lambda tree: tree["versions"]["v3"].update(parent="v2"))
    assert {stage for stage in w.repro(*TRAIN) if not stage.startswith(("check", "mix@"))} == {"train@v3"}
    record = w.json("models/v3/lineage.json")
    assert (record["parent"], record["parent_adapter"]) == ("v2", before["v2"])
    assert {v: w.adapter(v) for v in ("v1", "v2")} == {v: before[v] for v in ("v1", "v2")}
    assert w.adapter("v3") != before["v3"]
    edit(w, lambda tree: tree["versions"]["v3"].update(parent="v1"))
    assert not {stage for stage in w.repro(*TRAIN) if stage.startswith("train@")}
    assert w.adapter("v3") == before["v3"], "the first v3 came back from the cache"


@pytest.mark.slow
def test_a_renamed_version_and_its_children_keep_their_adapters(w: Workspace) -> None:
    """Nothing is trained and no set is asked again; with another rate, the renamed version and its children are."""
    before = {v: w.adapter(v) for v in ("v1", "v2", "v3")}

    def rename(tree: dict[str, Any]) -> None:
        tree["versions"] = {
            {"v1": "first"}.get(name, name): spec | {"parent": "first" if spec["parent"] == "v1" else spec["parent"]}
            for name, spec in tree["versions"].items()
        }

    edit(w, rename)
    ran = w.repro("train@v2", "train@v3", "evaluate@first", KRX_TRAIN_AGAIN="0")
    assert ran >= {"mix@first", "train@first", "train@v2", "train@v3", "evaluate@first"}
    assert "first: the adapter of v1 is taken up, nothing was trained: same mix, parent, base, settings" in w.said
    assert all(f"{v}: its finished adapter is taken up, nothing was trained" in w.said for v in ("v2", "v3"))
    assert "continues" not in w.said and "asking" not in w.said
    assert {"v1": w.adapter("first"), "v2": w.adapter("v2"), "v3": w.adapter("v3")} == before
    assert w.json("models/v2/lineage.json")["parent"] == "first"
    assert w.repro("train@v2", "train@v3", "evaluate@first", KRX_TRAIN_AGAIN="0") == set()

    edit(w, lambda tree: tree["versions"]["first"]["train"].update(lr_scale=0.5))
    w.repro("train@v2", KRX_TRAIN_AGAIN="0")
    assert "first: continues base" in w.said and "v2: continues first" in w.said and "taken up" not in w.said
    assert w.adapter("first") != before["v1"] and w.adapter("v2") != before["v2"]


@pytest.mark.slow
def test_a_stage_that_is_stale_for_words_alone_takes_up_its_adapter(w: Workspace) -> None:
    """Also with `--force`; who wants to see it trained says so, and gets the same bytes."""
    before = w.adapter("v2")
    file = w.root / "lineage/training/sft.py"
    file.write_text(file.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    assert w.repro("--single-item", "train@v2", KRX_TRAIN_AGAIN="0") == {"train@v2"}
    assert "v2: its finished adapter is taken up, nothing was trained" in w.said
    assert w.adapter("v2") == before
    w.repro("--single-item", "--force", "train@v2", KRX_TRAIN_AGAIN="0")
    assert "v2: continues v1" in w.said and w.adapter("v2") == before
    file.write_text(file.read_text(encoding="utf-8") + "\nREMARK = 1\n", encoding="utf-8")
    w.repro("--single-item", "train@v2", KRX_TRAIN_AGAIN="0")
    assert "but it was trained by other code" in w.said and "v2: continues v1" in w.said


@pytest.mark.slow
def test_a_parent_that_was_changed_by_hand_is_refused(w: Workspace) -> None:
    file = w.root / "models/v1/adapter_model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    said = w.run("stages.train", "v2", fails=True)
    assert "models/v1/adapter_model.safetensors: its SHA-256 is" in said
    assert "dvc repro -f train@v1" in said
    assert "Traceback" not in said
    assert (w.root / "models/v2/lineage.json").is_file(), "the version that was there is still there"
    # DVC sees the same by itself, and brings the true v1 back before it goes on.
    assert "train@v2" not in w.repro("train@v2")
    assert file.read_bytes() != bytes(content)


@pytest.mark.slow
def test_a_stage_that_outlives_dvc_keeps_the_next_one_out(w: Workspace) -> None:
    """`kill -9` of dvc alone leaves its stage running: the workspace has one writer, and the second is told which."""
    edit(w, lambda tree: tree["profiles"]["cpu"]["budget"].update(tokens=5_000_000))
    w.repro("check")
    dvc = w.start("dvc", "repro", "--single-item", "train@v1")
    try:
        until(lambda: list((w.root / ".state/checkpoints").glob("*/checkpoint-*/complete")), of=dvc)
        os.kill(dvc.pid, signal.SIGKILL)
        until(lambda: dvc.poll() is not None)
        holder = w.json(".state/writer.lock")
        os.kill(holder["pid"], 0)  # it is alive
        assert holder["who"] == "python -m stages.train v1"
        said = w.run("stages.ingest", "questions", fails=True)
        assert f"another stage is writing here: python -m stages.train v1 (process {holder['pid']})" in said
        assert f"kill {holder['pid']}" in said
        assert "python -m stages.train v1" in w.run("dvc", "repro", "--force", "ingest@questions", fails=True)
        os.kill(holder["pid"], signal.SIGTERM)
        until(lambda: not Path(f"/proc/{holder['pid']}").exists() or not alive(holder["pid"]))
    finally:
        kill_group(dvc)
    edit(w, lambda tree: tree["profiles"]["cpu"]["budget"].update(tokens=6000))
    w.repro("train@v1")
    assert w.adapter("v1")


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
