"""Ingest: a source's raw files or converted documents → records to train on, and records held out.

    python -m stages.ingest krx_samples
    krx_samples: 1,500 rows → 1,270 to train on, 230 held out, 0 rejected

    data/records/<source>/records.jsonl    what versions may train on, in the order of the files
    data/records/<source>/rejected.jsonl   every raw row that gave no record: its place, the reason, a remedy
    data/records/<source>/ingest.json      the counts, which balance: nothing is dropped unseen
    data/records/<source>/documents.txt    SHA-256 of every document behind a row, held out or not
    data/heldout/<source>/<form>.jsonl     what no version ever trains on

A group (an article, a passage, an original question) is held out by the hash of its text alone: adding data
moves no group to the other side. What a reader gives is cleaned in readers/fitting.py, counted in readers/tally.py.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

from lineage.curriculum import Source, load_curriculum
from lineage.errors import LineageError
from lineage.files import appearing, write_json
from lineage.record import Record, Rejected
from lineage.stage import argument, run_stage
from stages.readers import (
    accounting,
    aihub_parallel,
    arithmetic,
    companies,
    dart,
    generated,
    glossary,
    instructions,
    loans,
    mcqa,
    metamath,
    mrc,
    pairs,
    prompt_response,
    questions,
    references,
    reports,
    rules,
    table_qa,
)
from stages.readers.fitting import as_record_form, fitted
from stages.readers.personal import masked
from stages.readers.tally import Tally, counts

Reader = Callable[[Path, Sequence[str]], Iterator[Record | Rejected]]
READERS: dict[str, Reader] = {
    "accounting": accounting.read,
    "aihub_parallel": aihub_parallel.read,
    "arithmetic": arithmetic.read,
    "companies": companies.read,
    "dart": dart.read,
    "generated": generated.read,
    "glossary": glossary.read,
    "instructions": instructions.read,
    "loans": loans.read,
    "mcqa": mcqa.read,
    "metamath": metamath.read,
    "mrc": mrc.read,
    "pairs": pairs.read,
    "prompt_response": prompt_response.read,
    "questions": questions.read,
    "references": references.read,
    "reports": reports.read,
    "rules": rules.read,
    "table_qa": table_qa.read,
}
WRITE_RECORD_FORM = ("rules",)  # the readers whose `record` form is their own; for the others it is derived


def main() -> None:
    """Ingest the source that the command line names."""
    curriculum = load_curriculum()
    name = argument(f"a source, one of {', '.join(curriculum.sources)}")
    if name not in curriculum.sources:
        raise LineageError(f"{name!r} is no source in params.yaml; it has {', '.join(curriculum.sources)}")
    with appearing(Path("data/heldout", name), Path("data/records", name)) as (heldout, records):
        done = ingest(curriculum.input_folder(name), records, heldout, name, curriculum.sources[name])
    note = f" ({done['note']})" if done["note"] else ""
    print(
        f"{name}: {done['raw_rows']:,} rows → {done['records']:,} to train on, "
        f"{done['heldout']:,} held out, {done['rejected_rows']:,} rejected{note}"
    )
    for reason, rows in done["rejected"].items():
        print(f"  rejected {rows:,}: {reason}; see data/records/{name}/rejected.jsonl")


def ingest(folder: Path, records: Path, heldout: Path, name: str, source: Source) -> dict[str, Any]:
    """Read `folder`, write the files named above into the folders `records` and `heldout`, return the counts.

    Raises:
        LineageError: no such folder, an unknown reader, a drifted schema, a form that the reader never gives.
    """
    if source.reader not in READERS:
        raise LineageError(f"sources.{name}.reader: {source.reader!r} is none of {', '.join(sorted(READERS))}")
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
    (records / "documents.txt").write_text("".join(f"{d}\n" for d in sorted(tally.documents)), encoding="utf-8")
    write_json(records / "ingest.json", balance)
    return balance


def _items(folder: Path, name: str, source: Source, tally: Tally) -> Iterator[Record | Rejected]:
    """What the reader gives: cleaned, placed, in the forms asked for, without repetitions, all counted."""
    if source.withdrawn == "all":
        return
    withdrawn = set(source.withdrawn)
    last: dict[str, Any] | None = None
    for found in READERS[source.reader](folder, source.forms):
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
        for record in _forms(found, source):
            placed = record.placed(name, source.licence)
            seen, digest = tally.seen[placed.form], int(placed.id.rpartition(".")[2], 16)
            tally.made += 1
            if digest in seen:
                tally.duplicates += 1
            else:
                seen.add(digest)
                yield placed


def _forms(record: Record, source: Source) -> Iterator[Record]:
    derives = "record" in source.forms and source.reader not in WRITE_RECORD_FORM
    derived = derives and record.form == "prompt_answer"
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


if __name__ == "__main__":
    run_stage(main)
