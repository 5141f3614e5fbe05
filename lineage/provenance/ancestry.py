"""Provenance: everything that is inside an adapter, through all its ancestors.

An adapter continues its parent's weights, so what an ancestor was trained on is inside it too, whatever
the version's own mix leaves out. The answer comes from the records beside the adapters, never from the
curriculum: what was trained, not what is planned. Licences alone are passed in. What follows from them is in
`lineage/provenance/obligations.py`. Of a record, `models/<version>/lineage.json`, it reads

    {"version": "v3", "parent": "v1", "parent_adapter": "2a78…", "adapter": "91c0…",
     "base": {"identity": "efe5…"},
     "mix": {"sources": {"site_reports": {"rows": 114, "tokens": 5002, "replayed_rows": 0}}}}

A record with `adopted` is of a version that was trained elsewhere (`lineage adopt`). What it was trained on is unknown,
and so is part of what every version after it holds: all counts of such a line are lower bounds.

    inside("v3", Path("models"), licences_of(curriculum)).line   →  ("v1", "v3")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.config.schema import BASE, Curriculum, Licence
from lineage.core.errors import LineageError
from lineage.provenance.training_record import read_record

UNKNOWN_LICENCE = Licence(
    title="unknown: this source is no longer in params.yaml", redistribution="unknown", commercial="unknown"
)


@dataclass(frozen=True, slots=True)
class Portion:
    """What one version of the line was trained on from one source.

    rows: rows of the mix, of which `replayed` repeat what its ancestors had seen. tokens: prompt and answer.
    """

    version: str
    source: str
    licence: Licence
    rows: int
    replayed: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Inside:
    """Everything inside one adapter. `line` runs from the oldest ancestor to the version, without the base.

    A row that two versions of the line were trained on counts twice: rows trained on, not distinct rows.
    adopted: the versions of the line that were trained elsewhere, on data that is unknown here.
    """

    version: str
    base: str
    line: tuple[str, ...]
    portions: tuple[Portion, ...]
    adopted: tuple[str, ...] = ()

    @property
    def own(self) -> tuple[Portion, ...]:
        """The portions of the version's own mix."""
        return tuple(p for p in self.portions if p.version == self.version)

    @property
    def inherited(self) -> tuple[Portion, ...]:
        """The portions that came through ancestors, oldest ancestor first."""
        return tuple(p for p in self.portions if p.version != self.version)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source inside, in the order in which the line first met it."""
        return tuple(dict.fromkeys(p.source for p in self.portions))

    @property
    def licences(self) -> dict[str, tuple[str, ...]]:
        """The union of licences over the whole ancestry: a licence's title → the sources that carry it."""
        found: dict[str, dict[str, None]] = {}
        for portion in self.portions:
            found.setdefault(portion.licence.title, {})[portion.source] = None
        return {licence: tuple(sources) for licence, sources in found.items()}

    def seen_by(self, source: str) -> tuple[str, ...]:
        """The versions of the line, oldest first, that were trained on a source."""
        return tuple(dict.fromkeys(p.version for p in self.portions if p.source == source and p.rows))


def licences_of(c: Curriculum) -> dict[str, Licence]:
    """The licence of every source of a curriculum."""
    return {name: c.licences[source.licence] for name, source in c.sources.items()}


def inside(version: str, models: Path, licences: Mapping[str, Licence]) -> Inside:
    """Every source inside an adapter: through which version, how many rows and tokens, under which licence.

    Args:
        version: a trained version.
        models: the folder of adapters, `models/`.
        licences: source → licence, from `licences_of`.

    Raises:
        LineageError: a record of the line is absent or damaged, or an ancestor was trained again since,
            so that its record no longer tells what this adapter continued.
    """
    record = read_record(version, models)
    records = [record]
    while (parent := record["parent"]) != BASE:
        if parent in {r["version"] for r in records}:
            path = models / record["version"] / "lineage.json"
            raise LineageError(f"{path}: its parent {parent!r} closes a cycle; run `dvc repro -f` to train again")
        continued, record = record, read_record(parent, models)
        if continued["parent_adapter"] != record["adapter"]:
            name = continued["version"]
            raise LineageError(
                f"{models / name}/lineage.json: {name} continued another {parent} than the present one "
                f"(adapter {str(continued['parent_adapter'])[:12]}…, now {record['adapter'][:12]}…); "
                f"run `dvc repro train@{name}`"
            )
        records.append(record)
    records.reverse()
    return Inside(
        version=version,
        base=records[0]["base"]["identity"],
        line=tuple(r["version"] for r in records),
        portions=tuple(portion for r in records for portion in _portions(r, licences)),
        adopted=tuple(r["version"] for r in records if r.get("adopted")),
    )


def _portions(record: dict[str, Any], licences: Mapping[str, Licence]) -> list[Portion]:
    return [
        Portion(
            version=record["version"],
            source=source,
            licence=licences.get(source, UNKNOWN_LICENCE),
            rows=counts["rows"],
            replayed=counts["replayed_rows"],
            tokens=counts["tokens"],
        )
        for source, counts in record["mix"]["sources"].items()
    ]
