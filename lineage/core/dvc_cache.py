"""What `dvc.lock` says of finished stages, and the files of their results in DVC's cache, each held against its hash.

    stage = locked_stages()["train@v3"]
    objects = cached_objects()
    objects.listing(stage.outs["models/v3"])       {"lineage.json": "4f1c…", "adapter_model.safetensors": "9b2e…", …}

An object is a file named by its MD5; `<md5>.dir` lists the files of a folder. What is not what its name says, cut short
or changed, is as good as not there.
"""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from lineage.core import paths

Listing = dict[str, str]  # path inside a folder → MD5


@dataclass(frozen=True, slots=True)
class LockedStage:
    """What the lock says that a stage was made from and what it made: path → MD5, of a folder with `.dir`."""

    deps: dict[str, str]
    outs: dict[str, str]


def locked_stages() -> dict[str, LockedStage]:
    """Every stage of the lock by name, also one that dvc.yaml has no more; nothing if there is no lock to be read."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C: the file has thousands of lines
    try:
        stages = yaml.load(paths.DVC_LOCK.read_text(encoding="utf-8"), loader)["stages"]
        return {
            name: LockedStage(_hashes(entry.get("deps", [])), _hashes(entry.get("outs", [])))
            for name, entry in stages.items()
        }
    except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError, AttributeError):
        return {}


def _hashes(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["path"]: entry["md5"] for entry in entries if "md5" in entry}


@dataclass(frozen=True, slots=True)
class CachedObjects:
    """The objects below a folder: laid out as DVC does, `files/md5/9f/2c…`, or as DVC 2 did, `9f/2c…`."""

    root: Path

    def place(self, oid: str) -> Path | None:
        """Where an object lies, whatever its bytes are; None if it is not there."""
        layouts = (self.root / "files/md5", self.root) if oid else ()
        return next((file for folder in layouts if (file := folder / oid[:2] / oid[2:]).is_file()), None)

    def whole(self, oid: str) -> Path | None:
        """The file of an object, if its bytes are those that it is named by."""
        file = self.place(oid)
        try:
            return file if file and md5(file) == oid.removesuffix(".dir") else None
        except OSError:
            return None

    def listing(self, oid: str) -> Listing | None:
        """The files of a folder by their paths in it; None if its list is not whole."""
        file = self.whole(oid) if oid.endswith(".dir") else None
        return {row["relpath"]: row["md5"] for row in json.loads(file.read_bytes())} if file else None


def cached_objects() -> CachedObjects | None:
    """Those of this workspace's cache, wherever DVC keeps it; None outside a workspace of DVC."""
    asked = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    return CachedObjects(Path(asked.stdout.strip())) if asked.returncode == 0 else None


def md5(file: Path) -> str:
    """The MD5 of a file, by which DVC names it. Raises OSError if it cannot be read."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def folder_md5(files: Listing) -> str:
    """The hash by which DVC names a folder: the MD5 of the list of its files."""
    rows = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return hashlib.md5(json.dumps(rows, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"
