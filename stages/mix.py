"""A version's training rows: `python -m stages.mix v2` → `data/mixes/v2/`.

    own.jsonl       what the version's mix asks for
    replay.jsonl    what it repeats of its ancestors' mixes
    left_out.csv    reason,id,cause: the rows that were left out, and the row or document that each stood back for
    mix.json        the counts, by source and reason

Which rows are taken is decided in `stages/choice.py`. Of a row that was taken, memory holds a hash, never the text.
"""

import csv
from array import array
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from lineage.curriculum import Curriculum, load_curriculum
from lineage.errors import LineageError
from lineage.files import appearing, write_json
from lineage.record import Record, record_at
from lineage.stage import argument, run_stage
from stages.choice import Account, Choice, Chooser, chance, chooser, records_file
from stages.findings import Findings, Repetitions, Taken


def main() -> None:
    """Mix the version that the command line names."""
    c = load_curriculum()
    version = argument(f"a version, one of {', '.join(c.versions)}")
    if version not in c.versions:
        raise LineageError(f"unknown version {version!r}; params.yaml has {', '.join(c.versions)}")
    with appearing(Path("data/mixes", version)) as (out,):
        summary = mix(c, version, out)
    replayed = summary["replay"]["rows"]
    reasons = {reason: sum(summary[reason].values()) for reason in ("superseded", "contaminated", "duplicates")}
    reasons["excluded"] = sum(summary["excluded"]["dropped"].values())
    left_out = "".join(f", {rows:,} {reason}" for reason, rows in reasons.items() if rows)
    print(f"{version}: {summary['rows'] - replayed:,} rows of its own, {replayed:,} replayed{left_out}")


def mix(c: Curriculum, version: str, out: Path) -> dict[str, Any]:
    """Write the rows into `out` and return what `mix.json` says. A version that was adopted has none.

    Raises:
        LineageError: if a source of the mix gave no records or all are withdrawn, another stage's findings are not
            there, or an ancestor saw what none may have seen.
    """
    spec, findings = c.versions[version], Findings()
    mine = chooser(c, version, findings)
    if spec.mix and not mine.sources:
        raise LineageError(
            f"{version}: every source of its mix is withdrawn ({', '.join(spec.mix)}); name another one in "
            f"versions.{version}.mix, or take {version} and what continues it out of params.yaml"
        )
    line, pool = ancestors_rows(mine)
    taken, own = mine.memory(), Counter[str]()
    with ExitStack() as stack:
        file = stack.enter_context((out / "own.jsonl").open("w", encoding="utf-8"))
        listed = csv.writer(stack.enter_context((out / "left_out.csv").open("w", encoding="utf-8", newline="")))
        listed.writerow(("reason", "id", "cause"))
        account = Account(listed=listed.writerow)
        for source in mine.sources:
            for choice in mine.own(source, taken, line, account):
                file.write((mine.as_trained(choice.record).to_json() + "\n") * choice.copies)
                own[source] += choice.copies
            if not own[source]:
                raise LineageError(_nothing_taken(mine, source, account))

        file = stack.enter_context((out / "replay.jsonl").open("w", encoding="utf-8"))
        wanted = round(own.total() * spec.replay / (1 - spec.replay))
        came_from: dict[str, Counter[str]] = {}
        for ancestor, record in pool.drawn(wanted, taken):
            file.write(mine.as_trained(record).to_json() + "\n")
            came_from.setdefault(ancestor, Counter())[record.source] += 1

    available = account.of("available")
    replayed = sum(counts.total() for counts in came_from.values())
    summary = {
        "version": version,
        "rows": own.total() + replayed,
        "own": {
            source: {"form": entry.form, "available": available[source], "taken": own[source]}
            for source, entry in mine.sources.items()
        },
        "replay": {"share": spec.replay, "rows": replayed, "from": came_from},
        "excluded": {
            "scope": spec.exclude_scope,
            "sources": list(spec.exclude),
            "documents": len(mine.barred),
            "dropped": account.of("excluded"),
        },
        "duplicates": account.of("duplicates"),
        "superseded": account.of("superseded"),
        "contaminated": account.of("contaminated"),
        "withdrawn": {source: entry.form for source, entry in spec.mix.items() if source not in mine.sources},
    }
    write_json(out / "mix.json", summary)
    return summary


class Pool:
    """What the ancestors of a version were trained on, to be drawn from: 20 bytes a row."""

    def __init__(self, mine: Chooser) -> None:
        self.mine = mine
        self.ancestors = mine.c.ancestors(mine.version)
        self.names = list(mine.c.sources)
        self.ranks, self.places = array("d"), array("q")
        self.depths, self.sources = array("H"), array("H")

    def add(self, ancestor: str, choice: Choice) -> None:
        """A row that an ancestor was trained on."""
        self.ranks.append(chance(self.mine.c.seed, "replay", self.mine.version, choice.record.id))
        self.places.append(choice.at)
        self.depths.append(self.ancestors.index(ancestor))
        self.sources.append(self.names.index(choice.record.source))

    def drawn(self, wanted: int, taken: Taken) -> Iterator[tuple[str, Record]]:
        """`wanted` rows at most with their nearest ancestor, none twice and none that repeats what is `taken`."""
        with ExitStack() as stack:
            files = {
                source: stack.enter_context(records_file(self.names[source]).open("rb"))
                for source in sorted(set(self.sources))
            }
            for row in np.lexsort((self.depths, self.ranks)):
                if not wanted:
                    return
                record = record_at(files[self.sources[row]], self.places[row])
                against, _ = self.mine.reason_against(record)
                if against or taken.repeated(record) or self.mine.heldout_twins([record])[0]:
                    continue
                taken.add(record)
                wanted -= 1
                yield self.ancestors[self.depths[row]], record


def ancestors_rows(mine: Chooser) -> tuple[Taken, Pool]:
    """What the line before a version was trained on: as a memory for `deduplicate: ancestry`, and as a pool for replay.

    Raises:
        LineageError: if an ancestor was trained on text made from an excluded document, whatever its source is called,
            and the version's `exclude_scope` is `ancestry`.
    """
    c, spec, pool = mine.c, mine.c.versions[mine.version], Pool(mine)
    line = [mine.version, *c.ancestors(mine.version)]
    remembers = any(c.versions[v].deduplicate == "ancestry" for v in line)
    memory = Taken(mine.findings.repetitions if remembers else Repetitions())
    if not (spec.replay or spec.deduplicate == "ancestry" or spec.exclude_scope == "ancestry"):
        return memory, pool
    for ancestor in reversed(line[1:]):
        theirs = chooser(c, ancestor, mine.findings)
        taken = theirs.memory()
        for source in theirs.sources:
            for choice in theirs.own(source, taken, memory, Account()):
                if spec.exclude_scope == "ancestry" and mine.barred.intersection(choice.record.documents):
                    raise LineageError(_seen_by(mine.version, ancestor, choice.record))
                if remembers:
                    memory.add(choice.record)
                if spec.replay and source not in spec.exclude:
                    pool.add(ancestor, choice)
    return memory, pool


def _seen_by(version: str, ancestor: str, record: Record) -> str:
    return (
        f"versions.{version}.exclude with exclude_scope: ancestry, but {ancestor} is trained on {record.id} "
        f"({record.origin.get('file')}), made from an excluded document; continue a version that is not, or use "
        f"exclude_scope: mix"
    )


def _nothing_taken(mine: Chooser, source: str, account: Account) -> str:
    entry, at = mine.sources[source], f"versions.{mine.version}"
    lost = {reason: account.counts[reason, source] for reason in ("excluded", "superseded", "contaminated")}
    repeated = account.counts["duplicates", source]
    if repeated:
        return (
            f"{at}.mix.{source}: all its rows repeat rows that are taken already ({repeated:,}); take it out, or set "
            f"{at}.deduplicate: none"
        )
    if account.counts["available", source]:
        return f"{at}.mix.{source}.weight: {entry.weight} takes none of its rows; raise it"
    why = f"no records of form {entry.form!r}"
    if lost["excluded"]:
        why = f"only records made from documents that the version excludes ({lost['excluded']:,})"
    elif any(lost.values()):
        why = f"only records that are superseded or repeat held-out rows ({sum(lost.values()):,})"
    remedy = f"put files into {mine.c.raw_folder(source)}/ or take it out of {at}.mix in params.yaml"
    return f"{mine.version}: its source {source!r} has {why}; {remedy}"


if __name__ == "__main__":
    run_stage(main)
