"""A version as an SPDX 3.0.1 document with the AI and Dataset profiles, `ai.spdx3.json`.

SPDX wants to know when a document was made and by whom. Here that is when the training ended, by the journal, since the
same record is to give the same bytes; without that line there is no such document.
"""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from lineage.dossier.case import Case
from lineage.dossier.register import ended

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"


def spdx(case: Case) -> dict[str, Any] | None:
    """The document of a version; None where nobody knows when it was trained."""
    when = ended(case, case.version)
    if when.how != "value" or not isinstance(when.value, int):
        return None
    made = datetime.fromtimestamp(when.value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    begin = f"urn:krx-lineage:{case.manifests[case.version].fingerprint}:"
    agent = {"type": "SoftwareAgent", "spdxId": f"{begin}agent", "creationInfo": "_:made", "name": "lineage dossier"}
    info = {
        "type": "CreationInfo",
        "@id": "_:made",
        "specVersion": "3.0.1",
        "created": made,
        "createdBy": [agent["spdxId"]],
    }
    models = [_model(case, name, begin) for name in case.line]
    data = [_data_set(case, source, begin) for source in case.whole.sources]
    links = [
        _link(begin, name, "trainedOn", [f"{begin}source.{s}" for s in case.manifests[name].mix.sources])
        for name in case.known
    ]
    links += [_link(begin, child, "descendantOf", [begin + parent]) for parent, child in pairwise(case.line)]
    elements = [agent, *models, *data, *links]
    document = {
        "type": "SpdxDocument",
        "spdxId": f"{begin}document",
        "creationInfo": "_:made",
        "name": f"{case.c.name}/{case.version}",
        "profileConformance": ["core", "software", "ai", "dataset"],
        "rootElement": [models[-1]["spdxId"]],
        "element": [one["spdxId"] for one in elements],
    }
    return {"@context": CONTEXT, "@graph": [info, document, *elements]}


def _model(case: Case, name: str, begin: str) -> dict[str, Any]:
    manifest = case.manifests[name]
    trained = f"{manifest.steps} steps, {manifest.trained_tokens} tokens seen, fingerprint {manifest.fingerprint}"
    if manifest.adopted:
        trained = f"trained elsewhere with {manifest.adopted.tool}, on data that is unknown"
    return {
        "type": "ai_AIPackage",
        "spdxId": begin + name,
        "creationInfo": "_:made",
        "name": f"{case.c.name}/{name}",
        "software_packageVersion": manifest.adapter[:12],
        "software_primaryPurpose": "model",
        "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": manifest.adapter}],
        "ai_typeOfModel": ["LoRA adapter"],
        "ai_informationAboutTraining": trained,
    }


def _data_set(case: Case, source: str, begin: str) -> dict[str, Any]:
    portions = [p for p in case.whole.portions if p.source == source]
    rows = ", ".join(f"{p.rows} rows ({p.tokens} tokens) in {p.version}" for p in portions)
    terms = portions[0].licence
    return {
        "type": "dataset_DatasetPackage",
        "spdxId": f"{begin}source.{source}",
        "creationInfo": "_:made",
        "name": source,
        "comment": f"{rows}. {terms.title}: redistribution {terms.redistribution}, commercial use {terms.commercial}.",
        "software_primaryPurpose": "data",
        "dataset_datasetType": ["text"],
    }


def _link(begin: str, name: str, kind: str, to: list[str]) -> dict[str, Any]:
    return {
        "type": "Relationship",
        "spdxId": f"{begin}{name}.{kind}",
        "creationInfo": "_:made",
        "from": begin + name,
        "relationshipType": kind,
        "to": to,
    }
