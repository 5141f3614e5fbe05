"""What MLflow is told, read from models/, metrics/ and reports/ alone: no server, no clock, no run id.

`Facts` are one run: the base, a version, or the report. Their `digest` covers everything in them, so that a
run that carries it has nothing left to be told.
"""

import csv
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lineage.artifacts.artifact import JsonObject
from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.comparison import ComparedVersion, Overall, read_comparison
from lineage.artifacts.manifest import AdapterManifest, verified_manifest
from lineage.artifacts.measures import ANSWERS, MEASURES, read_measures
from lineage.artifacts.promotions import BuiltVersion
from lineage.config.schema import BASE
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from lineage.core.plain_text import one_line
from lineage.tracking.answer_table import LISTED, TABLE, answer_table, listed
from lineage.tracking.metrics_told import against_others, before_and_after, of_sets, on_the_same_rows
from lineage.tracking.notes import NOTE, as_note

SHAPE = {"r", "alpha", "targets"}  # of the adapter
SETTINGS = ("learning_rate", "schedule", "optimizer", "rows_per_step", "max_length")  # of a training
PREFERENCE = {"beta", "learning_rate", "pairs", "steps", "trained_tokens"}  # what a second phase is told by


@dataclass(frozen=True, slots=True)
class Facts:
    """One run.

    history: metric → step → value. ends: the same, of what may be measured again. datasets: name → (digest, what is in
    it). artifacts: where → file, or its bytes.
    measured: whether the measures are there, and of this adapter.
    """

    name: str
    key: str
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    history: dict[str, dict[int, float]] = field(default_factory=dict)
    ends: dict[str, dict[int, float]] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    datasets: dict[str, tuple[str, JsonObject]] = field(default_factory=dict)
    artifacts: dict[str, Path | bytes] = field(default_factory=dict)
    parent: str | None = None
    measured: bool = True

    @property
    def is_version(self) -> bool:
        """Whether it is a version, with an adapter to register; not the base, not the report."""
        return "fingerprint" in self.tags

    @property
    def built(self) -> BuiltVersion:
        """Which bytes the version is; of a version alone."""
        return BuiltVersion(self.name, self.tags["fingerprint"], self.tags["adapter"])

    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each artifact."""
        return {
            where: hashlib.sha256(file).hexdigest() if isinstance(file, bytes) else sha256(file)
            for where, file in sorted(self.artifacts.items())
        }

    def digest(self, hashes: dict[str, str]) -> str:
        """The SHA-256 of everything that is told, given the `hashes` of the artifacts."""
        history = {metric: sorted(points.items()) for metric, points in (self.history | self.ends).items()}
        return sha256_of([self.name, self.key, self.tags, self.params, history, self.measures, self.datasets, hashes])


def read_facts() -> list[Facts]:
    """The base, every version that is built (parents first), and the report.

    Raises:
        LineageError: naming the file that is missing or not what its stage writes, and the remedy.
    """
    comparison = read_comparison()
    shared = {"profile": comparison.profile, "data": comparison.data}
    versions = [_version(name, one, comparison.overall.get(name), shared) for name, one in comparison.versions.items()]
    return [*_base(shared, comparison.overall.get(BASE)), *_parents_first(versions), _report(shared)]


def not_built() -> dict[str, str]:
    """The versions of the curriculum that the report found not built, each with its reason."""
    comparison = read_comparison()
    return {
        name: one_line("; ".join(reasons))
        for name, reasons in comparison.missing.items()
        if name != BASE and name not in comparison.versions
    }


def _version(name: str, compared: ComparedVersion, overall: Overall | None, shared: dict[str, str]) -> Facts:
    """A version.

    Args:
        name: its name.
        compared: it and its parent.
        overall: what compares it with all others.
        shared: tags of every run.
    """
    folder, manifest = paths.adapter(name), verified_manifest(name)
    card = paths.REPORTS / "cards" / f"{name}.md"
    if not card.is_file():
        raise LineageError(f"{card}: not found; make it again: dvc repro report")
    measures = _measures(name, manifest.adapter)
    artifacts: dict[str, Path | bytes] = {"card.md": card}
    artifacts |= {f"adapter/{file.relative_to(folder).as_posix()}": file for file in _files(folder)}
    if measures:
        artifacts |= _measured_files(name)
        if (drawn := paths.PICTURES / "intervals" / f"{name}.svg").is_file():
            artifacts["intervals.svg"] = drawn
    mix = manifest.mix
    return Facts(
        name=name,
        key=f"{name}:{manifest.fingerprint}",
        tags=shared
        | {
            "version": name,
            "fingerprint": manifest.fingerprint,
            "parent": manifest.parent,
            "mix": mix.sha256 or "unknown",
            "base": manifest.base.identity,
            "adapter": manifest.adapter,
            NOTE: as_note(card.read_text(encoding="utf-8")),
        }
        | _against_parent(compared)
        | ({LISTED: listed("")} if TABLE in artifacts else {})
        | ({"against_champion": overall.against_champion} if overall and overall.against_champion else {})
        | ({"unknown_data": ",".join(unknown)} if (unknown := compared.unknown) else {}),
        params=_params(manifest),
        history=_history(folder / "history.csv", name)
        | (_history(folder / "preference.csv", name, "preference") if manifest.preference else {}),
        ends=before_and_after(compared, manifest.steps) if measures else {},
        measures=measures | (against_others(compared) | on_the_same_rows(overall) if measures else {}),
        datasets={source: (str(mix.sha256)[:16], counts.model_dump()) for source, counts in mix.sources.items()},
        artifacts=artifacts,
        parent=manifest.parent,
        measured=bool(measures),
    )


def _base(shared: dict[str, str], overall: Overall | None) -> Iterator[Facts]:
    """The base, once it has been measured: what the first version is compared with."""
    if not (measures := _measures(BASE, None)):
        return
    base = read_base()
    artifacts = _measured_files(BASE)
    yield Facts(
        name=BASE,
        key=f"{BASE}:{base.identity}",
        tags=shared
        | {
            "base": base.identity,
            NOTE: "The base model, before any training: what the versions start from.",
        }
        | ({LISTED: listed("")} if TABLE in artifacts else {}),
        params=_flat({"base": base.identity[:12], "parameters": base.parameters, "vocab_size": base.vocab_size}),
        measures=measures | on_the_same_rows(overall),
        artifacts=artifacts | {"base.json": paths.BASE_RECORD},
    )


def _measured_files(name: str) -> dict[str, Path | bytes]:
    """The measures and the sample answers, these as a table too."""
    found: dict[str, Path | bytes] = {
        file.name: file for file in _files(paths.METRICS / name) if file.name in (MEASURES, ANSWERS)
    }
    return found | ({TABLE: answer_table(name)} if ANSWERS in found else {})


def _report(shared: dict[str, str]) -> Facts:
    """The report in a run of its own: there is one for all versions, and it changes with each of them."""
    return Facts(
        name="report",
        key="report",
        tags=shared | {NOTE: "Retention matrix, tree, curves, all cards: open the artifact `lineage.html`."},
        artifacts={file.relative_to(paths.REPORTS).as_posix(): file for file in _files(paths.REPORTS)},
    )


def _measures(name: str, adapter: str | None) -> dict[str, float]:
    """What the measures say as metrics; nothing of another adapter."""
    found = read_measures(name)
    if found is None or found.adapter != adapter:  # of the adapter before this one
        return {}
    return of_sets(found)


def _against_parent(compared: ComparedVersion) -> dict[str, str]:
    """The verdict against the parent in words, for the runs' table and the registry."""
    if not (pooled := compared.pooled):
        return {}
    words = {"improved": "better", "worse": "worse", "unclear": "unclear", "too_few": "too few rows"}
    at_chance = "; answers at chance" if compared.pooled_shown != pooled.verdict else ""
    said = f"{words[pooled.verdict]}{at_chance}, {pooled.difference:+.2f} nats a token on its own sets"
    if sets := len(compared.may_forget):
        said += f"; forgot {len(compared.forgot)} of {sets} sets of its ancestors"
    return {"against_parent": said}


def _params(manifest: AdapterManifest) -> dict[str, str]:
    """What tells versions apart in MLflow's compare view; the whole record is the artifact `adapter/lineage.json`.

    No version is named here: MLflow cannot change a parameter, and a name may change.
    """
    adopted, second, mix = manifest.adopted, manifest.preference, manifest.mix
    asked, in_force = manifest.requested, manifest.effective
    told = {
        "base": manifest.base.identity[:12],
        "load": manifest.base.load,
        "lora": manifest.lora.model_dump(mode="json", include=SHAPE),
        "rows": {"all": mix.rows} | {source: counts.rows for source, counts in mix.sources.items()},
        "steps": manifest.steps,
        "trained_tokens": manifest.trained_tokens,
        "seed": manifest.seed,
    }
    told |= {name: asked[name] for name in SETTINGS if name in asked}
    told |= {"effective": {name: value for name, value in in_force.items() if asked.get(name) != value}}
    told |= {"preference": second.model_dump(include=PREFERENCE)} if second else {}
    told |= {"adopted": {"tool": adopted.tool, "stated_base": adopted.stated_base}} if adopted else {}
    return _flat(told)


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as `lora.r: "32"`; lists are joined by commas."""
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return flat


def _history(path: Path, name: str, phase: str = "train") -> dict[str, dict[int, float]]:
    """The training curves. Cells that are empty or not finite are left out: the file keeps them.

    step,loss,learning_rate,grad_norm,tokens
    5,6.1032,0.0004,1.92,20480
    """
    curves: dict[str, dict[int, float]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                step = int(float(row.pop("step")))
                for column, cell in row.items():
                    if cell and math.isfinite(float(cell)):
                        curves.setdefault(f"{phase}/{column}", {})[step] = float(cell)
    except (OSError, KeyError, ValueError) as error:
        raise LineageError(
            f"{path}: not a training history ({error}); make it again: dvc repro -f train@{name}"
        ) from error
    return curves


def _parents_first(versions: list[Facts]) -> list[Facts]:
    """A child's run names its parent's, so parents come first; otherwise in the report's order."""
    names, done = {one.name for one in versions}, list[Facts]()
    while len(done) < len(versions):
        ready = {one.name for one in done}
        done.append(next(v for v in versions if v.name not in ready and (v.parent in ready or v.parent not in names)))
    return done


def _files(folder: Path) -> list[Path]:
    """The files of a folder in name order, without hidden ones (DVC puts a .gitignore beside outputs)."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
