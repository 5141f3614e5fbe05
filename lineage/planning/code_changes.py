"""Whether a changed file of code differs in more than words: comments, docstrings, layout.

`dvc.lock` has the hash of what a stage ran with; the text behind it is looked for in the commits of this repository.
Where only words differ, no result can, and `dvc commit -f` says so to DVC instead of a rebuild.
"""

import hashlib
import io
import subprocess
from collections.abc import Iterable
from pathlib import Path

from lineage.core.code_identity import same_code

_MD5S: dict[str, str] = {}  # by the name of an object, which is its content's
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
        if blob and blob_md5s([blob]).get(blob) == md5:
            return git("cat-file", "blob", blob).decode("utf-8")
    return None


def commits_of(path: str) -> list[str]:
    """The commits that changed a file or a folder, newest first."""
    return git("log", f"-{COMMITS}", "--format=%H", "--", path).decode().split()


def blob_md5s(blobs: Iterable[str]) -> dict[str, str]:
    """The MD5s by which DVC knows objects of git, asked of git in one process; what git does not have is left out."""
    wanted = list(dict.fromkeys(blobs))
    if asked := [blob for blob in wanted if blob not in _MD5S]:
        said = io.BytesIO(git("cat-file", "--batch", given="".join(f"{blob}\n" for blob in asked)))
        while len(words := said.readline().split()) > 1:
            if words[-1] != b"missing":
                content = said.read(int(words[2]))
                said.readline()
                _MD5S[words[0].decode()] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {blob: _MD5S[blob] for blob in wanted if blob in _MD5S}


def git(*arguments: str, given: str = "") -> bytes:
    """What git says; nothing outside a repository."""
    return subprocess.run(["git", *arguments], input=given.encode(), capture_output=True, check=False).stdout
