"""The files of the record, each read once, and bound values out of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.artifacts.mix_summary import mix_identity
from lineage.config.load import read_tree
from lineage.core.files import sha256
from lineage.core.paths import DOSSIER_ANSWERS
from lineage.core.plain_text import plain
from lineage.dossier.bound import Bound, blank

ABSENT = object()


class RecordFiles:
    """What of a workspace a dossier reads. hashes: of every file that it read, but for those that only grow."""

    def __init__(self, root: Path) -> None:
        """Read from the workspace at `root`."""
        self.root = root
        self.hashes: dict[str, str] = {}
        self._read: dict[Path, Any] = {}

    def content(self, file: Path) -> Any:
        """A file of JSON, JSON lines (a list) or YAML as plain values; `ABSENT` where it is not there."""
        if file not in self._read:
            self._read[file] = self._parsed(file)
        return self._read[file]

    def _parsed(self, file: Path) -> Any:
        here = self.root / file
        if not here.is_file():
            return ABSENT
        if file.suffix == ".jsonl":  # it grows: its lines are compared, not its hash
            return [json.loads(line) for line in here.read_text(encoding="utf-8").splitlines()]
        self.hashes[file.as_posix()] = sha256(here)
        if file.suffix == ".yaml":
            return json.loads(json.dumps(read_tree(here), default=str))
        return json.loads(here.read_text(encoding="utf-8"))

    def raw(self, file: Path, *path: str | int) -> Any:
        """What stands at a place; `ABSENT` where nothing does."""
        found = self.content(file)
        for name in path:
            try:
                found = found[name]
            except (KeyError, IndexError, TypeError):
                return ABSENT
        return found

    def value(
        self, file: Path, *path: str | int, words: Mapping[Any, str] | None = None, none: str = "", key: str = ""
    ) -> Bound:
        """The value at a place; a blank where the file, the place or the value is not there.

        Args:
            file: of the workspace.
            path: names and numbers that lead to the value.
            words: how its values are called in Korean.
            none: what is said where the record knows that there is none.
            key: by which a person may fill the blank.
        """
        found, place = self.raw(file, *path), at(file, *path)
        if found is None and none:
            return Bound("value", (place,), None, none)
        if found is ABSENT or found is None or found == "":
            return self.answer(key, place) if key else blank("", place)
        if isinstance(found, list | dict):
            return Bound("value", (place,), found, plain(", ".join(map(str, found))) or "없음")
        shown = words.get(found, str(found)) if words else _legible(found)
        return Bound("value", (place,), found, shown)

    def setting(self, file: Path, *path: str | int, default: Any, words: Mapping[Any, str] | None = None) -> Bound:
        """The value at a place, or the default that holds where none is written.

        Args:
            file: params.yaml.
            path: names that lead to the value.
            default: what holds without it.
            words: how its values are called in Korean.
        """
        if self.raw(file, *path) is not ABSENT:
            return self.value(file, *path, words=words)
        return Bound(
            "default", (at(file, *path),), default, words.get(default, str(default)) if words else str(default)
        )

    def count(self, file: Path, *path: str | int) -> Bound:
        """How many there are at a place; 0 where nothing is."""
        found = self.raw(file, *path)
        return Bound("count", (at(file, *path),), 0 if found is ABSENT or found is None else len(found))

    def digest(self, file: Path) -> Bound:
        """The SHA-256 of a file, computed now; a blank where it is not here."""
        here = self.root / file
        return Bound("sha256", (file.as_posix(),), sha256(here)) if here.is_file() else blank("", file.as_posix())

    def mix(self, folder: Path) -> Bound:
        """The hash of a mix, computed now; a blank where its rows are not here."""
        found = mix_identity(self.root / folder)
        return Bound("mix", (folder.as_posix(),), found) if found else blank("", folder.as_posix())

    def answer(self, key: str, *of: str) -> Bound:
        """What a person has written for a blank in `dossier.yaml`; the blank where nobody has.

        key: its name there. of: the places of the record that were looked at before.
        """
        found = self.raw(DOSSIER_ANSWERS, key)
        if found is ABSENT or found is None or not str(found).strip():
            return blank(key, *of)
        return Bound("value", (at(DOSSIER_ANSWERS, key),), found, _legible(found))


def _legible(found: Any) -> str | None:
    """Text that is shown in place of one that would steer what shows it; None where it is shown as it is."""
    return plain(found) if isinstance(found, str) and plain(found) != found else None


def at(file: Path, *path: str | int) -> str:
    """A place: the file and a JSON pointer."""
    return f"{file.as_posix()}#{''.join('/' + str(name).replace('~', '~0').replace('/', '~1') for name in path)}"
