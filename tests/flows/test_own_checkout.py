import os
from pathlib import Path

import pytest

from flows.own_checkout import WrongCode, bring, commit_of, must_be_at, own_checkout
from lineage.core.errors import LineageError
from tests.workspace import git


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(tmp_path)
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch", "main")
    commit(origin, "code.py", "one\n")
    return origin


def commit(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    (folder / ".gitignore").write_text(".state\n", encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD").strip()


def test_a_worker_clones_once_and_is_brought_to_each_commit(origin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = commit_of(origin)
    monkeypatch.setenv("KRX_WORKSPACE", str(origin.parent / "w1"))
    monkeypatch.setenv("KRX_REPOSITORY", str(origin))
    monkeypatch.setenv("KRX_COMMIT", first)
    assert own_checkout() == {"directory": str(origin.parent / "w1")}
    must_be_at(first)
    Path("dvc.lock").write_text("of an order\n", encoding="utf-8")
    second = commit(origin, "code.py", "two\n")
    with pytest.raises(WrongCode, match=f"is of commit {first[:12]}, the run's is {second[:12]}"):
        must_be_at(second)
    monkeypatch.setenv("KRX_COMMIT", second)
    own_checkout()
    must_be_at(second)
    assert Path("code.py").read_text() == "two\n"


def test_changed_code_is_refused_and_a_killed_checkout_is_done_again(origin: Path, monkeypatch) -> None:
    monkeypatch.setenv("KRX_REPOSITORY", str(origin))
    first, w1 = commit_of(origin), origin.parent / "w1"
    bring(w1, first)
    (w1 / "code.py").write_text("edited\n", encoding="utf-8")
    (w1 / "new.py").write_text("new\n", encoding="utf-8")
    for refused in (lambda: bring(w1, first), lambda: must_be_at(first, w1)):
        with pytest.raises(WrongCode, match=r"differ from its commit: code\.py, new\.py"):
            refused()
    (w1 / "new.py").unlink()
    (w1 / ".git/krx-checkout").touch()  # as a git that was killed among its files leaves it
    (w1 / ".git/index.lock").touch()
    bring(w1, first)
    must_be_at(first, w1)


def test_a_folder_of_ones_own_and_a_commit_that_was_not_pushed_are_refused(origin: Path, monkeypatch) -> None:
    with pytest.raises(LineageError, match="set KRX_REPOSITORY"):
        bring(origin.parent / "w1", commit_of(origin))
    monkeypatch.setenv("KRX_REPOSITORY", str(origin))
    with pytest.raises(LineageError, match="is not a checkout of a worker"):
        bring(origin, commit_of(origin))
    bring(origin.parent / "w1", commit_of(origin))
    with pytest.raises(LineageError, match=r"commit 0000.* is not in .*origin: git push it"):
        bring(origin.parent / "w1", "0" * 40)
    (origin / "code.py").write_text("not committed\n", encoding="utf-8")
    with pytest.raises(LineageError, match=r"are in none: code\.py"):
        commit_of(origin)
