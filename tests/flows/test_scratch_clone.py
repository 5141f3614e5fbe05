"""What a clone for a verification or an experiment leaves and takes."""

import subprocess
from pathlib import Path

import pytest

from flows.scratch_clone import cache_folder, clone_head, share_cache
from flows.verify_flow import empty_clone


def commit() -> None:
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "all"], check=True)


def test_dvc_does_nothing_in_the_background_of_a_clone(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(workspace / "nothing"))
    commit()
    clone = clone_head(Path(".state/verify/workspace"))
    share_cache(clone)
    assert {"core.analytics=false", "core.check_update=false"} <= set(clone.dvc("config", "--list").split())
    clone.remove()
    assert not clone.folder.exists()


@pytest.mark.parametrize("place", ["of the commit", "of who works here"])
def test_a_clone_computes_anew_also_where_the_cache_is_shared(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """In a shared cache lies the run cache of all who use it, out of which DVC would take the results."""
    shared = f"[cache]\n    dir = {workspace / 'shared'}\n"
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(workspace / "settings"))
    file = Path(".dvc/config") if place == "of the commit" else Path("settings/config")
    file.parent.mkdir(exist_ok=True)
    file.write_text(shared, encoding="utf-8")
    commit()
    assert cache_folder() == workspace / "shared"
    clone = empty_clone(Path(".state/verify/workspace"))
    assert Path(clone.dvc("cache", "dir").strip()) == clone.folder / ".dvc/cache"
    share_cache(clone)
    assert Path(clone.dvc("cache", "dir").strip()) == workspace / "shared"
