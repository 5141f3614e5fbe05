import os
import shutil
import sys
from pathlib import Path

import pytest

from lineage.core.code_identity import ROOT
from tests.lineage.cli.words import refused, said
from tests.workspace import git

GRAPH = """\
stages:
  train:
    foreach: [v1, v2, v3]
    do:
      cmd: make ${item}
      deps: [code.py]
      outs: ["out/${item}"]
"""


def lock(**made: str) -> str:
    """A lock of these versions, by the hash of each."""
    text = "schema: '2.0'\nstages:\n"
    for version, md5 in made.items():
        text += f"  train@{version}:\n    cmd: make {version}\n    deps:\n"
        text += "    - path: code.py\n      hash: md5\n      md5: c0de\n"
        text += f"    outs:\n    - path: out/{version}\n      hash: md5\n      md5: {md5}\n"
    return text


@pytest.fixture
def clones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two clones of one repository, `here` (where this works) and `there`, both with v1 made."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    here = tmp_path / "here"
    here.mkdir()
    git(here, "init", "--quiet", "--initial-branch", "main")
    for name, text in (
        ("dvc.yaml", GRAPH),
        ("params.yaml", "a: 1\n"),
        ("dvc.lock", lock(v1="1")),
        (".gitignore", ".state\n"),
    ):
        (here / name).write_text(text, encoding="utf-8")
    git(here, "add", "--all")
    git(here, "commit", "--quiet", "--message", "v1")
    git(tmp_path, "clone", "--quiet", "here", "there")
    monkeypatch.chdir(here)
    return tmp_path


def test_what_two_clones_made_offline_is_merged_from_either_side(clones: Path, capsys) -> None:
    here, there = clones / "here/dvc.lock", clones / "there/dvc.lock"
    here.write_text(lock(v1="1", v3="3"), encoding="utf-8")
    there.write_text(lock(v1="11", v2="2"), encoding="utf-8")
    assert "taken from ../there/dvc.lock: train@v1, train@v2" in said(capsys, "merge", "../there")
    assert here.read_text() == lock(v1="11", v2="2", v3="3")
    os.chdir(there.parent)
    said(capsys, "merge", str(here))
    assert there.read_text() == here.read_text()
    assert "nothing" in said(capsys, "merge", str(here))


def test_a_conflict_changes_nothing_and_names_both_sides(clones: Path, capsys) -> None:
    (clones / "there/dvc.lock").write_text(lock(v1="b"), encoding="utf-8")
    git(clones / "there", "commit", "--quiet", "--all", "--message", "v1 anew")
    git(clones / "here", "fetch", "--quiet", "../there", "main:other")
    Path("dvc.lock").write_text(lock(v1="a"), encoding="utf-8")
    why = refused("merge", "other")
    assert "train@v1: made out/v1: a in dvc.lock, b in dvc.lock of other" in why
    assert Path("dvc.lock").read_text() == lock(v1="a")
    assert "to be made again: train@v1" in said(capsys, "merge", "other", "--again", "train@v1")
    assert Path("dvc.lock").read_text() == lock(v1="1")


def test_a_lock_of_another_graph_and_what_is_no_lock_are_refused(clones: Path, capsys) -> None:
    (clones / "there/dvc.lock").write_text(lock(v1="1", v4="4"), encoding="utf-8")
    assert "train@v4: no such stage" in refused("merge", "../there")
    assert "neither a file nor a commit" in refused("merge", "no-such-branch")
    assert Path("dvc.lock").read_text() == lock(v1="1")


def test_git_merges_the_lock_by_it(clones: Path) -> None:
    here, there = clones / "here", clones / "there"
    driver = f"{sys.executable} -m lineage.cli merge --base %O --into %A %B"
    git(here, "config", "merge.dvc-lock.driver", driver)
    shutil.copy(ROOT / ".gitattributes", here / ".git/info/attributes")
    (there / "dvc.lock").write_text(lock(v1="1", v2="2"), encoding="utf-8")
    (here / "dvc.lock").write_text(lock(v1="1", v3="3"), encoding="utf-8")
    for clone in (here, there):
        git(clone, "commit", "--quiet", "--all", "--message", "trained")
    git(here, "fetch", "--quiet", "../there", "main:other")
    git(here, "merge", "--quiet", "other", "--message", "both")
    assert (here / "dvc.lock").read_text() == lock(v1="1", v2="2", v3="3")
