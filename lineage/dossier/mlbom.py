"""A version as a CycloneDX 1.6 ML-BOM, `mlbom.cdx.json`: what is inside it, for tools that read bills of materials.

The version is a component of the kind machine-learning-model, its ancestors and its base stand in its pedigree, and its
sources are data sets with their licences. Only what the record knows is in it. It has no clock: its number follows from
the adapter's fingerprint.
"""

import uuid
from typing import Any

from lineage.artifacts.measures import read_measures
from lineage.dossier.case import Case

CYCLONEDX = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def mlbom(case: Case) -> dict[str, Any]:
    """The bill of materials of a version."""
    manifest = case.manifests[case.version]
    sources = [_data_set(case, name) for name in case.whole.sources]
    version = _version(case, case.version)
    version["pedigree"] = {"ancestors": [_base(case), *(_version(case, name) for name in case.line[:-1])]}
    version["modelCard"] = {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "text-generation",
            "architectureFamily": "LoRA adapter",
            "datasets": [{"ref": one["bom-ref"]} for one in sources],
            "inputs": [{"format": "text"}],
            "outputs": [{"format": "text"}],
        },
        "quantitativeAnalysis": {"performanceMetrics": _metrics(case)},
    }
    return {
        "$schema": CYCLONEDX,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, manifest.fingerprint)}",
        "version": 1,
        "metadata": {"component": version},
        "components": sources,
        "dependencies": [{"ref": version["bom-ref"], "dependsOn": [one["bom-ref"] for one in sources]}],
    }


def _version(case: Case, name: str) -> dict[str, Any]:
    manifest = case.manifests[name]
    told = [("fingerprint", manifest.fingerprint), ("parent", manifest.parent)]
    told += [("mix.sha256", manifest.mix.sha256)] if manifest.mix.sha256 else []
    told += [("data", "unknown: trained elsewhere")] if manifest.adopted else []
    return {
        "type": "machine-learning-model",
        "bom-ref": f"{case.c.name}/{name}",
        "name": f"{case.c.name}/{name}",
        "version": manifest.adapter[:12],
        "hashes": [{"alg": "SHA-256", "content": manifest.adapter}],
        "properties": [{"name": f"lineage:{key}", "value": value} for key, value in told],
    }


def _base(case: Case) -> dict[str, Any]:
    origin = case.manifests[case.version].base.origin
    return {
        "type": "machine-learning-model",
        "bom-ref": "base",
        "name": origin.repo or origin.model or "a base that this lineage builds",
        "version": origin.revision or case.whole.base[:12],
        "properties": [{"name": "lineage:identity", "value": case.whole.base}],
    }


def _data_set(case: Case, source: str) -> dict[str, Any]:
    portions = [p for p in case.whole.portions if p.source == source]
    known = case.c.sources.get(source)
    counted = [(f"{p.version}.{name}", str(getattr(p, name))) for p in portions for name in ("rows", "tokens")]
    return {
        "type": "data",
        "bom-ref": f"source/{source}",
        "name": source,
        "description": known.title if known else "no longer in params.yaml",
        "licenses": [{"license": {"name": portions[0].licence.title}}],
        "data": [{"type": "dataset", "name": source}],
        "properties": [{"name": f"lineage:{key}", "value": value} for key, value in counted],
    }


def _metrics(case: Case) -> list[dict[str, Any]]:
    """NLL and score of each held-out set, with their intervals; none of another adapter than the present one."""
    measures = read_measures(case.version, case.files.root)
    if measures is None or measures.adapter != case.manifests[case.version].adapter:
        return []
    found = []
    for name, one in measures.sets.items():
        for kind, value, interval in (
            ("nll", one.nll, one.nll_interval),
            (f"score.{one.measure}", one.score, one.score_interval),
        ):
            if value is None:
                continue
            metric: dict[str, Any] = {"type": kind, "value": str(value), "slice": name}
            if interval:
                metric["confidenceInterval"] = {"lowerBound": str(interval[0]), "upperBound": str(interval[1])}
            found.append(metric)
    return found
