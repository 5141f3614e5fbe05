"""The rows that a version and its ancestors were trained on, and those of them that resemble an answer.

This is retrieval: a row that resembles an answer need not be what taught it. Whether it did, `without_rows.py` tries.
"""

from dataclasses import dataclass
from typing import Any

from lineage.artifacts.manifest import AdapterManifest, verified_manifest
from lineage.artifacts.mix_summary import mix_identity
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.provenance.ancestry import inside
from lineage.provenance.near_rows import nearest_rows
from lineage.records.record import PARTS, Record


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version of the line and what was trained on for it. dropped: rows of its mix that were too long."""

    name: str
    manifest: AdapterManifest
    rows: int
    dropped: int


@dataclass(frozen=True, slots=True)
class TracedRow:
    """A row that resembles the answer: how much of it the row has, 0..1, and the versions that were trained on it."""

    record: Record
    near: float
    versions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        record = self.record
        return {
            "near": self.near,
            "id": record.id,
            "source": record.source,
            "licence": record.licence,
            "origin": record.origin,
            "documents": list(record.documents),
            "versions": list(self.versions),
            "asked": record.asked,
            "answer": record.completion,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """What resembles an answer. unknown: versions of the line that were trained elsewhere, on rows that nobody has."""

    version: str
    answer: str
    line: tuple[KnownVersion, ...]
    unknown: tuple[str, ...]
    rows: tuple[TracedRow, ...]

    @property
    def looked_through(self) -> int:
        """Rows of all mixes; a row that two of them hold counts twice."""
        return sum(one.rows for one in self.line)


def trained_line(c: Curriculum, version: str) -> tuple[tuple[KnownVersion, ...], tuple[str, ...]]:
    """The versions whose rows are inside `version`, oldest first; and those of which no rows are known.

    Raises:
        LineageError: one of them is not built, continued another parent than the one here, or its mix is not the rows
            that it was trained on.
    """
    if version == BASE:
        raise LineageError("base: a trace goes through the rows that versions were trained on here; name a version")
    whole, planned = inside(version, {}).line, tuple(reversed((version, *c.ancestors(version))))
    if whole != planned:
        raise LineageError(
            f"{version} was trained on {' → '.join((BASE, *whole))}, {paths.PARAMS} now says "
            f"{' → '.join((BASE, *planned))}; run `dvc repro train@{version}`"
        )
    line, unknown = [], []
    for name in planned:
        manifest, mix = verified_manifest(name), c.version(name).mix
        if manifest.adopted is not None:
            unknown.append(name)
            continue
        if mix_identity(mix) != manifest.mix.sha256:
            raise LineageError(
                f"{mix}: not the rows that {name} was trained on, so nothing in them explains its answers; "
                f"run `dvc repro train@{name}`, or bring its mix back: dvc checkout {mix}"
            )
        dropped = sum(sum(source.dropped.values()) for source in manifest.mix.sources.values())
        line.append(KnownVersion(name, manifest, manifest.mix.rows + dropped, dropped))
    return tuple(line), tuple(unknown)


def trace(c: Curriculum, version: str, answer: str, most: int, question: str = "") -> Trace:
    """The rows of the line that resemble an answer the most, at most so many.

    Args:
        c: the curriculum.
        version: who said it.
        answer: what was said, or any other text.
        most: how many rows.
        question: what was asked, if that is known: then a row must have something of both.

    Raises:
        LineageError: as `trained_line`.
    """
    line, unknown = trained_line(c, version)
    owner = {paths.mix(one.name) / f"{part}.jsonl": one.name for one in line for part in PARTS}
    found = nearest_rows(list(owner), [text for text in (question, answer) if text], most)
    rows = [TracedRow(row.record, row.near, tuple(dict.fromkeys(owner[file] for file in row.files))) for row in found]
    return Trace(version, answer, line, unknown, tuple(rows))
