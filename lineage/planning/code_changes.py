"""Whether a changed file of code differs in more than words: comments, docstrings, layout.

`dvc.lock` has the hash of what a stage ran with; the text behind it is looked for in the commits of this repository.
Where only words differ, no result can, and `dvc commit -f` says so to DVC instead of a rebuild.
"""

import hashlib
import subprocess
from functools import cache
from pathlib import Path

from lineage.core.code_identity import same_code

COMMITS = 30  # that changed a path, newest first, in which its old state is looked for


def differs(path: str, how: str, old_md5: str) -> tuple[str, bool]:
    """What to say of a file that was `changed`, `added` or `removed`, and whether only words differ.

    Args:
        path: of any file; what is no Python is never only words.
        old_md5: of the text that the lock speaks of; empty for a file that was added.
    """
    if not path.endswith(".py"):
        return how, False
    old = "" if how == "added" else committed_text(path, old_md5)
    if old is None:
        return f"{how} (git does not know its old text)", False
    new = "" if how == "removed" else Path(path).read_text(encoding="utf-8")
    return (f"{how}, in words only", True) if _only_words(old, new) else (how, False)


def _only_words(old: str, new: str) -> bool:
    try:
        return same_code(old, new)
    except SyntaxError:
        return False


def committed_text(path: str, md5: str) -> str | None:
    """The text with this hash that a commit has at this path; None if no recent one has."""
    for commit in commits_of(path):
        blob = git("rev-parse", "--quiet", "--verify", f"{commit}:./{path}").decode().strip()
        if blob and blob_md5(blob) == md5:
            return git("cat-file", "blob", blob).decode("utf-8")
    return None


def commits_of(path: str) -> list[str]:
    """The commits that changed a file or a folder, newest first."""
    return git("log", f"-{COMMITS}", "--format=%H", "--", path).decode().split()


@cache
def blob_md5(blob: str) -> str:
    """The MD5 by which DVC knows an object of git."""
    return hashlib.md5(git("cat-file", "blob", blob), usedforsecurity=False).hexdigest()


def git(*arguments: str) -> bytes:
    """What git says; nothing outside a repository."""
    return subprocess.run(["git", *arguments], capture_output=True, check=False).stdout
