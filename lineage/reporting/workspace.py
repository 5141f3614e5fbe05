"""What the report stands on: the outputs of the graph, read once and checked against each other.

Something absent (a version not trained yet) is no error: it is left out, and `missing` says what and which
command makes it. So it is with something stale, such as measures of an adapter that was trained again since.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lineage.artifacts.base_manifest import BaseManifest, find_base
from lineage.artifacts.ingest_counts import IngestCounts, find_ingest_counts
from lineage.artifacts.manifest import AdapterManifest, read_manifest
from lineage.artifacts.mix_summary import MixSummary, find_mix
from lineage.artifacts.not_built import why_not_built
from lineage.artifacts.promotions import Promotion, read_promotions
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.provenance.ancestry import Inside, inside, licences_of
from lineage.provenance.obligations import facts
from lineage.reporting.champion import built_as, last_promotion, not_asked
from lineage.reporting.measured import Absent, Measured, read_measured

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class TrainedVersion:
    """A version whose adapter is here and whose whole line is known.

    facts: what is inside it, and what follows from that; see lineage/provenance/obligations.py.
    history: rows of its training curve: step, loss, learning_rate, grad_norm, tokens.
    """

    inside: Inside
    manifest: AdapterManifest
    facts: dict[str, Any]
    history: list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class SearchedSet:
    """Of a held-out set's `rows`, those that stand in a version's mix: id → `exact` or `near`."""

    rows: int
    met: dict[str, str]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that page, cards and comparison show. Versions stand in curriculum order, parents first.

    Attributes:
        curriculum: what was planned.
        base: the manifest of the base model, once there is one.
        trained: version → what training left; of those whose adapter is up to date.
        measured: version, or the base → its answers to the held-out sets.
        mixes: version → what `mix` counted.
        contamination: version → held-out set → what its mix holds of it; of those that were searched.
        ingests: source → what `ingest` counted.
        missing: version, or the base → what is not there, and the command that makes it.
        promotion: the entry of promotions.yaml that made the present champion; None where nobody was promoted.
        unasked: what the gate was not asked of it; "" where there is nothing.
    """

    curriculum: Curriculum
    base: BaseManifest | None
    trained: dict[str, TrainedVersion]
    measured: dict[str, Measured]
    mixes: dict[str, MixSummary]
    contamination: dict[str, dict[str, SearchedSet]]
    ingests: dict[str, IngestCounts]
    missing: dict[str, list[str]]
    promotion: Promotion | None = None
    unasked: str = ""

    @property
    def champion(self) -> str:
        """The version that is the promoted adapter; "" where there is none, or it is not built here."""
        return built_as(self.promotion, {name: one.manifest for name, one in self.trained.items()})


def read_workspace(c: Curriculum, root: Path = Path()) -> Workspace:
    """Read all outputs below `root` that the curriculum knows.

    Raises:
        LineageError: a file is there but is not what its stage writes.
    """
    versions, missing = c.in_order(), dict[str, list[str]]()
    promotions = read_promotions(root / paths.PROMOTIONS)
    base = find_base(root)
    if base is None:
        missing[BASE] = ["there is no base model; run `dvc repro base`"]
    trained: dict[str, TrainedVersion] = {}
    for version in versions:
        try:
            trained[version] = _trained(c, version, base, root)
        except Absent as absent:
            missing[version] = [str(absent)]
    measured: dict[str, Measured] = {}
    for model in [BASE, *trained]:
        try:
            measured[model] = read_measured(model, trained[model].manifest.adapter if model != BASE else None, root)
        except Absent as absent:
            missing.setdefault(model, []).append(str(absent))
    return Workspace(
        curriculum=c,
        base=base,
        trained=trained,
        measured=measured,
        mixes=_those_there({version: find_mix(version, root) for version in versions}),
        contamination=_those_there({version: _searched(version, trained.get(version), root) for version in versions}),
        ingests=_those_there({source: find_ingest_counts(source, root) for source in c.sources}),
        missing=missing,
        promotion=last_promotion(promotions),
        unasked=not_asked(promotions),
    )


def _trained(c: Curriculum, version: str, base: BaseManifest | None, root: Path) -> TrainedVersion:
    """What training left of a version.

    Args:
        c: the curriculum, which may have given the version another parent since.
        version: its name.
        base: the present base, if there is one.
        root: the workspace.

    Raises:
        Absent: it is not trained, or what it was trained on changed.
    """
    parent = c.versions[version].parent
    again = f"run `dvc repro train@{version}`"
    if not (root / paths.training_record(version)).is_file():
        why = why_not_built(version, root)
        raise Absent(f"not built: {why}; `lineage check` says where files belong" if why else f"not trained; {again}")
    try:
        whole, manifest = inside(version, licences_of(c), root), read_manifest(version, root)
    except LineageError as error:
        raise Absent(f"out of date: {error}") from error
    if base and not base.is_called(whole.base):
        raise Absent(f"out of date: {version} was trained on another base; {again}")
    if manifest.parent != parent:
        raise Absent(f"out of date: {version} continued {manifest.parent}, params.yaml now says {parent}; {again}")
    return TrainedVersion(
        whole, manifest, facts(c, whole, root), _history(root / paths.adapter(version) / "history.csv")
    )


def _searched(version: str, built: TrainedVersion | None, root: Path) -> dict[str, SearchedSet] | None:
    """Held-out set → what a version's mix holds of it, or None where nobody searched what it was trained on.

    Args:
        version: its name.
        built: what training left of it; None where it is not built. A mix that is not known was not searched.
        root: of the workspace.
    """
    path = root / paths.contamination(version)
    found = _json(path)
    if found is None:
        return None
    try:
        sets = {
            name: SearchedSet(one["rows"], {at: hit["how"] for at, hit in one["ids"].items()})
            for name, one in found["sets"].items()
        }
        of_then = {name: one.get("sha256") for name, one in found["sets"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise LineageError(
            f"{path}: not a search for held-out rows ({error!r}); run `dvc repro` to make it again"
        ) from error
    if "mix" not in found:  # an earlier release did not say what it had searched
        return sets
    of_another = built and built.manifest.adopted is None and found["mix"] != built.manifest.mix.sha256
    now = {f"{file.parent.name}.{file.stem}": file for file in (root / paths.HELDOUT).glob("*/*.jsonl")}
    return None if of_another or any(of_then.get(name) != sha256(file) for name, file in now.items()) else sets


def _history(path: Path) -> list[dict[str, float]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def _json(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LineageError(f"{path}: not JSON ({error}); run `dvc repro` to make it again") from error
    return value


def _those_there(found: dict[str, Content | None]) -> dict[str, Content]:
    return {name: content for name, content in found.items() if content is not None}
