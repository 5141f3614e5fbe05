"""Which files of a folder differ from those that `dvc.lock` names.

The lock has one hash for a whole folder. The files behind it are found in DVC's cache, put together from the outputs
of stages that lie inside the folder, or, for code, looked up in the commits of this repository.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from lineage.core import paths
from lineage.planning.code_changes import blob_md5s, commits_of, git
from lineage.planning.dvc_graph import Lock

Listing = dict[str, str]  # path inside the folder → MD5


class FileChange(NamedTuple):
    """A file of a folder that was `changed`, `added` or `removed`; the MD5 that it had is empty if it was added."""

    name: str
    how: str
    old_md5: str


def changed_files(path: str, md5: str, lock: Lock, store: Path) -> list[FileChange] | None:
    """The files that differ, by name; None if the old ones are not known.

    Args:
        path: of the folder.
        md5: of the folder, as the lock has it.
        lock: the whole of dvc.lock.
        store: the folder of DVC's cache.
    """
    old = _cached(md5, store) or _of_outs(path, md5, lock, store) or _committed(path, md5)
    if old is None:
        return None
    new = _present(Path(path))
    how = {name: "changed" for name in old.keys() & new.keys() if old[name] != new[name]}
    how |= {name: "added" for name in new.keys() - old.keys()} | {name: "removed" for name in old.keys() - new.keys()}
    return [FileChange(name, how[name], old.get(name, "")) for name in sorted(how)]


def folder_hash(listing: Listing) -> str:
    """DVC's hash of a folder: the MD5 of its list of files as JSON."""
    rows = [{"md5": listing[name], "relpath": name} for name in sorted(listing)]
    return hashlib.md5(json.dumps(rows, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"


def in_cache(md5: str, store: Path) -> bool:
    """Whether DVC's cache holds a file, or a folder's list and all that it names."""
    if not md5 or not (store / md5[:2] / md5[2:]).is_file():
        return False
    files = (_cached(md5, store) or {}) if md5.endswith(".dir") else {}
    return all((store / one[:2] / one[2:]).is_file() for one in files.values())


def old_text(path: str, md5: str, store: Path) -> str | None:
    """What a small file held when the lock was written: from DVC's cache, or from its place if it is the same still."""
    for file in (store / md5[:2] / md5[2:], Path(path)):
        if md5 and file.is_file() and _md5(file) == md5:
            return file.read_text(encoding="utf-8")
    return None


def _cached(md5: str, store: Path) -> Listing | None:
    try:
        rows = json.loads((store / md5[:2] / md5[2:]).read_text(encoding="utf-8"))
        return {row["relpath"]: row["md5"] for row in rows}
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _of_outs(path: str, md5: str, lock: Lock, store: Path) -> Listing | None:
    """`data/records` holds the outputs of every `ingest@<source>`."""
    found: Listing = {}
    for entry in lock.values():
        for out in entry.get("outs", []):
            if not out["path"].startswith(f"{path}/") or "md5" not in out:
                continue
            inside = out["path"].removeprefix(f"{path}/")
            if not out["md5"].endswith(".dir"):
                found[inside] = out["md5"]
            elif (files := _cached(out["md5"], store)) is not None:
                found |= {f"{inside}/{name}": hashed for name, hashed in files.items()}
    return found if found and folder_hash(found) == md5 else None


def _committed(path: str, md5: str) -> Listing | None:
    """The newest commit in which the folder was what the lock says."""
    for commit in commits_of(path):
        blobs = {}
        for line in git("ls-tree", "-r", "-z", f"{commit}:./{path}").decode().split("\0"):
            about, _, name = line.partition("\t")
            if name and not _ignored(name):
                blobs[name] = about.split()[2]
        hashed = blob_md5s(blobs.values())
        listing = {name: hashed[blob] for name, blob in blobs.items() if blob in hashed}
        if listing and folder_hash(listing) == md5:
            return listing
    return None


def _present(folder: Path) -> Listing:
    files = [file for file in folder.rglob("*") if file.is_file()] if folder.is_dir() else []
    named = {file.relative_to(folder).as_posix(): file for file in files if not file.is_relative_to(paths.OWN_BASE)}
    return {name: _md5(file) for name, file in named.items() if not _ignored(name)}


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _ignored(name: str) -> bool:
    """As .dvcignore: what changes without meaning."""
    return name.endswith((".pyc", ".gitignore")) or "__pycache__/" in name
