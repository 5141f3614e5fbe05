"""Questions about a passage or a table: SQuAD's form and its relatives at AI Hub, one row a question.

    {"data": [{"doc_title": "…", "paragraphs": [{"context": "…", "qas": [{"question": "…", "answer": {…}}]}]}]}
    {"dataset": {"context_info": [{"context": "<table>…", "qas": [{"question-1": "…", "answer": "…"}]}]}}
    {"data": [{"passage": "…", "qa_pairs": [{"question": "…", "answer": {…}}]}]}
    → RawRow({"file": …, "row": 1, "question": 2}, {"question": "…", "answer": …, "context": "…"},
          around={"doc_title": "…"})

What a passage that is not of this form holds comes out as it is, so that `columns.shaped` names its columns.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.io.row import RawRow
from lineage.records.record import Rejected

INTO = ("data", "dataset", "context_info")
CONTEXT = ("context", "passage")
QUESTIONS = ("qas", "qa_pairs")


def asked(source: Iterable[RawRow | Rejected], about: Collection[str] = ()) -> Iterator[RawRow | Rejected]:
    """A row for every question, with its `context`; `origin.question` counts the questions of a raw row.

    What a question is about and what it asks stay as they are; a passage without either is Rejected.

    source: raw rows. about: what is read of a document besides its passages; the rest of it is counted as unread.
    """
    for row in source:
        if isinstance(row, Rejected):
            yield row
            continue
        several = row.values.get("paragraphs")
        passages = several if isinstance(several, list) and several else [row.values]
        around = {name: value for name, value in row.values.items() if name not in (*CONTEXT, *QUESTIONS, "paragraphs")}
        if passages is several:
            row.leave({"paragraphs", *about})
            row = replace(row, aside=None)
        number = 0
        for passage in passages:
            for found in _questions(replace(row, around={**row.around, **around}), passage, about):
                number += 1
                yield replace(found, origin={**row.origin, "question": number})


def _questions(row: RawRow, passage: Any, about: Collection[str]) -> Iterator[RawRow | Rejected]:
    fields = passage if isinstance(passage, dict) else {}
    context = next((fields[name] for name in CONTEXT if name in fields), None)
    questions = next((fields[name] for name in QUESTIONS if name in fields), None)
    if context is None or not isinstance(questions, list):
        yield replace(row, values=fields if fields else {repr(passage)[:40]: None})
        return
    if not text(context) or not questions:
        yield Rejected(row.origin, "a passage without text or questions", "fill it in, or leave it out")
        return
    replace(row, values=fields).leave({*CONTEXT, *QUESTIONS, *about})
    row = replace(row, aside=None)
    for said in questions:
        yield replace(row, values={**(said if isinstance(said, dict) else {repr(said)[:40]: None}), "context": context})
