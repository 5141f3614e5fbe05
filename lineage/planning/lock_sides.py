"""The two sides of a merge and what both began with, as `lineage merge` names them: files, folders, commits."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from lineage.core.errors import LineageError
from lineage.core.paths import DVC_LOCK
from lineage.planning.lock_merge import LockSide
from lineage.planning.lock_text import LockText


@dataclass(frozen=True, slots=True)
class Sides:
    """Both locks; base: None where nobody knows what they began with, so that nothing may differ."""

    ours: LockSide
    theirs: LockSide
    base: LockText | None


def sides_of(other: str, into: Path, base: str | None) -> Sides:
    """Read the locks of a merge.

    Args:
        other: a lock, a folder that holds one, or a commit or branch of this repository.
        into: the lock that is merged into.
        base: the same as `other`, for what both began with; None: the commit that both sides stem from is looked for.

    Raises:
        LineageError: something is neither a file nor a commit, or no lock.
    """
    file = _file(other)
    theirs = _from_file(file) if file else _of_commit(other)
    if base is not None:
        begun = _file(base)
        known: LockText | None = (_from_file(begun) if begun else _of_commit(base)).lock
    else:
        theirs_head = _git("rev-parse", "HEAD", within=file.parent) if file else other
        common = _git("merge-base", "HEAD", theirs_head) if theirs_head else ""
        known = _of_commit(common).lock if common else None
    ours = LockSide(str(into), LockText.of(into.read_text(encoding="utf-8") if into.is_file() else "", str(into)))
    return Sides(ours, theirs, known)


def _file(named: str) -> Path | None:
    """The file that is meant, also an empty one; None: it is for git to know."""
    place = Path(named)
    if place.is_dir():
        place /= DVC_LOCK
        if not place.is_file():
            raise LineageError(f"{place} is not there")
    return place if place.is_file() else None


def _from_file(file: Path) -> LockSide:
    return LockSide(str(file), LockText.of(file.read_text(encoding="utf-8"), str(file)))


def _of_commit(named: str) -> LockSide:
    """The lock of a commit; empty, where that commit has none."""
    commit = _git("rev-parse", "--verify", "--quiet", f"{named}^{{commit}}")
    if not commit:
        raise LineageError(f"{named} is neither a file nor a commit of this repository; `git fetch` it first")
    held = _git("ls-tree", "--name-only", commit, f"./{DVC_LOCK}")
    text = _git("show", f"{commit}:./{DVC_LOCK}", strip=False) if held else ""
    called = f"{DVC_LOCK} of {named[:12] if named == commit else named}"
    return LockSide(called, LockText.of(text, called))


def _git(*arguments: str, within: Path = Path(), strip: bool = True) -> str:
    """What git says; nothing, if it refuses."""
    command = ["git", "-C", str(within), *arguments]
    said = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False).stdout
    return said.strip() if strip else said
