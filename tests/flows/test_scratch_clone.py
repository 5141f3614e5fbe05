"""What a clone for a verification or an experiment leaves and takes."""

import subprocess
from pathlib import Path

import pytest

from flows.scratch_clone import clone_head, share_cache


def test_dvc_does_nothing_in_the_background_of_a_clone(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(workspace / "nothing"))
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "all"], check=True)
    clone = clone_head(Path(".state/verify/workspace"))
    share_cache(clone)
    assert {"core.analytics=false", "core.check_update=false"} <= set(clone.dvc("config", "--list").split())
    clone.remove()
    assert not clone.folder.exists()
