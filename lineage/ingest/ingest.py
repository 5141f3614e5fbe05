"""Reads a source, cleans and counts its rows, and splits them into records to train on and records held out.

A group (an article, a passage, an original question) is held out by the hash of its text alone: adding data moves no
group to the other side. What a reader gives is cleaned in `sanitize.py` and counted in `tally.py`.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lineage.artifacts.conversion import find_conversion
from lineage.artifacts.ingest_counts import IngestCounts, write_ingest_counts
from lineage.config.load import mistaken
from lineage.config.schema import Source
from lineage.core.errors import LineageError
from lineage.ingest.sanitize import as_record_form, fitted
from lineage.ingest.tally import Tally, counts
from lineage.readers import SourceReader, reader, reader_mistakes
from lineage.readers.text.pii import masked
from lineage.records.record import Record, Rejected


def ingest(folder: Path, records: Path, heldout: Path, name: str, source: Source) -> IngestCounts:
    """Read a source, write what it gives into two folders, return the counts.

    Args:
        folder: the source's raw files or converted documents.
        records: gets records.jsonl, rejected.jsonl, documents.txt and ingest.json; must be there.
        heldout: gets `<form>.jsonl` for each form of the source; must be there.
        name: what params.yaml calls the source.
        source: what params.yaml says of it.

    Raises:
        LineageError: no such folder, an unknown reader, a drifted schema, a form that the reader never gives.
    """
    if wrong := list(reader_mistakes(name, source)):
        raise mistaken(wrong)
    if not folder.is_dir():
        raise LineageError(
            f"{folder}: no such folder; put the files of {name} there, or set data: sample in params.yaml"
        )
    tally = Tally()
    with ExitStack() as stack:

        def lines(path: Path) -> Any:
            return stack.enter_context(path.open("w", encoding="utf-8", newline="\n"))

        rejected = lines(records / "rejected.jsonl")
        train = lines(records / "records.jsonl")
        held = {form: lines(heldout / f"{form}.jsonl") for form in source.forms}
        for item in _items(folder, name, source, tally):
            if isinstance(item, Rejected):
                remedy = item.remedy if source.personal == "keep" else masked(item.remedy)[0]  # it may quote the row
                row = {"origin": item.origin, "reason": item.reason, "remedy": remedy, "rows": item.rows}
                rejected.write(json.dumps(row, ensure_ascii=False) + "\n")
                continue
            out = is_heldout(item.group, source.heldout)
            (held[item.form] if out else train).write(item.to_json() + "\n")
            tally.kept["heldout" if out else "records", item.form] += 1
            tally.groups["heldout" if out else "records"].add(_int64(item.group))
            tally.documents.update(item.documents)
    balance = counts(name, source, tally)
    if conversion := find_conversion(folder):
        balance = balance.model_copy(update={"conversion": conversion})
    (records / "documents.txt").write_text("".join(f"{d}\n" for d in sorted(tally.documents)), encoding="utf-8")
    write_ingest_counts(records, balance)
    return balance


def _items(folder: Path, name: str, source: Source, tally: Tally) -> Iterator[Record | Rejected]:
    """What the reader gives: cleaned, placed, in the forms asked for, without repetitions, all counted."""
    if source.withdrawn == "all":
        return
    withdrawn = set(source.withdrawn)
    found_by = reader(source.reader)
    last: dict[str, Any] | None = None
    for found in found_by.found_in(folder, source, tally.unread):
        if isinstance(found, Record) and withdrawn.intersection(found.documents):
            found = Rejected(found.origin, "made from a withdrawn document", f"see sources.{name}.withdrawn")
        if isinstance(found, Record):
            found, personal = fitted(found, source.personal)
            tally.personal += personal
        first, last = found.origin != last, found.origin  # a row may give several records, one after the other
        if isinstance(found, Rejected):
            if first:
                tally.raw_rows += found.rows
                tally.rejected[found.reason] += found.rows
            else:
                tally.rejected_parts += 1
            yield found
            continue
        tally.raw_rows += first
        for record in _forms(found, source, found_by):
            placed = record.placed(name, source.licence)
            seen, digest = tally.seen[placed.form], int(placed.id.rpartition(".")[2], 16)
            tally.made += 1
            if seen.add(digest):
                yield placed
            else:
                tally.duplicates += 1


def _forms(record: Record, source: Source, found_by: SourceReader) -> Iterator[Record]:
    derives = "record" in source.forms and not found_by.own_record
    derived = derives and record.form == "prompt_answer"
    if source.supervise == "all" and len(record.turns) > 3:  # a system turn and one exchange are three
        record = replace(record, supervise="all")
    if record.form in source.forms:
        yield record
    elif not derived:
        raise LineageError(
            f"{record.origin}: the reader {source.reader} gives the form {record.form}, but its source "
            f"in params.yaml asks for {', '.join(source.forms)}; ask for that, or choose another reader"
        )
    if derived:
        yield as_record_form(record)


def is_heldout(group: str, share: float) -> bool:
    """Whether a group is in the `share` that is held out: by its hash, so whatever else there is."""
    return _int64(group) / 2**64 < share


def _int64(text: str) -> int:
    return int(sha256(text.encode()).hexdigest()[:16], 16)
