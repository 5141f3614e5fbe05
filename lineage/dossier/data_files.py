"""The files of the mixes that a version's line was trained on: hash, size, rows by source, and who may have them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage.artifacts.mix_summary import mix_identity
from lineage.core import paths
from lineage.core.files import sha256
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
        if mix_identity(case.files.root / paths.mix(version)) == case.manifests[version].mix.sha256:
            yield from (_read(case.files.root, version, part) for part in PARTS)


def withheld(case: Case, one: MixFile) -> str:
    """Why a file is nothing to pass on; "" where every source in it allows that."""
    licences = licences_of(case.c)
    terms = {source: licences.get(source, UNKNOWN_LICENCE).redistribution for source in one.sources}
    why = [f"redistribution of {source} is {term}" for source, term in terms.items() if term != "allowed"]
    for taken in case.facts["withdrawn"]:
        if one.version in (*taken["through"], *taken["unsure"]):
            why.append(f"{taken['source']} was withdrawn, or documents of it")
    return ", ".join(why)


def _read(root: Path, version: str, part: str) -> MixFile:
    found = MixFile(version, part)
    file = root / found.path
    found.digest, found.size = sha256(file), file.stat().st_size
    with file.open("rb") as lines:
        for row in map(json.loads, lines):
            found.sources[row["source"]] = found.sources.get(row["source"], 0) + 1
            found.columns.update(row)
            _learn(found.origin, row["origin"])
    return found


def _learn(names: dict[str, Any], values: dict[str, Any]) -> None:
    """Add what stands in an origin: name → its type, or the names inside. What is not the same in all rows is text."""
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(names.setdefault(name, {}), dict):
            _learn(names[name], value)
        elif value is not None:
            kind = TYPES.get(type(value), "sc:Text")
            names[name] = kind if names.get(name, kind) == kind else "sc:Text"
