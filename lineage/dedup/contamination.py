"""Counts which rows of a held-out set stand in a mix, exactly or nearly, and names the training row for each.

The measure is in `ngram_overlap.py`. Results are cached in `.state/contamination` by mix and set, so a new version or a
new benchmark costs only itself.
"""

import json
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256, sha256_of, write_json
from lineage.core.paths import STATE
from lineage.dedup.ngram_overlap import HeldOutIndex, Overlap, seen
from lineage.records.record import PARTS, Record, read_records

BATCH = 256
Found = dict[str, dict[str, Any]]  # by held-out id: by, how, similarity


def contamination(folder: Path, prepared: dict[Path, HeldOutIndex]) -> dict[str, Any]:
    """The report of one mix. Held-out sets are added to `prepared` as they are needed, for the next mix.

    It names the mix as manifests do, and each set by its file: what was searched may change by itself.

    Raises:
        LineageError: if the mix is not there.
    """
    files = [folder / f"{part}.jsonl" for part in PARTS]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise LineageError(f"{missing[0]}: missing; run `dvc repro mix@{folder.name}`")
    sets = sorted(paths.HELDOUT.glob("*/*.jsonl"))
    mix, heldout = [sha256(file) for file in files], {file: sha256(file) for file in sets}
    mix_key = sha256_of([mix, code_identity(__name__)])
    places = {file: STATE / "contamination" / mix_key / f"{heldout[file]}.json" for file in sets}
    new = [file for file, place in places.items() if not place.is_file()]
    prepared.update((file, HeldOutIndex(file)) for file in new if file not in prepared)
    for file, found in zip(new, found_in(files, [prepared[file] for file in new]), strict=True):
        with appearing(scratch := places[file].with_suffix(".new")) as (out,):
            write_json(out / "found.json", found)
        (scratch / "found.json").rename(places[file])
        scratch.rmdir()
    report = {}
    for file, place in places.items():
        found = json.loads(place.read_text(encoding="utf-8"))
        hows = [hit["how"] for hit in found.values()]
        report[f"{file.parent.name}.{file.stem}"] = {
            "sha256": heldout[file],
            "rows": _lines(file),
            "exact": hows.count("exact"),
            "near": hows.count("near"),
            "ids": found,
        }
    return {"version": folder.name, "mix": sha256_of(mix), "rows": sum(map(_lines, files)), "sets": report}


def found_in(files: list[Path], sets: list[HeldOutIndex]) -> list[Found]:
    """For each held-out set, its rows that stand in the training rows of `files`, each by the row that holds most."""
    best: list[dict[str, Overlap]] = [{} for _ in sets]
    records: Iterator[Record] = chain.from_iterable(read_records(file) for file in files) if sets else iter(())
    while batch := list(islice(records, BATCH)):
        rows = seen(batch)
        for found, heldout in zip(best, sets, strict=True):
            for hit in heldout.overlaps(rows):
                known = found.get(hit.heldout)
                if known is None or _rank(hit) < _rank(known):
                    found[hit.heldout] = hit
    return [
        {
            name: {"by": hit.by, "how": hit.how, "similarity": round(hit.similarity, 2)}
            for name, hit in sorted(found.items())
        }
        for found in best
    ]


def _rank(hit: Overlap) -> tuple[bool, float, str]:
    return hit.how != "exact", -hit.similarity, hit.by


def _lines(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(1 for _ in stream)
