"""A clone of the present commit in a folder below `.state`, for what is to leave this workspace as it is.

    verify       .state/verify/workspace          a cache of its own: everything is computed anew
    experiment   .state/experiments/<name>        the workspace's cache: what is the same is not computed again

Raw files of one's own and adopted adapters, which no stage makes, come from this workspace's DVC cache.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.paths import DVC_LOCK, STATE
from lineage.planning.dvc_graph import DVC, complaint, environment

# DVC's questions to its own servers go on in the background, in a folder that may be gone by then.
ASKS_NOBODY = "[core]\n    analytics = false\n    check_update = false\n"
# Beside these settings. The commit, or whoever works here, may name a cache that is shared: from its run cache DVC
# would restore what was made elsewhere, and compute nothing anew.
OWN_CACHE = "[cache]\n    dir = cache\n"


@dataclass(frozen=True, slots=True)
class Clone:
    """folder: where it lies. workspace: the folder in it that holds `params.yaml`. commit: what was cloned."""

    folder: Path
    workspace: Path
    commit: str

    def git(self, *arguments: str) -> str:
        """What git prints there."""
        return git(*arguments, folder=self.workspace)

    def dvc(self, *arguments: str) -> str:
        """What DVC prints there.

        Raises:
            LineageError: with DVC's own words, if it fails.
        """
        return _ran([*DVC, *arguments], self.workspace)

    def remove(self) -> None:
        """Take it away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def clone_head(folder: Path) -> Clone:
    """Clone the present commit into a folder, in place of what lay there but for its `.state`, to go on from.

    Raises:
        LineageError: there is no commit, or git fails.
    """
    top, inside = git("rev-parse", "--show-toplevel").strip(), git("rev-parse", "--show-prefix").strip()
    commit = git("rev-parse", "--verify", "HEAD", remedy="commit params.yaml, dvc.yaml and dvc.lock first").strip()
    folder = folder.absolute()
    kept, state = folder.with_name(f"{folder.name}.state"), folder / inside / STATE
    if state.is_dir():
        shutil.rmtree(kept, ignore_errors=True)
        state.rename(kept)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    git("clone", "--quiet", "--no-checkout", top, str(folder))
    made = Clone(folder, folder / inside, commit)
    git("checkout", "--quiet", "--detach", commit, folder=folder)
    _configure(made, ASKS_NOBODY + OWN_CACHE)
    if kept.is_dir():
        kept.rename(state)
    _link_base(made.workspace)
    return made


def uncommitted() -> list[str]:
    """Files that git tracks and that differ from the present commit, from the top of the repository."""
    return sorted(git("diff", "--name-only", "HEAD").split("\n")[:-1])


def apply_uncommitted(to: Clone) -> None:
    """Bring what is not committed here, of the files that git tracks, into a clone; and the lock in any case.

    Raises:
        LineageError: git refuses it.
    """
    if change := git("diff", "--binary", "HEAD"):
        done = subprocess.run(["git", "apply", "-"], input=change, text=True, capture_output=True, cwd=to.folder)
        if done.returncode:
            raise LineageError(f"what is not committed here cannot be taken over: {done.stderr.strip()}; commit it")
    if DVC_LOCK.is_file():
        shutil.copy(DVC_LOCK, to.workspace)


def cache_folder() -> Path:
    """Where this workspace's DVC cache lies."""
    return Path(_ran([*DVC, "cache", "dir"], Path()).strip()).absolute()


def share_cache(to: Clone) -> None:
    """Let a clone use this workspace's cache, and check out what its lock names."""
    _configure(to, f"{ASKS_NOBODY}[cache]\n    dir = {cache_folder()}\n")
    to.dvc("checkout", "--quiet", "--allow-missing")


def take_inputs(to: Clone) -> None:
    """Fetch what no stage makes, the `.dvc` files' data, from this workspace's cache, and nothing else of it."""
    tracked = [name for name in to.git("ls-files", "*.dvc").splitlines() if not name.startswith(".dvc/")]
    if tracked:
        inputs = f"{ASKS_NOBODY}    remote = inputs\n['remote \"inputs\"']\n    url = {cache_folder()}\n"
        _configure(to, inputs + OWN_CACHE)
        to.dvc("pull", "--quiet", *tracked)
        _configure(to, ASKS_NOBODY + OWN_CACHE)


def _configure(clone: Clone, text: str) -> None:
    (clone.workspace / ".dvc" / "config.local").write_text(text, encoding="utf-8")


def git(*arguments: str, folder: Path = Path(), remedy: str = "") -> str:
    """What git prints.

    Raises:
        LineageError: with git's own words, if it fails.
    """
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise LineageError(f"git {' '.join(arguments)}: {done.stderr.strip()}" + (f"; {remedy}" if remedy else ""))
    return done.stdout


def _ran(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment())
    if done.returncode:
        said = complaint((done.stderr or done.stdout).splitlines())
        raise LineageError(f"`{' '.join(command[1:])}` in {folder}: {said}")
    return done.stdout


def _link_base(workspace: Path) -> None:
    """A base that params.yaml names by a path of this workspace lies there for the clone too."""
    given = load_curriculum().active.base.path
    if given and not Path(given).is_absolute():
        link = workspace / given
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(Path(given).absolute(), target_is_directory=True)
