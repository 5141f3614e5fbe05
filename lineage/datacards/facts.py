"""The facts of a card, as JSON: counts of its files, and what the curriculum and the other stages say of them.

`parts` has an entry of `counting.py` for each file, source and form, with `part` saying which file: `records` and
`heldout` of a source, `own` and `replay` of a mix. Totals are summed from these entries where they are shown.
Samples are shown only where a licence allows redistribution; otherwise they are in no file of `data/cards`.
"""

from pathlib import Path
from typing import Any

from lineage.artifacts.ingest_counts import read_ingest_counts
from lineage.artifacts.mix_summary import read_mix
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.datacards.counting import Ruler, counted
from lineage.records.record import PARTS


def source_facts(c: Curriculum, name: str, ruler: Ruler) -> dict[str, Any]:
    """What the card of a source says; its records must have been ingested."""
    spec, folder = c.sources[name], paths.RECORDS / name
    files = {"records": [folder / "records.jsonl"], "heldout": sorted((paths.HELDOUT / name).glob("*.jsonl"))}
    ingest = read_ingest_counts(name)
    return {
        "name": name,
        "title": spec.title,
        "data": c.data,
        "reader": spec.reader,
        "benchmark": spec.heldout == 1,
        "heldout": spec.heldout,
        "hub": spec.hub.model_dump() if spec.hub else None,
        "withdrawn": "all" if spec.withdrawn == "all" else len(spec.withdrawn),
        "licences": {name: _licence(c, name)},
        "rejected": ingest.rejected,
        "left_out": ingest.left_out,
        "unread": ingest.unread,
        **_counted(c, files, ruler),
    }


def mix_facts(c: Curriculum, version: str, ruler: Ruler) -> dict[str, Any]:
    """What the card of a mix says; it must have been mixed."""
    spec, folder = c.versions[version], paths.mix(version)
    summary = read_mix(version)
    found = _counted(c, {part: [folder / f"{part}.jsonl"] for part in PARTS}, ruler)
    inside = dict.fromkeys(entry["source"] for entry in found["parts"])
    return {
        "name": version,
        "data": c.data,
        "parent": spec.parent,
        "adopted": spec.train.adopted is not None,
        "because": spec.because,
        "replay": spec.replay,
        "excluded": {"scope": spec.exclude_scope, "sources": list(spec.exclude)},
        "left_out": [{"of": source, "reason": reason, "rows": rows} for source, reason, rows in summary.left_out],
        "titles": {source: c.sources[source].title for source in inside},
        "readers": {source: c.sources[source].reader for source in inside},
        "licences": {source: _licence(c, source) for source in inside},
        **found,
    }


def _licence(c: Curriculum, source: str) -> dict[str, Any]:
    key = c.sources[source].licence
    return {"key": key, **c.licences[key].model_dump()}


def _counted(c: Curriculum, files: dict[str, list[Path]], ruler: Ruler) -> dict[str, Any]:
    parts, described = [], {}
    for part, path in ((part, path) for part, found in files.items() for path in found):
        entries = counted(path, ruler)
        for entry in entries:
            if entry["source"] not in c.sources:
                raise LineageError(
                    f"{path}: it has rows of {entry['source']!r}, which is not in params.yaml; run `dvc repro`"
                )
            terms = c.licences[c.sources[entry["source"]].licence]
            shown = entry["samples"] if terms.redistribution == "allowed" else []
            parts.append({"part": part, **entry, "samples": shown})
        described[path.as_posix()] = {
            "rows": sum(entry["rows"] for entry in entries),
            "bytes": path.stat().st_size,
            "sha256": sha256(path),
        }
    return {
        "parts": parts,
        "files": described,
        "tokenizer": {"of": ruler.base, "sha256": ruler.digest, "max_length": ruler.max_length},
    }
