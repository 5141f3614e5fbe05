"""The workspace in which versions are trained that the real one does not have."""

import subprocess
import sys
from pathlib import Path

import pytest

from lineage.bisect import scratch_workspace
from lineage.bisect.scratch_workspace import ScratchWorkspace
from lineage.config.load import load_curriculum, read_tree
from tests.workspace import ROOT


def test_its_cache_goes_with_it_also_where_everybody_shares_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(tmp_path / "settings"))
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings/config").write_text(f"[cache]\n    dir = {tmp_path / 'shared'}\n", encoding="utf-8")
    monkeypatch.setattr(scratch_workspace, "CODE", ())
    scratch = ScratchWorkspace(load_curriculum(ROOT / "params.yaml"), tmp_path / "scratch")
    scratch.copy([], read_tree(ROOT / "params.yaml"))
    asked = [sys.executable, "-m", "dvc", "cache", "dir"]
    said = subprocess.run(asked, cwd=scratch.root, capture_output=True, text=True, check=True).stdout
    assert Path(said.strip()) == scratch.root / ".dvc/cache"
