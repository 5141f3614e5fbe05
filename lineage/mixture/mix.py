"""Writes a version's mix: its own rows, the rows that it repeats of its ancestors, and what was left out and why.

Which rows are taken is decided in `selection.py`. Of a row that was taken, memory holds a hash, never the text.
"""

import csv
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from lineage.artifacts.mix_summary import ExcludedRows, MixSummary, OwnRows, Replayed, write_mix
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core.errors import LineageError
from lineage.mixture.exclusions import Findings
from lineage.mixture.replay import ancestors_rows
from lineage.mixture.selection import Account, Chooser, chooser


def mix(c: Curriculum, v: ResolvedVersion, out: Path) -> MixSummary:
    """Write the rows into `out`, and their summary, which is returned. A version that was adopted has none.

    Raises:
        LineageError: if a source of the mix gave no records or all are withdrawn, another stage's findings are not
            there, or an ancestor saw what none may have seen.
    """
    version, spec, findings = v.name, v.spec, Findings()
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
    drawn = {ancestor: dict(counts) for ancestor, counts in came_from.items()}
    summary = MixSummary(
        version=version,
        rows=own.total() + replayed,
        own={
            source: OwnRows(form=entry.form, available=available[source], taken=own[source])
            for source, entry in mine.sources.items()
        },
        replay=Replayed(share=spec.replay, rows=replayed, drawn=drawn),
        excluded=ExcludedRows(
            scope=spec.exclude_scope,
            sources=spec.exclude,
            documents=len(mine.barred),
            dropped=account.of("excluded"),
        ),
        duplicates=account.of("duplicates"),
        superseded=account.of("superseded"),
        contaminated=account.of("contaminated"),
        withdrawn={source: entry.form for source, entry in spec.mix.items() if source not in mine.sources},
    )
    write_mix(out, summary)
    return summary


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
