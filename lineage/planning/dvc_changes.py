"""Which files of a folder differ from those that `dvc.lock` names.

The lock has one hash for a whole folder. The files behind it are found in DVC's cache, put together from the outputs
of stages that lie inside the folder, or, for code, looked up in the commits of this repository.
"""

import hashlib
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from lineage.planning.dvc_graph import ask_dvc

COMMITS = 30  # that changed a folder of code, newest first, in which its old state is looked for
Listing = dict[str, str]  # path inside the folder → MD5
Lock = dict[str, Any]  # stage → its entry in dvc.lock


def changed_files(path: str, md5: str, lock: Lock) -> list[str] | None:
    """`changed a.py`, `added b.py`, `removed c.py`, by name; None if the old files are not known."""
    old = _cached(md5) or _of_outs(path, md5, lock) or _committed(path, md5)
    if old is None:
        return None
    new = _present(Path(path))
    how = {name: "changed" for name in old.keys() & new.keys() if old[name] != new[name]}
    how |= {name: "added" for name in new.keys() - old.keys()} | {name: "removed" for name in old.keys() - new.keys()}
    return [f"{how[name]} {name}" for name in sorted(how)]


def folder_hash(listing: Listing) -> str:
    """DVC's hash of a folder: the MD5 of its list of files as JSON."""
    rows = [{"md5": listing[name], "relpath": name} for name in sorted(listing)]
    return hashlib.md5(json.dumps(rows, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def in_cache(md5: str) -> bool:
    """Whether DVC's cache holds a file, or the list of a folder."""
    return bool(md5) and (_cache_folder(Path.cwd()) / md5[:2] / md5[2:]).is_file()


@cache
def _cache_folder(_workspace: Path) -> Path:
    return Path(ask_dvc("cache", "dir").strip(), "files", "md5")


def _cached(md5: str) -> Listing | None:
    try:
        rows = json.loads((_cache_folder(Path.cwd()) / md5[:2] / md5[2:]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {row["relpath"]: row["md5"] for row in rows}


def _of_outs(path: str, md5: str, lock: Lock) -> Listing | None:
    """`data/records` holds the outputs of every `ingest@<source>`."""
    found: Listing = {}
    for entry in lock.values():
        for out in entry.get("outs", []):
            if not out["path"].startswith(f"{path}/") or "md5" not in out:
                continue
            inside = out["path"].removeprefix(f"{path}/")
            if not out["md5"].endswith(".dir"):
                found[inside] = out["md5"]
            elif (files := _cached(out["md5"])) is not None:
                found |= {f"{inside}/{name}": hashed for name, hashed in files.items()}
    return found if found and folder_hash(found) == md5 else None


def _committed(path: str, md5: str) -> Listing | None:
    """The newest commit in which the folder was what the lock says."""
    for commit in _git("log", f"-{COMMITS}", "--format=%H", "--", path).decode().split():
        listing = {}
        for line in _git("ls-tree", "-r", "-z", f"{commit}:./{path}").decode().split("\0"):
            if line:
                about, _, name = line.partition("\t")
                if not _ignored(name):
                    listing[name] = _blob_md5(about.split()[2])
        if listing and folder_hash(listing) == md5:
            return listing
    return None


@cache
def _blob_md5(blob: str) -> str:
    return hashlib.md5(_git("cat-file", "blob", blob), usedforsecurity=False).hexdigest()


def _git(*arguments: str) -> bytes:
    """What git says; nothing outside a repository."""
    return subprocess.run(["git", *arguments], capture_output=True, check=False).stdout


def _present(folder: Path) -> Listing:
    files = [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
    named = {file.relative_to(folder).as_posix(): file for file in files}
    return {name: _md5(file) for name, file in named.items() if not _ignored(name)}


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _ignored(name: str) -> bool:
    """As .dvcignore: what changes without meaning."""
    return name.endswith((".pyc", ".gitignore")) or "__pycache__/" in name
