"""What ingest counts of a source, so that what came in equals what went out; it becomes an IngestCounts.

raw_rows = rejected_rows + rows that gave records; a row counts once, by the first thing that it gave
made     = records + heldout + duplicates
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from lineage.artifacts.ingest_counts import BothSides, IngestCounts
from lineage.config.schema import Source
from lineage.core.errors import LineageError
from lineage.core.number_set import NumberSet
from lineage.readers.io.unread import UnreadColumns
from lineage.records.record import Form


@dataclass
class Tally:
    """What was counted, so that what came in equals what went out."""

    raw_rows: int = 0
    made: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_parts: int = 0  # further records of a row that was counted already, such as a pair's other direction
    unread: UnreadColumns = field(default_factory=UnreadColumns)
    personal: Counter[str] = field(default_factory=Counter)  # pieces of personal data found, by kind
    kept: Counter[tuple[str, Form]] = field(default_factory=Counter)  # by side and form
    groups: dict[str, NumberSet] = field(default_factory=lambda: {"records": NumberSet(), "heldout": NumberSet()})
    seen: dict[Form, NumberSet] = field(default_factory=lambda: defaultdict(NumberSet))  # ids as numbers
    documents: set[str] = field(default_factory=set)


def counts(name: str, source: Source, tally: Tally) -> IngestCounts:
    """The counts of a source. Raises LineageError where a form that was asked for never came."""
    sides = {side: sum(n for (at, _), n in tally.kept.items() if at == side) for side in ("records", "heldout")}
    forms = {
        form: BothSides(records=tally.kept["records", form], heldout=tally.kept["heldout", form])
        for form in source.forms
    }
    rejected_rows = sum(tally.rejected.values())
    came = {form for form, both in forms.items() if both.records or both.heldout}
    if missing := [form for form in forms if tally.raw_rows > rejected_rows and form not in came]:
        raise LineageError(
            f"sources.{name}.forms: the reader {source.reader} gives no {', '.join(missing)}; take it out"
        )
    return IngestCounts(
        source=name,
        reader=source.reader,
        licence=source.licence,
        raw_rows=tally.raw_rows,
        rejected_rows=rejected_rows,
        rejected=dict(sorted(tally.rejected.items())),
        rejected_parts=tally.rejected_parts,
        made=tally.made,
        duplicates=tally.duplicates,
        unread=dict(sorted(tally.unread.rows.items(), key=lambda one: (-one[1], one[0]))),
        personal=dict(sorted(tally.personal.items())),
        records=sides["records"],
        heldout=sides["heldout"],
        forms=forms,
        groups=BothSides(records=len(tally.groups["records"]), heldout=len(tally.groups["heldout"])),
        note=_note(source, tally),
    )


def said_of_counts(done: IngestCounts) -> list[str]:
    """The counts in lines whose figures add up: rows as they came, records made of them, by form and by group.

    A row may give several records (one of each form, one of each section), so that rows and records are two things.
    """
    note = f" ({done.note})" if done.note else ""
    again = f", {done.duplicates:,} the same as another one" if done.duplicates else ""
    lines = [
        f"{done.source}: {done.raw_rows:,} raw rows, {done.rejected_rows:,} of them rejected → {done.made:,} records: "
        f"{done.records:,} to train on, {done.heldout:,} held out{again}{note}"
    ]
    if len(done.forms) > 1:
        of_forms = (f"{form} {n.records:,} and {n.heldout:,}" for form, n in done.forms.items())
        lines.append(f"  by form, to train on and held out: {', '.join(of_forms)}")
    if done.records or done.heldout:
        lines.append(
            f"  groups, which are never split: {done.groups.records:,} to train on, {done.groups.heldout:,} held out"
        )
    return lines


def _note(source: Source, tally: Tally) -> str:
    if source.withdrawn == "all":
        return "withdrawn"
    return "" if tally.raw_rows else "the folder holds no files"
