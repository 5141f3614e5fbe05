"""Provenance: everything that is inside an adapter, through all its ancestors.

An adapter continues its parent's weights, so what an ancestor was trained on is inside it too, whatever
the version's own mix leaves out. The answer comes from the manifests beside the adapters, never from the
curriculum: what was trained, not what is planned. Licences alone are passed in. What follows from them is in
`lineage/provenance/obligations.py`.

A manifest with `adopted` is of a version that was trained elsewhere (`lineage adopt`). What it was trained on is
unknown, and so is part of what every version after it holds: all counts of such a line are lower bounds.

    inside("v3", licences_of(curriculum)).line   →  ("v1", "v3")
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lineage.artifacts.manifest import AdapterManifest, read_manifest
from lineage.config.schema import BASE, Curriculum, Licence
from lineage.core import paths
from lineage.core.errors import LineageError

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


def inside(version: str, licences: Mapping[str, Licence], root: Path = Path()) -> Inside:
    """Every source inside an adapter: through which version, how many rows and tokens, under which licence.

    Args:
        version: a trained version.
        licences: source → licence, from `licences_of`.
        root: of the workspace.

    Raises:
        LineageError: a manifest of the line is absent or damaged, or an ancestor was trained again since,
            so that its manifest no longer tells what this adapter continued.
    """
    manifest = read_manifest(version, root)
    line = [manifest]
    while (parent := manifest.parent) != BASE:
        if parent in {one.version for one in line}:
            path = root / paths.training_record(manifest.version)
            raise LineageError(f"{path}: its parent {parent!r} closes a cycle; run `dvc repro -f` to train again")
        continued, manifest = manifest, read_manifest(parent, root)
        if continued.parent_adapter != manifest.adapter:
            name = continued.version
            raise LineageError(
                f"{root / paths.training_record(name)}: {name} continued another {parent} than the present one "
                f"(adapter {str(continued.parent_adapter)[:12]}…, now {manifest.adapter[:12]}…); "
                f"run `dvc repro train@{name}`"
            )
        line.append(manifest)
    line.reverse()
    return Inside(
        version=version,
        base=line[0].base.identity,
        line=tuple(one.version for one in line),
        portions=tuple(portion for one in line for portion in _portions(one, licences)),
        adopted=tuple(one.version for one in line if one.adopted),
    )


def _portions(manifest: AdapterManifest, licences: Mapping[str, Licence]) -> list[Portion]:
    return [
        Portion(
            version=manifest.version,
            source=source,
            licence=licences.get(source, UNKNOWN_LICENCE),
            rows=counts.rows,
            replayed=counts.replayed_rows,
            tokens=counts.tokens,
        )
        for source, counts in manifest.mix.sources.items()
    ]
