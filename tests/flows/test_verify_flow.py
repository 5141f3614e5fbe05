"""How the outputs of a clone are compared with those here."""

from pathlib import Path

import pytest

from flows.scratch_clone import Clone
from flows.verify_flow import compare, told
from lineage.artifacts.not_built import NotBuilt, write_not_built
from lineage.planning.dvc_graph import DvcView, Lock


def view(lock: Lock, **status: dict[str, str]) -> DvcView:
    """A workspace with this lock; status: of stages, by the version, what DVC says of their outputs."""
    return DvcView({}, {f"train@{name}": [{"changed outs": outs}] for name, outs in status.items()}, {}, Path(), lock)


def test_what_differs_comes_first_with_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clone = Clone(tmp_path / "there", tmp_path / "there", "f" * 40)
    for root, weights in ((Path(), "one"), (clone.workspace, "two")):
        (root / "models/v2").mkdir(parents=True)
        (root / "models/v2/adapter").write_text(weights, encoding="utf-8")
        (root / "models/v2/card").touch()
    there = {
        f"train@{name}": {"outs": [{"path": f"models/{name}", "md5": f"{name}-anew"}]} for name in ("v1", "v2", "v3")
    }
    here = {name: there[name] for name in ("train@v1",)}
    here["train@v2"] = {"outs": [{"path": "models/v2", "md5": "v2-once"}]}
    there["publish"] = {"outs": [{"path": "receipt", "md5": "other"}]}
    found = compare(view(here, v2={}), there, clone.workspace)
    assert [one.verdict for one in found] == ["same bytes", "**differs**, stale here", "**not built here**"]
    title, text = told(found, clone, 90)
    assert title == "1 of 3 outputs have the same bytes"
    assert "Commit `ffffffffffff`, built from nothing in 1.5 minutes." in text
    assert text.index("| train@v2 | models/v2 | v2-once | v2-anew |") < text.index("| train@v1 |")
    assert "Different in `models/v2`: adapter\n" in text


def test_what_proves_nothing_is_not_counted_as_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clone = Clone(tmp_path / "there", tmp_path / "there", "f" * 40)
    lock = {f"train@{name}": {"outs": [{"path": f"models/{name}", "md5": name}]} for name in ("v1", "v2", "v3")}
    for root in (Path(), clone.workspace):
        (root / "models/v1").mkdir(parents=True)
        (root / "models/v1/adapter").write_text("by hand" if root == Path() else "trained", encoding="utf-8")
        write_not_built(root / "models/v3", NotBuilt(version="v3"))
    found = compare(view(lock, v1={"models/v1": "modified"}, v2={"models/v2": "deleted"}), lock, clone.workspace)
    assert [one.verdict for one in found] == [
        "**changed here** since it was made",
        "same bytes",
        "not built, here and there",
    ]
    title, text = told(found, clone, 90)
    assert title == "1 of 2 outputs have the same bytes; 1 cannot be built, here as there"
    assert "Different in `models/v1`: adapter\n" in text
