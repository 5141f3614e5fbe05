"""`dvc.lock` as the text that DVC wrote: an entry that is moved to another lock keeps every byte.

lock = LockText.of(text, "dvc.lock")
lock.entries["train@v3"]                    "  train@v3:\\n    cmd: python -m stages.train v3\\n    deps:\\n…"
facts("train@v3", lock.entries["train@v3"]) {"cmd": "python -m stages.train v3", "deps": [{"path": …, "md5": …}], …}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from lineage.core.errors import LineageError

Entries = Mapping[str, str]  # stage → the lines of its entry
HEAD = "schema: '2.0'\nstages:\n"
UNCOUNTED = ("size", "nfiles", "isexec")  # of a file beside its hash: they follow from it, and some DVCs leave them out
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C: the file has thousands of lines
_LINE = re.compile(r"(?:  (?P<stage>\S.*?):\s*|(?P<top>\S.*))$")


@dataclass(frozen=True, slots=True)
class LockText:
    """The entries of stages in their order, and the lines above and below them."""

    entries: Entries
    head: str = HEAD
    tail: str = ""

    @classmethod
    def of(cls, text: str, name: str) -> "LockText":
        """Take a lock apart; of an empty text, a lock without entries.

        name: what an error calls it.

        Raises:
            LineageError: it is no lock, or not as DVC writes it.
        """
        parts: dict[str, str] = {}
        head = tail = stage = ""
        inside = False
        for line in text.splitlines(keepends=True):
            found = _LINE.match(line.rstrip("\n"))
            if found and found["top"]:
                inside, stage = found["top"] == "stages:", ""
            elif found and inside:
                stage = str(yaml.load(found["stage"], _LOADER))
            if stage:
                parts[stage] = parts.get(stage, "") + line
            elif parts:
                tail += line
            else:
                head += line
        if list(parts) != list(_tree(text, name).get("stages") or {}):
            raise LineageError(f"{name}: its entries are not laid out as DVC writes them; `dvc repro` writes it anew")
        return cls(parts, head if parts else HEAD, tail)

    def text(self) -> str:
        """The whole file; of a lock without entries, nothing, as DVC leaves no such file."""
        return self.head + "".join(self.entries.values()) + self.tail if self.entries else ""

    def only(self, stages: Any) -> "LockText":
        """The same lock with the entries of some stages alone."""
        return LockText({name: text for name, text in self.entries.items() if name in stages}, self.head, self.tail)


def facts(stage: str, entry: str) -> dict[str, Any]:
    """An entry as plain values."""
    found: dict[str, Any] = yaml.load(entry, _LOADER)[stage]
    return found


def identity(entry: dict[str, Any]) -> dict[str, Any]:
    """What an entry says of a stage: its command, the values of its parameters, its files by hash."""
    sides = {
        side: {file["path"]: {k: v for k, v in file.items() if k not in ("path", *UNCOUNTED)} for file in files}
        for side, files in entry.items()
        if side in ("deps", "outs")
    }
    return {"deps": {}, "outs": {}} | entry | sides


def _tree(text: str, name: str) -> dict[str, Any]:
    if re.search(r"^(<<<<<<<|=======$|>>>>>>>)", text, re.MULTILINE):
        raise LineageError(
            f"{name} holds the marks of a git merge that stopped; take one side back first: git checkout --ours {name}"
        )
    try:
        found = yaml.load(text, _LOADER) or {}
        if not isinstance(found, dict) or not isinstance(found.get("stages") or {}, dict):
            raise ValueError("no mapping of stages")
    except (ValueError, yaml.YAMLError) as error:
        raise LineageError(f"{name} is no lock of DVC: {error}") from error
    return found
