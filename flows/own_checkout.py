"""A worker's own checkout: a folder that it alone works in, brought to the commit of the run that it works for.

The pull step of `prefect.yaml`. It reads three variables, the first two of the worker's environment:

    KRX_WORKSPACE    the folder, which need not be there yet: another one on every worker
    KRX_REPOSITORY   where it is cloned from
    KRX_COMMIT       set by the run: the commit whose code makes its stages
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from flows.rebuild_lock import WORKSPACE as REBUILD_LOCK
from lineage.core.errors import LineageError
from lineage.core.paths import DVC_LOCK, STATE

WORKSPACE, REPOSITORY, COMMIT = "KRX_WORKSPACE", "KRX_REPOSITORY", "KRX_COMMIT"
MARK = "krx.worker"  # in the clone's git configuration: nobody's own work lies here
SHOWN = 8


class WrongCode(LineageError):
    """The code of a checkout is not the run's; another worker's may be."""


def own_checkout() -> dict[str, str]:
    """Work in the worker's folder, at the commit of the run if it names one.

    Raises:
        LineageError: the folder is somebody's own, or changed; or the commit is not in the repository.
    """
    try:
        folder = Path(_variable(WORKSPACE, "the folder that this worker works in")).expanduser()
        if commit := os.environ.get(COMMIT, ""):
            bring(folder, commit)
        elif not folder.is_dir():
            raise LineageError(f"{WORKSPACE}: no folder {folder}")
    except LineageError as error:
        if run := os.environ.get("PREFECT__FLOW_RUN_ID", ""):
            _tell(run, str(error))
        raise
    os.chdir(folder)
    return {"directory": str(Path.cwd())}


def _tell(run: str, why: str) -> None:
    """Give the run a state that says why; Prefect's own for a step that fails knows only an exit code."""
    from prefect.client.orchestration import get_client
    from prefect.states import Failed

    failed: Any = Failed(message=why)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(run), failed, force=True)


def bring(folder: Path, commit: str) -> None:
    """Clone the repository where there is no folder, and check the commit out.

    Raises:
        LineageError: as for `own_checkout`.
    """
    if not folder.exists():
        fresh = folder.with_name(f".{folder.name}.new")  # a worker that is killed leaves no half of a clone
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        repository = _variable(REPOSITORY, "where to clone from")
        _git(fresh.parent, "clone", "--quiet", "--no-checkout", "--config", f"{MARK}=true", repository, str(fresh))
        fresh.rename(folder)
    if _git(folder, "config", "--default", "", "--get", MARK) != "true":
        raise LineageError(
            f"{WORKSPACE}={folder} is not a checkout of a worker, and its dvc.lock would be overwritten: name a folder "
            f"that is not there yet, or say that nobody works in it: git -C {folder} config {MARK} true"
        )
    with _alone_in(folder):
        (folder / ".git/index.lock").unlink(missing_ok=True)  # of a git that was killed
        if not _has(folder, commit):
            _git(folder, "fetch", "--quiet", "origin", "+refs/*:refs/remotes/origin/*")
        if not _has(folder, commit):
            where = _git(folder, "config", "--get", "remote.origin.url")
            raise LineageError(f"commit {commit[:12]} of the run is not in {where}: git push it, and run this again")
        begun = folder / ".git/krx-checkout"  # there while files are changed: killed meanwhile, it is done again
        if (folder / ".git/index").exists() and not begun.exists() and (changed := _changed(folder)):
            raise _not_clean(folder, changed)
        if _head(folder) != commit or begun.exists() or not (folder / ".git/index").exists():
            begun.touch()
            _git(folder, "checkout", "--quiet", "--force", "--detach", commit)
            begun.unlink()


def must_be_at(commit: str, folder: Path = Path()) -> None:
    """Refuse a checkout of another commit, or one in which anything but the lock was changed.

    Raises:
        WrongCode: naming both commits, or the files.
    """
    if (head := _head(folder)) != commit:
        raise WrongCode(
            f"the code in {folder.absolute()} is of commit {head[:12] or '(none)'}, the run's is {commit[:12]}: "
            "what it made would not be the run's"
        )
    if changed := _changed(folder):
        raise _not_clean(folder.absolute(), changed)


def commit_of(folder: Path = Path()) -> str:
    """The commit that other machines are to work at: the one here, if nothing but the lock differs from it.

    Raises:
        LineageError: naming what is not committed.
    """
    if not (head := _head(folder)):
        raise LineageError(f"{folder.absolute()} has no commit: other machines work at one")
    if changed := _changed(folder):
        raise LineageError(
            f"other machines work at a commit, and these are in none: {_shown(changed)}. Commit and push them first"
        )
    return head


def committed(path: str, folder: Path = Path()) -> str:
    """The text of a file at the commit here; nothing if it is not in it."""
    said = subprocess.run(["git", "-C", str(folder), "show", f"HEAD:./{path}"], capture_output=True, check=False)
    return said.stdout.decode("utf-8") if said.returncode == 0 else ""


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no run works in the folder, what a killed one left at work included."""
    (folder / STATE).mkdir(exist_ok=True)
    with (folder / STATE / REBUILD_LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _head(folder: Path) -> str:
    asked = ["git", "-C", str(folder), "rev-parse", "--verify", "--quiet", "HEAD^{commit}"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _has(folder: Path, commit: str) -> bool:
    asked = ["git", "-C", str(folder), "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


def _changed(folder: Path) -> list[str]:
    """Files that differ from the commit, or that it does not know; not the lock, which DVC writes."""
    lines = _git(folder, "status", "--porcelain", "--untracked-files=all", strip=False).splitlines()
    return [line[3:] for line in lines if line[3:] != str(DVC_LOCK)]


def _not_clean(folder: Path, changed: list[str]) -> WrongCode:
    return WrongCode(
        f"in {folder} differ from its commit: {_shown(changed)}. See `git -C {folder} status`; what is made from "
        "changed code is nobody's"
    )


def _shown(files: list[str]) -> str:
    return ", ".join([*files[:SHOWN], *([f"… and {len(files) - SHOWN} more"] if len(files) > SHOWN else [])])


def _variable(name: str, what: str) -> str:
    if not (value := os.environ.get(name, "")):
        raise LineageError(f"set {name} in the environment of this worker: {what}")
    return value


def _git(folder: Path, *arguments: str, strip: bool = True) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    if done.returncode and "--get" not in arguments:
        raise LineageError(f"git {' '.join(arguments)} in {folder}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip() if strip else done.stdout
