"""A version's training rows: `python -m stages.mix v2` → `data/mixes/v2/{own,replay}.jsonl` and `mix.json`.

`own.jsonl` holds what the version's mix asks for, `replay.jsonl` what it repeats of its ancestors' mixes. Which rows
are taken follows from a hash of seed, version and record id, so that a row's fate does not depend on its neighbours,
and an ancestor's choice can be made again without reading its mix.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lineage.curriculum import Curriculum, load_curriculum
from lineage.errors import LineageError
from lineage.files import appearing, write_json
from lineage.record import Record, from_json, read_records
from lineage.stage import argument, run_stage

RECORDS = Path("data/records")


def main() -> None:
    """Mix the version that the command line names."""
    c = load_curriculum()
    version = argument(f"a version, one of {', '.join(c.versions)}")
    if version not in c.versions:
        raise LineageError(f"unknown version {version!r}; params.yaml has {', '.join(c.versions)}")
    with appearing(Path("data/mixes", version)) as (out,):
        summary = mix(c, version, out)
    replayed = summary["replay"]["rows"]
    print(f"{version}: {summary['rows'] - replayed:,} rows of its own, {replayed:,} replayed")


def mix(c: Curriculum, version: str, out: Path) -> dict[str, Any]:
    """Write the rows into `out` and return what `mix.json` says.

    Raises:
        LineageError: if a source of the mix gave no records, or an ancestor saw what none may have seen.
    """
    spec = c.versions[version]
    barred = excluded_documents(spec.exclude)
    if spec.exclude_scope == "ancestry":
        unseen_by_ancestors(c, version, barred)
    dropped: Counter[str] = Counter()
    own: dict[str, dict[str, Any]] = {}
    own_ids: set[bytes] = set()

    with (out / "own.jsonl").open("w", encoding="utf-8") as file:
        for source, entry in spec.mix.items():
            counts: Counter[str] = Counter()
            for record, copies in chosen(c, version, source, barred, counts):
                own_ids.add(_key(record))
                file.write((record.to_json() + "\n") * copies)
                counts["taken"] += copies
            dropped += Counter({source: counts["dropped"]})
            if not counts["taken"]:
                raise LineageError(_nothing_taken(c, version, source, counts))
            own[source] = {"form": entry.form, "available": counts["available"], "taken": counts["taken"]}

    own_rows = sum(entry["taken"] for entry in own.values())
    wanted = round(own_rows * spec.replay / (1 - spec.replay))
    pool = replayable(c, version, barred, own_ids)
    picked = heapq.nsmallest(
        wanted, ((_chance(c.seed, "replay", version, r.id), a, r.to_json(), r.source) for a, r in pool)
    )
    came_from: dict[str, Counter[str]] = {}
    with (out / "replay.jsonl").open("w", encoding="utf-8") as file:
        for _, ancestor, line, source in picked:
            file.write(line + "\n")
            came_from.setdefault(ancestor, Counter())[source] += 1

    summary = {
        "version": version,
        "rows": own_rows + len(picked),
        "own": own,
        "replay": {"share": spec.replay, "rows": len(picked), "from": came_from},
        "excluded": {
            "scope": spec.exclude_scope,
            "sources": list(spec.exclude),
            "documents": len(barred),
            "dropped": dropped,
        },
    }
    write_json(out / "mix.json", summary)
    return summary


def unseen_by_ancestors(c: Curriculum, version: str, barred: set[str]) -> None:
    """Refuse an ancestor that was trained on text made from an excluded document, whatever its source is called."""
    for ancestor in c.ancestors(version):
        for source in c.versions[ancestor].mix:
            for record, copies in chosen(c, ancestor, source, excluded_documents(c.versions[ancestor].exclude)):
                if copies and barred.intersection(record.documents):
                    raise LineageError(
                        f"versions.{version}.exclude with exclude_scope: ancestry, but {ancestor} is trained on "
                        f"{record.id} ({record.origin.get('file')}), made from an excluded document; continue a "
                        f"version that is not, or use exclude_scope: mix"
                    )


def chosen(
    c: Curriculum, version: str, source: str, barred: set[str], counts: Counter[str] | None = None
) -> Iterator[tuple[Record, int]]:
    """The records of a source that a version takes, each with how often: weight 2.5 takes half of them a third time.

    Args:
        barred: the documents that this version excludes; rows made from them are not there to be taken.
        counts: gets the rows that were `available` and those `dropped` as barred.
    """
    entry = c.versions[version].mix[source]
    counts = Counter() if counts is None else counts
    rows = _allowed(RECORDS / source / "records.jsonl", entry.form, barred, counts)
    if entry.count is not None:
        ranked = ((_chance(c.seed, version, r.id), r.to_json()) for r in rows)
        for _, line in heapq.nsmallest(entry.count, ranked):
            yield from_json(line), 1
    elif entry.weight is not None:
        whole, part = divmod(entry.weight, 1)
        for record in rows:
            yield record, int(whole) + (_chance(c.seed, version, record.id) < part)


def _allowed(file: Path, form: str, barred: set[str], counts: Counter[str]) -> Iterator[Record]:
    for record in read_records(file):
        if record.form == form:
            fate = "dropped" if barred.intersection(record.documents) else "available"
            counts[fate] += 1
            if fate == "available":
                yield record


def _nothing_taken(c: Curriculum, version: str, source: str, counts: Counter[str]) -> str:
    entry = c.versions[version].mix[source]
    if counts["available"]:
        return f"versions.{version}.mix.{source}.weight: {entry.weight} takes none of its rows; raise it"
    why = f"no records of form {entry.form!r}"
    if counts["dropped"]:
        why = f"only records made from documents that the version excludes ({counts['dropped']:,})"
    remedy = f"put files into {c.raw_folder(source)}/ or take it out of versions.{version}.mix in params.yaml"
    return f"{version}: its source {source!r} has {why}; {remedy}"


def replayable(c: Curriculum, version: str, barred: set[str], own_ids: set[bytes]) -> Iterator[tuple[str, Record]]:
    """What the ancestors were trained on, once each, without what this version excludes or has of its own."""
    seen = set(own_ids)
    for ancestor in c.ancestors(version) if c.versions[version].replay else []:
        unseen = excluded_documents(c.versions[ancestor].exclude)  # the ancestor was not trained on them
        for source in c.versions[ancestor].mix:
            if source in c.versions[version].exclude:
                continue
            for record, copies in chosen(c, ancestor, source, unseen):
                key = _key(record)
                if copies and key not in seen and not barred.intersection(record.documents):
                    seen.add(key)
                    yield ancestor, record


def excluded_documents(sources: tuple[str, ...]) -> set[str]:
    """SHA-256 of every document behind the excluded sources, held-out ones included: their text may stand elsewhere."""
    files = [RECORDS / source / "documents.txt" for source in sources]
    return {line for file in files for line in file.read_text(encoding="utf-8").split()}


def _key(record: Record) -> bytes:
    return hashlib.blake2b(record.id.encode(), digest_size=8).digest()


def _chance(*parts: object) -> float:
    """A number in [0, 1) that is a function of `parts` alone."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


if __name__ == "__main__":
    run_stage(main)
