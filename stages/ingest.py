"""Ingest: a source's raw files or converted documents → records to train on, and records held out.

    python -m stages.ingest krx_samples
    krx_samples: 1,500 rows → 1,270 to train on, 230 held out, 0 rejected

    data/records/<source>/records.jsonl    what versions may train on, in the order of the files
    data/records/<source>/rejected.jsonl   every raw row that gave no record: its place, the reason, a remedy
    data/records/<source>/ingest.json      the counts, which balance: nothing is dropped unseen
    data/records/<source>/documents.txt    SHA-256 of every document behind a row, held out or not
    data/heldout/<source>/<form>.jsonl     what no version ever trains on

A group (an article, a passage, an original question) is held out by the hash of its text alone: adding data
moves no group to the other side.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lineage.curriculum import Source, load_curriculum
from lineage.errors import LineageError
from lineage.files import appearing, write_json
from lineage.record import Form, Record, Rejected
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
from stages.readers.clean import clean, one_line
from stages.readers.personal import masked

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
LONG_GROUP = 200
CHAT_TOKEN = re.compile(r"<\|(im_start|im_end|endoftext)\|>")


@dataclass
class Tally:
    """What was counted, so that what came in equals what went out."""

    raw_rows: int = 0
    made: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_parts: int = 0  # further records of a row that was counted already, such as a pair's other direction
    personal: Counter[str] = field(default_factory=Counter)  # pieces of personal data found, by kind
    kept: Counter[tuple[str, Form]] = field(default_factory=Counter)  # by side and form
    groups: dict[str, set[int]] = field(default_factory=lambda: {"records": set(), "heldout": set()})
    seen: dict[Form, set[int]] = field(default_factory=lambda: defaultdict(set))  # ids, 8 bytes each
    documents: set[str] = field(default_factory=set)


def main() -> None:
    """Ingest the source that the command line names."""
    curriculum = load_curriculum()
    name = argument(f"a source, one of {', '.join(curriculum.sources)}")
    if name not in curriculum.sources:
        raise LineageError(f"{name!r} is no source in params.yaml; it has {', '.join(curriculum.sources)}")
    with appearing(Path("data/heldout", name), Path("data/records", name)) as (heldout, records):
        counts = ingest(curriculum.input_folder(name), records, heldout, name, curriculum.sources[name])
    note = f" ({counts['note']})" if counts["note"] else ""
    print(
        f"{name}: {counts['raw_rows']:,} rows → {counts['records']:,} to train on, "
        f"{counts['heldout']:,} held out, {counts['rejected_rows']:,} rejected{note}"
    )
    for reason, rows in counts["rejected"].items():
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
                row = {"origin": item.origin, "reason": item.reason, "remedy": item.remedy, "rows": item.rows}
                rejected.write(json.dumps(row, ensure_ascii=False) + "\n")
                continue
            out = is_heldout(item.group, source.heldout)
            (held[item.form] if out else train).write(item.to_json() + "\n")
            tally.kept["heldout" if out else "records", item.form] += 1
            tally.groups["heldout" if out else "records"].add(_int64(item.group))
            tally.documents.update(item.documents)
    counts = _counts(name, source, tally)
    (records / "documents.txt").write_text("".join(f"{d}\n" for d in sorted(tally.documents)), encoding="utf-8")
    write_json(records / "ingest.json", counts)
    return counts


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
            found = cleaned(found)
        if isinstance(found, Record):
            found = _without_personal_data(found, source, tally)
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


def as_record_form(record: Record) -> Record:
    """The same question, its answer as JSON: {"답": "B. 자산", "분야": "회계"}, the field if it is known."""
    known = record.origin.get("field")

    def wrapped(answer: str) -> str:
        return json.dumps({"답": answer} | ({"분야": known} if known else {}), ensure_ascii=False)

    answer = {**record.turns[-1], "content": wrapped(record.completion)}
    return replace(
        record, form="record", turns=(*record.turns[:-1], answer), options=tuple(map(wrapped, record.options))
    )


def cleaned(record: Record) -> Record | Rejected:
    """The record with clean text and a group that fits a line, or the reason why it cannot be written."""
    turns = tuple({**turn, "content": clean(turn["content"])} for turn in record.turns)
    if not all(turn["content"] for turn in turns):
        return Rejected(record.origin, "a text without a visible character", "fill it in, or leave the row out")
    try:
        "".join((record.group, *record.options, *(turn["content"] for turn in turns))).encode()
    except UnicodeEncodeError as error:
        return Rejected(record.origin, "half a character", f"{error.reason}: an emoji was cut in two; repair the text")
    if found := CHAT_TOKEN.search("".join(turn["content"] for turn in turns)):
        return Rejected(
            record.origin, "a chat token in the text", f"{found[0]} would end the turn; take it out of the row"
        )
    options = tuple(map(clean, record.options))
    if record.correct is not None and options[record.correct] != turns[-1]["content"]:
        return Rejected(record.origin, "the right option is not the answer", f"{options!r:.120}")
    return replace(record, turns=turns, options=options, group=group_name(record.group))


def _without_personal_data(record: Record, source: Source, tally: Tally) -> Record | Rejected:
    """The record as `sources.<source>.personal` wants it; what was found is counted in any case."""
    texts = [masked(turn["content"]) for turn in record.turns]
    kinds = sum((found for _, found in texts), Counter[str]())
    if not kinds:
        return record
    tally.personal += kinds
    if source.personal == "keep":
        return record
    if source.personal == "refuse":
        return Rejected(record.origin, "personal data", f"{', '.join(sorted(kinds))}: take it out of the row")
    turns = tuple({**turn, "content": text} for turn, (text, _) in zip(record.turns, texts, strict=True))
    options = tuple(masked(option)[0] for option in record.options)
    return replace(record, turns=turns, options=options, group=masked(record.group)[0])


def group_name(group: str) -> str:
    """A group's text on one line; a long one by its beginning and its hash, which name it just as well."""
    line = one_line(group)
    return line if len(line) <= LONG_GROUP else f"{line[:80]}… {sha256(line.encode()).hexdigest()[:16]}"


def is_heldout(group: str, share: float) -> bool:
    """Whether a group is in the `share` that is held out: by its hash, so whatever else there is."""
    return _int64(group) / 2**64 < share


def _int64(text: str) -> int:
    return int(sha256(text.encode()).hexdigest()[:16], 16)


def _counts(name: str, source: Source, tally: Tally) -> dict[str, Any]:
    """The content of ingest.json. Raises LineageError where a form that was asked for never came."""
    sides = {side: sum(n for (at, _), n in tally.kept.items() if at == side) for side in ("records", "heldout")}
    forms = {f: {side: tally.kept[side, f] for side in ("records", "heldout")} for f in source.forms}
    assert tally.made == sides["records"] + sides["heldout"] + tally.duplicates, (
        f"{name}: the rows do not balance: {tally}"
    )
    assert not tally.groups["records"] & tally.groups["heldout"], f"{name}: a group is on both sides"
    rejected_rows = sum(tally.rejected.values())
    if missing := [form for form, n in forms.items() if tally.raw_rows > rejected_rows and not sum(n.values())]:
        raise LineageError(
            f"sources.{name}.forms: the reader {source.reader} gives no {', '.join(missing)}; take it out"
        )
    return {
        "source": name,
        "reader": source.reader,
        "licence": source.licence,
        "raw_rows": tally.raw_rows,
        "rejected_rows": rejected_rows,
        "rejected": dict(sorted(tally.rejected.items())),
        "rejected_parts": tally.rejected_parts,
        "made": tally.made,
        "duplicates": tally.duplicates,
        "personal": dict(sorted(tally.personal.items())),
        **sides,
        "forms": forms,
        "groups": {side: len(found) for side, found in tally.groups.items()},
        "note": _note(source, tally),
    }


def _note(source: Source, tally: Tally) -> str:
    if source.withdrawn == "all":
        return "withdrawn"
    return "" if tally.raw_rows else "the folder holds no files"


if __name__ == "__main__":
    run_stage(main)
