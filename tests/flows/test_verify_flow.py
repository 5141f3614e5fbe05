"""How the outputs of a clone are compared with those here."""

from pathlib import Path

import pytest

from flows.scratch_clone import Clone
from flows.verify_flow import compare, told


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
    found = compare(here, there, {"train@v2"})
    assert [one.verdict for one in found] == ["same bytes", "**differs**, stale here", "**not built here**"]
    title, text = told(found, clone, 90)
    assert title == "1 of 3 outputs have the same bytes"
    assert "Commit `ffffffffffff`, built from nothing in 1.5 minutes." in text
    assert text.index("| train@v2 | models/v2 | v2-once | v2-anew |") < text.index("| train@v1 |")
    assert "Different in `models/v2`: adapter\n" in text
