"""What of each held-out set stands in each version's training rows: `python -m stages.contamination`.

    data/contamination/v6.json    {"version": "v6", "rows": 5120, "sets": {"rules.record":
        {"rows": 49, "exact": 0, "near": 2, "ids": {"rules.record.9f…":
            {"by": "problems.prompt_answer.31…", "how": "near", "similarity": 0.93}}}}}

Of every held-out row the training row that holds most of it is named. A file speaks of the version's own mix and its
replay; what a model has seen is the union over its line. Found and reported, not removed: measures are given on the
clean part too, and a version that says `decontaminate: true` leaves such rows out. The measure is in
`stages/overlap.py`. Results are cached in `.state/contamination` by mix and set, so a new version or a new benchmark
costs only itself.
"""

import json
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lineage.errors import LineageError
from lineage.files import STATE, appearing, sha256, sha256_of, write_json
from lineage.record import PARTS, Record, read_records
from lineage.stage import run_stage
from stages import near, overlap
from stages.overlap import HeldOut, Overlap, seen

HELDOUT = Path("data/heldout")
MIXES = Path("data/mixes")
CONTAMINATION = Path("data/contamination")
BATCH = 256

Found = dict[str, dict[str, Any]]  # by held-out id: by, how, similarity


def main() -> None:
    """Compare every mix with every held-out set."""
    folders = sorted(folder for folder in MIXES.glob("*") if folder.is_dir())
    if not folders:
        raise LineageError(f"{MIXES}: no mixes; run `dvc repro mix` first")
    prepared: dict[Path, HeldOut] = {}
    with appearing(CONTAMINATION) as (out,):
        for folder in folders:
            report = contamination(folder, prepared)
            write_json(out / f"{folder.name}.json", report)
            repeated = {name: len(found["ids"]) for name, found in report["sets"].items() if found["ids"]}
            said = ", ".join(f"{n} of {report['sets'][name]['rows']} {name}" for name, n in repeated.items())
            print(f"{folder.name}: {said or 'no held-out row stands in its mix'}")


def contamination(folder: Path, prepared: dict[Path, HeldOut]) -> dict[str, Any]:
    """The report of one mix. Held-out sets are added to `prepared` as they are needed, for the next mix.

    Raises:
        LineageError: if the mix is not there.
    """
    files = [folder / f"{part}.jsonl" for part in PARTS]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise LineageError(f"{missing[0]}: missing; run `dvc repro mix@{folder.name}`")
    sets = sorted(HELDOUT.glob("*/*.jsonl"))
    code = [sha256(Path(str(module))) for module in (__file__, near.__file__, overlap.__file__)]
    mix_key = sha256_of([[sha256(file) for file in files], code])
    places = {file: STATE / "contamination" / mix_key / f"{sha256(file)}.json" for file in sets}
    new = [file for file, place in places.items() if not place.is_file()]
    prepared.update((file, HeldOut(file)) for file in new if file not in prepared)
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
            "rows": _lines(file),
            "exact": hows.count("exact"),
            "near": hows.count("near"),
            "ids": found,
        }
    return {"version": folder.name, "rows": sum(map(_lines, files)), "sets": report}


def found_in(files: list[Path], sets: list[HeldOut]) -> list[Found]:
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


if __name__ == "__main__":
    run_stage(main)
