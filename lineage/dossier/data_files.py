"""The files of the mixes that a version's line was trained on: hash, size, rows by source, and who may have them."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.files import sha256_of
from lineage.dossier.case import Case
from lineage.provenance.ancestry import UNKNOWN_LICENCE, licences_of
from lineage.records.record import PARTS

TYPES = {bool: "sc:Boolean", int: "sc:Integer", float: "sc:Float", str: "sc:Text"}


@dataclass(slots=True)
class MixFile:
    """A file of a mix, read once.

    digest: its SHA-256. size: in bytes. sources: source → rows. columns: those that its rows have. origin: what stands
    in that column, name → type or the names inside.
    """

    version: str
    part: str
    digest: str = ""
    size: int = 0
    sources: dict[str, int] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it lies in the workspace."""
        return paths.mix(self.version) / f"{self.part}.jsonl"

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return sum(self.sources.values())


def trained_on(case: Case) -> Iterator[MixFile]:
    """The files of every mix of the line that lies here as its version was trained on it; no others."""
    for version in case.known:
        found = [MixFile(version, part) for part in PARTS]
        if not all((case.files.root / one.path).is_file() for one in found):
            continue
        for one in found:
            _read(case.files.root / one.path, one)
        if sha256_of([one.digest for one in found]) == case.manifests[version].mix.sha256:
            yield from found


def withheld(case: Case, one: MixFile) -> str:
    """Why a file is nothing to pass on; "" where every source in it allows that."""
    licences = licences_of(case.c)
    terms = {source: licences.get(source, UNKNOWN_LICENCE).redistribution for source in one.sources}
    why = [f"redistribution of {source} is {term}" for source, term in terms.items() if term != "allowed"]
    for taken in case.facts["withdrawn"]:
        if one.version in (*taken["through"], *taken["unsure"]):
            why.append(f"{taken['source']} was withdrawn, or documents of it")
    return ", ".join(why)


def _read(file: Path, found: MixFile) -> None:
    digest = hashlib.sha256()
    with file.open("rb") as lines:
        for line in lines:
            digest.update(line)
            found.size += len(line)
            row = json.loads(line)
            found.sources[row["source"]] = found.sources.get(row["source"], 0) + 1
            found.columns.update(row)
            _learn(found.origin, row["origin"])
    found.digest = digest.hexdigest()


def _learn(names: dict[str, Any], values: dict[str, Any]) -> None:
    """Add what stands in an origin: name → its type, or the names inside. What is not the same in all rows is text."""
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(names.setdefault(name, {}), dict):
            _learn(names[name], value)
        elif value is not None:
            kind = TYPES.get(type(value), "sc:Text")
            names[name] = kind if names.get(name, kind) == kind else "sc:Text"
