"""Writes a version's mix: its own rows, the rows that it repeats of its ancestors, and what was left out and why.

Which rows are taken is decided in `selection.py`. Of a row that was taken, memory holds a hash, never the text.
A mix to which a source gives nothing is not built: a note says why, and its files of rows hold none.
"""

import csv
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from lineage.artifacts.ingest_counts import find_ingest_counts
from lineage.artifacts.mix_summary import ExcludedRows, FieldRows, MixSummary, OwnRows, Replayed, write_mix
from lineage.artifacts.not_built import NO_ROWS, NotBuilt, write_not_built
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core.errors import LineageError
from lineage.core.paths import rejected
from lineage.mixture.exclusions import Findings
from lineage.mixture.replay import ancestors_rows
from lineage.mixture.selection import Account, Chooser, chooser
from lineage.records.record import PARTS


def mix(c: Curriculum, v: ResolvedVersion, out: Path) -> MixSummary | NotBuilt:
    """Write the rows into `out`, and their summary, which is returned. A version that was adopted has no rows.

    Where a source gives no row, or all are withdrawn, a note is written and returned in its place.

    Raises:
        LineageError: another stage's findings are not there, an ancestor saw what none may have seen, or the mix names
            a field that no row is of.
    """
    version, spec, findings = v.name, v.spec, Findings()
    mine = chooser(c, version, findings)
    line, pool = ancestors_rows(mine)
    taken, own, by_field = mine.memory(), Counter[str](), Counter[tuple[str, str]]()
    no_rows = {} if mine.sources else dict.fromkeys(spec.mix, "it is withdrawn")
    with ExitStack() as stack:
        file = stack.enter_context((out / "own.jsonl").open("w", encoding="utf-8"))
        listed = csv.writer(stack.enter_context((out / "left_out.csv").open("w", encoding="utf-8", newline="")))
        listed.writerow(("reason", "id", "cause"))
        account = Account(listed=listed.writerow)
        for source in mine.sources:
            for choice in mine.own(source, taken, line, account):
                file.write((mine.as_trained(choice.record).to_json() + "\n") * choice.copies)
                own[source] += choice.copies
                if mine.sources[source].fields:
                    by_field[source, choice.record.field] += choice.copies
            _every_field_is_there(mine, source, account)
            if not own[source]:
                no_rows[source] = _nothing_taken(mine, source, account)

        file = stack.enter_context((out / "replay.jsonl").open("w", encoding="utf-8"))
        wanted = 0 if no_rows else round(own.total() * spec.replay / (1 - spec.replay))
        came_from: dict[str, Counter[str]] = {}
        for ancestor, record in pool.drawn(wanted, taken):
            file.write(mine.as_trained(record).to_json() + "\n")
            came_from.setdefault(ancestor, Counter())[record.source] += 1

    if no_rows:
        return _left_out(out, NotBuilt(version=version, no_rows=dict(sorted(no_rows.items()))))
    available = account.of("available")
    replayed = sum(counts.total() for counts in came_from.values())
    drawn = {ancestor: dict(counts) for ancestor, counts in came_from.items()}
    summary = MixSummary(
        version=version,
        rows=own.total() + replayed,
        own={
            source: OwnRows(
                form=entry.form,
                available=available[source],
                taken=own[source],
                fields={
                    field: FieldRows(available=rows, taken=by_field[source, field])
                    for (of, field), rows in sorted(account.fields.items())
                    if of == source
                },
            )
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


def _every_field_is_there(mine: Chooser, source: str, account: Account) -> None:
    """A misspelt field would be taken as often as all others, without a word."""
    there = {field for of, field in account.fields if of == source}
    if there and (strange := [field for field in mine.sources[source].fields if field not in there]):
        raise LineageError(
            f"versions.{mine.version}.mix.{source}.fields: no row to train on is of {', '.join(map(repr, strange))}; "
            f"its rows are of {', '.join(map(repr, sorted(there)))}"
        )


def _left_out(out: Path, note: NotBuilt) -> NotBuilt:
    """In place of a mix: `train` depends on both files of rows, and an empty one is warned of by DVC."""
    for part in PARTS:
        (out / f"{part}.jsonl").write_text("\n", encoding="utf-8")
    write_not_built(out, note)
    return note


def _nothing_taken(mine: Chooser, source: str, account: Account) -> str:
    """Why a source of the mix gives it no row, from the records alone: what the stage depends on, and no more."""
    entry, at = mine.sources[source], f"versions.{mine.version}"
    lost = {reason: account.counts[reason, source] for reason in ("excluded", "superseded", "contaminated")}
    if repeated := account.counts["duplicates", source]:
        return (
            f"all its rows repeat rows that are taken already ({repeated:,}); take it out, or set "
            f"{at}.deduplicate: none"
        )
    if account.counts["available", source]:
        return f"its weight {entry.weight} takes none of its rows; raise it"
    if lost["excluded"]:
        return f"it has only records made from documents that the version excludes ({lost['excluded']:,})"
    if any(lost.values()):
        return f"it has only records that are superseded or repeat held-out rows ({sum(lost.values()):,})"
    counts = find_ingest_counts(source)
    if counts and not counts.raw_rows:
        return NO_ROWS
    if counts and not counts.made and counts.rejected_rows:
        return f"all its {counts.rejected_rows:,} rows were rejected; see {rejected(source)}"
    held = counts.forms[entry.form].heldout if counts and entry.form in counts.forms else 0
    return f"it has no records of form {entry.form!r}" + (f" to train on, {held:,} are held out" if held else "")
