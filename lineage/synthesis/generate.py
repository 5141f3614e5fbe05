"""Asks a writer, a rule or a model, about every record of a reference, checks what it proposes, and counts both.

Training and held-out records are both asked about; every row keeps the group, the documents and the as-of date of its
record. So a question is held out exactly when its reference is, and goes when the document behind it goes.
"""

import json
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from lineage.config.schema import Curriculum, Generated
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.records.record import Record, read_records
from lineage.synthesis.balance import GenerationCounts
from lineage.synthesis.endpoint import Endpoint
from lineage.synthesis.filters import refusal
from lineage.synthesis.llm_writer import Asking
from lineage.synthesis.proposal import Proposal, Reference, Unusable, Writer, Written, draws
from lineage.synthesis.reference import PREFERRED, reference_of
from lineage.synthesis.rule_writer import Cloze

TELL = 100  # references between two lines of progress


def writer_of(wanted: Generated, seed: int) -> Writer:
    """The writer that an entry of `generated:` asks for."""
    if wanted.model is None:
        return Cloze(wanted.per_record, seed)
    return Asking(wanted.kind, wanted.per_record, Endpoint(wanted.model, seed))


def records_of(curriculum: Curriculum, wanted: Generated) -> Iterator[tuple[Record, bool]]:
    """The records of the reference, to train on and held out, and whether theirs is the form that texts come from.

    Raises:
        LineageError: they were not made yet, or are summaries that are to be summarised.
    """
    source = wanted.reference
    forms = curriculum.sources[source].forms
    form = next(form for form in PREFERRED if form in forms)
    if wanted.kind == form == "summary":
        raise LineageError(
            f"sources.{source}.forms: only summaries, which a model would summarise again; add document to them"
        )
    for path in (paths.records(source), paths.HELDOUT / source):
        if not path.exists():
            raise LineageError(f"{path}: no such records; run `dvc repro ingest@{source}` first")
        for record in read_records(path):
            yield record, record.form == form


def generate(records: Iterator[tuple[Record, bool]], out: Path, name: str, writer: Writer, seed: int) -> dict[str, Any]:
    """Ask about every record, write what became of it, return the counts.

    Args:
        records: each with whether texts are made from its form; see `records_of`.
        out: a folder that is there; gets rows.jsonl, rejected.jsonl, answers.jsonl and generate.json.
        name: what params.yaml calls the generated source.
        writer: who proposes questions and answers.
        seed: of the order of a question's options.

    Raises:
        LineageError: the endpoint fails, or there is none and an answer is not in the cache.
    """
    tally, by = GenerationCounts(), writer.by()
    names = ("rows", "rejected", "answers")
    rows, rejected, answers = ((out / f"{n}.jsonl").open("w", encoding="utf-8", newline="\n") for n in names)
    with rows, rejected, answers:
        for reference, written in _written(_references(records, tally), writer):
            if written.answer and tally.is_new(written.answer):
                answers.write(_line(dict(sorted(written.answer.items()))))  # as the cache orders them
            if not written.proposals:
                tally.skipped["nothing to ask by rule"] += 1
                continue
            tally.used += 1
            for item, reason in _judged(reference, written):
                tally.made += 1
                if reason:
                    tally.rejected[reason] += 1
                    rejected.write(_line({"from": reference.record, "reason": reason, **_shown(item)}))
                    continue
                assert isinstance(item, Proposal)
                item = shuffled(item, reference.record, seed)
                tally.keep(item)
                rows.write(_line(row_of(item, reference, by)))
            if writer.parallel > 1 and tally.used % TELL == 0:
                print(f"  {tally.used:,} texts asked about", flush=True)
    counts = tally.counts(name, by)
    write_json(out / "generate.json", counts)
    return counts


def shuffled(proposal: Proposal, record: str, seed: int) -> Proposal:
    """The proposal with its options in an order drawn from seed, record and question: each letter is right as often."""
    if proposal.correct is None:
        return proposal
    order = list(range(len(proposal.options)))
    draws(seed, "letters", record, proposal.question).shuffle(order)
    options = tuple(proposal.options[i] for i in order)
    return replace(proposal, options=options, correct=order.index(proposal.correct))


def row_of(proposal: Proposal, reference: Reference, by: dict[str, str]) -> dict[str, Any]:
    """A row of rows.jsonl."""
    return {
        "from": reference.record,
        "group": reference.group,
        "documents": list(reference.documents),
        "as_of": reference.as_of,
        "name": reference.name,
        "question": proposal.question,
        "answer": proposal.answer,
        "options": list(proposal.options),
        "correct": proposal.correct,
        "reasoning": proposal.reasoning,
        "shown": proposal.shown,
        "reference": reference.text,
        "by": by,
    }


def _references(records: Iterator[tuple[Record, bool]], tally: GenerationCounts) -> Iterator[Reference]:
    for record, preferred in records:
        tally.records += 1
        found = reference_of(record) if preferred else "the same text in another form"
        if isinstance(found, str):
            tally.skipped[found] += 1
            continue
        text = int(sha256(f"{found.name}\0{found.text}".encode()).hexdigest()[:16], 16)
        if text in tally.texts:
            tally.skipped["the text of an earlier record"] += 1
            continue
        tally.texts.add(text)
        yield found


def _written(references: Iterator[Reference], writer: Writer) -> Iterator[tuple[Reference, Written]]:
    """What the writer makes of each, in order; a few are asked at once, and no more are read than are asked."""
    if writer.parallel == 1:
        yield from ((reference, writer.propose(reference)) for reference in references)
        return
    pool = ThreadPoolExecutor(writer.parallel)
    waiting: deque[tuple[Reference, Future[Written]]] = deque()
    try:
        for reference in references:
            waiting.append((reference, pool.submit(writer.propose, reference)))
            if len(waiting) > 2 * writer.parallel:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _judged(reference: Reference, written: Written) -> Iterator[tuple[Proposal | Unusable, str]]:
    """Each proposal with the reason against it, "" where there is none."""
    asked: set[str] = set()
    for item in written.proposals:
        if isinstance(item, Unusable):
            yield item, item.reason
        elif item.question in asked:
            yield item, "the question was asked before"
        else:
            asked.add(item.question)
            yield item, refusal(item, reference)


def _shown(item: Proposal | Unusable) -> dict[str, Any]:
    if isinstance(item, Unusable):
        return {"said": item.said}
    return {
        "question": item.question,
        "answer": item.answer,
        "options": list(item.options),
        "reasoning": item.reasoning,
    }


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
