"""A workspace with the project's curriculum and a graph of shell commands, so that stages take no time."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRAPH = """\
stages:
  check: {cmd: mkdir -p out && echo checked > out/check, deps: [input.txt], outs: [out/check]}
  train:
    foreach: {v1: {parent: check}, v2: {parent: train_v1}, v3: {parent: train_v1}}
    do:
      cmd: echo training ${key} && cat input.txt > out/train_${key}
      deps: ["out/${item.parent}", "input.txt"]
      outs: ["out/train_${key}"]
  report:
    cmd: cat out/train_* > out/report
    deps: [out/train_v1, out/train_v2, out/train_v3]
    outs: [out/report]
  slow: {cmd: "sh -c 'echo $$ > slow.pid && exec sleep 300'", outs: [out/slow]}
  deaf: {cmd: "sh -c 'trap \\"\\" TERM; echo $$ > slow.pid; while true; do sleep 1; done'", outs: [out/deaf]}
  stopped:
    cmd: "sh -c 'mkdir -p out; test -f begun && echo went on > out/stopped && exit;
      touch begun; echo ✗ v1: stopped at step 3/9; exit 75'"
    outs: [out/stopped]
  killed: {cmd: "sh -c 'kill -KILL $$'", outs: [out/killed]}
  ended: {cmd: "sh -c 'kill -TERM $$'", outs: [out/ended]}
  refused: {cmd: "printf '\\\\n✗ data/x: no such column; rename it\\\\n\\\\n' >&2 && exit 1", outs: [out/refused]}
"""


@pytest.fixture(scope="session")
def empty_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workspace")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=root, check=True)
    shutil.copy(ROOT / "params.yaml", root)
    (root / "dvc.yaml").write_text(GRAPH, encoding="utf-8")
    (root / "input.txt").write_text("one\n", encoding="utf-8")
    return root


@pytest.fixture
def workspace(empty_workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    shutil.copytree(empty_workspace, root, symlinks=True)
    monkeypatch.chdir(root)
    return root
