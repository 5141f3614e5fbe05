"""Finished versions as DVC leaves them: objects in a cache, named by their MD5; and other names for versions."""

import hashlib
import json
from pathlib import Path
from typing import Any

from lineage.config.load import parse_curriculum
from lineage.config.schema import Curriculum

CACHE = Path("cache")  # in the working folder


def stored(content: bytes, ending: str = "", root: Path = CACHE, layout: str = "files/md5") -> str:
    """Put an object where DVC does; returns its name."""
    oid = hashlib.md5(content, usedforsecurity=False).hexdigest() + ending
    file = root / layout / oid[:2] / oid[2:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return oid


def stored_folder(folder: Path) -> dict[str, str]:
    """Put a folder with its files there; returns what `dvc.lock` says of it."""
    rows = [{"md5": stored(file.read_bytes()), "relpath": file.name} for file in sorted(folder.iterdir())]
    return {"path": folder.as_posix(), "md5": stored(json.dumps(rows, sort_keys=True).encode(), ".dir")}


def renamed(tree: dict[str, Any], names: dict[str, str]) -> Curriculum:
    """A curriculum whose versions are called otherwise: old name → new name."""
    versions = {
        names.get(name, name): spec | {"parent": names.get(spec["parent"], spec["parent"])}
        for name, spec in tree["versions"].items()
    }
    return parse_curriculum(tree | {"versions": versions})
