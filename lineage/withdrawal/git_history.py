"""What git remembers: which files a source ever consisted of, and whether text of a subject was ever committed.

DVC keeps raw files outside of git, and git only `data/raw/own/<source>.dvc`, which names them by a hash. All commits of
it are read, on any branch or stash: an earlier version of a raw file lies in DVC's cache under the hash of then.
"""

import hashlib
import json
import re
import subprocess
from collections.abc import Container, Iterator
from pathlib import Path

import yaml

NAMES_ONLY = (
    "params.yaml",
    "dvc.lock",
    "promotions.yaml",
    "withdrawals.jsonl",
    ".dvc",
    ".gitignore",
)  # hold hashes and names, no rows


def once_tracked(folder: Path, *, now: bool) -> dict[str, str]:
    """Every MD5 that `dvc add` ever gave to a raw folder, or gives it `now`: MD5 → which part of it is the folder's.

    The part is "" for all of it, or the beginning of a path, where a folder above was added as a whole. A file inside
    that was added alone counts too.
    """
    above = [place.with_name(f"{place.name}.dvc") for place in (folder, *folder.parents) if place.name]
    inside = folder.rglob("*.dvc") if folder.is_dir() else ()
    here = [(file, file.read_bytes()) for file in (*above, *inside) if file.is_file()]
    before = () if now else _committed_files(*(file.as_posix() for file in above), f"{folder.as_posix()}/")
    found: dict[str, str] = {}
    for file, content in [*here, *before]:
        for out in _outs(content) if file.suffix == ".dvc" else ():
            lies = file.parent / str(out.get("path", ""))
            if lies == folder or folder in lies.parents:
                found[str(out["md5"])] = ""
            elif lies in folder.parents:
                found.setdefault(str(out["md5"]), f"{folder.relative_to(lies).as_posix()}/")
    return found


def committed(marks: re.Pattern[bytes], hashes: Container[str]) -> list[str]:
    """Paths of files of any commit that hold a row with any of the marks, or whose MD5 or SHA-256 is one of the hashes.

    A page or a test that quotes a row holds none: a row is a line of JSON.
    """
    found = set()
    for file, content in _committed_files():
        if file.name not in NAMES_ONLY and file.suffix not in NAMES_ONLY:
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            if md5 in hashes or hashlib.sha256(content).hexdigest() in hashes or _has_row(content, marks):
                found.add(file.as_posix())
    return sorted(found)


def _has_row(content: bytes, marks: re.Pattern[bytes]) -> bool:
    return bool(marks.search(content)) and any(_is_object(n) for n in content.splitlines() if marks.search(n))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _outs(content: bytes) -> Iterator[dict[str, object]]:
    try:
        said = yaml.safe_load(content)
    except yaml.YAMLError:
        return
    outs = said.get("outs") if isinstance(said, dict) else None
    for out in outs if isinstance(outs, list) else ():
        if isinstance(out, dict) and isinstance(out.get("md5"), str):
            yield out


def _committed_files(*paths: str) -> Iterator[tuple[Path, bytes]]:
    """Every version of every file that a commit, a branch, a tag or a stash holds; nothing outside a repository.

    One process of git hands over all contents: one a file would take minutes in a repository of some years.
    """
    command = ["git", "rev-list", "--objects", "--all", "--reflog", *(("--", *paths) if paths else ())]
    listed = subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "surrogateescape")
    named = [line.partition(" ")[::2] for line in listed.splitlines()]
    with subprocess.Popen(["git", "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as git:
        assert git.stdin and git.stdout
        for oid, name in named:
            if not name:
                continue
            git.stdin.write(f"{oid}\n".encode())
            git.stdin.flush()
            *_, kind, size = git.stdout.readline().split()
            content = git.stdout.read(int(size) + 1)[:-1]
            if kind == b"blob":
                yield Path(name), content
        git.stdin.close()
