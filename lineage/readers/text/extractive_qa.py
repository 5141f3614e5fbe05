"""Questions about a passage or a table: SQuAD's form and its relatives at AI Hub, one row a question.

    {"data": [{"doc_title": "…", "paragraphs": [{"context": "…", "qas": [{"question": "…", "answer": {…}}]}]}]}
    {"dataset": {"context_info": [{"context": "<table>…", "qas": [{"question-1": "…", "answer": "…"}]}]}}
    {"data": [{"passage": "…", "qa_pairs": [{"question": "…", "answer": {…}}]}]}
    → RawRow({"file": …, "row": 1, "question": 2}, {"question": "…", "answer": …, "context": "…"},
          around={"doc_title": "…"})

    {"title": "…", "context": "…", "question": "…", "answers": {"text": ["…"], "answer_start": [9]}}      (the hub's)

What cannot be answered (`is_impossible`, an `answer_type` that says so beside no answer, or the hub's empty lists) has
the answer "답을 찾을 수 없음", whatever answer stands beside it as plausible. Every question of a file that says
`is_impossible` allows for it: a prompt that did so only where it holds would give the answer away. Answers lose their
tags as their context does.

What a passage that is not of this form holds comes out as it is, so that `columns.shaped` names its columns.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.io.html_table import MARKUP, render
from lineage.readers.io.row import RawRow
from lineage.readers.io.unread import folded
from lineage.readers.text.no_answer import NO_ANSWER
from lineage.readers.text.normalize import one_line
from lineage.records.record import Rejected

INTO = ("data", "dataset", "context_info")
CONTEXT = ("context", "passage")
QUESTIONS = ("qas", "qa_pairs")
ANSWER = ("answer", "answers")
FLAG = "is_impossible"
IMPOSSIBLE = re.compile(r"불가|없음|impossible|unanswerable|no.?answer", re.IGNORECASE)
TOLD = {"true": True, "1": True, "1.0": True, "y": True, "yes": True, "t": True}
TOLD |= {"": False, "false": False, "0": False, "0.0": False, "n": False, "no": False, "f": False}
IN_ANGLES = re.compile(r"<[^<>]*>")  # what is left of it after rendering is no tag: <개정 2024.1.1>
PRINTED = re.compile(r"""\s*\{\s*['"](?:text|answer_start)['"]\s*:""")


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


def answered(source: Iterable[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """Rows with their `answer` as text and its `options` beside it, where one of its fields is there.

    A row without any of them comes out as it is.
    """
    for row in source:
        values = {} if isinstance(row, Rejected) else {folded(str(name)): value for name, value in row.values.items()}
        if isinstance(row, Rejected) or not any(name in values for name in (*ANSWER, FLAG)):
            yield row
            continue
        kind, impossible = text(values.get("answer_type")) or "", _told(values.get(FLAG))
        answer, options = _first_answer(values)
        told: dict[str, Any] = {"options": options} if options else {}
        if _empty_of_the_hub(values):
            impossible, told = True, {FLAG: True}
        if impossible or (not answer and IMPOSSIBLE.search(kind)):
            answer = NO_ANSWER
        if impossible is None:
            yield Rejected(row.origin, f"{FLAG} is neither true nor false", f"found {values[FLAG]!r:.80}")
        elif answer is None:
            yield Rejected(row.origin, "answer is not text", f"found {row.values!r:.160}")
        elif not answer and kind:
            yield Rejected(row.origin, f"no answer, of the type {kind:.20}", f"found {row.values!r:.160}")
        else:
            kept = {name: value for name, value in row.values.items() if folded(str(name)) not in ANSWER}
            yield replace(row, values={**kept, "answer": answer, **told})


def files_with_none(source: Iterable[RawRow | Rejected]) -> frozenset[str]:
    """The files in which a row, shaped with a column `impossible`, says whether it can be answered."""
    return frozenset(r.origin["file"] for r in source if isinstance(r, RawRow) and r.values["impossible"] is not None)


def bare(answer: str, context: str) -> str | None:
    """An answer without its tags; None where a piece of one is left, because it was cut out of the context's HTML."""
    found = render(answer).strip()
    torn = MARKUP.search(context) and re.search("[<>]", IN_ANGLES.sub("", found))
    return None if torn and one_line(found) not in one_line(render(context)) else found


def _first_answer(values: dict[str, Any]) -> tuple[str | None, Any]:
    """The text of the first answer and the options beside it; None for what is no text."""
    found = values.get("answer")
    if found is None:
        found = values.get("answers")
    if isinstance(found, list):
        found = next(iter(found), None)
    options = None
    if isinstance(found, dict):
        options = found.get("options")
        found = found.get("text", {})
    if isinstance(found, list):  # the hub's copies of SQuAD hold {"text": ["…"]}
        found = next(iter(found), None)
    return (None if isinstance(found, str) and PRINTED.match(found) else text(found)), options


def _empty_of_the_hub(values: dict[str, Any]) -> bool:
    """SQuAD 2 on the hub: {"text": [], "answer_start": []}, and nothing else that says so."""
    answers = values.get("answers")
    unsaid = values.get(FLAG) is None and values.get("answer") is None
    return unsaid and isinstance(answers, dict) and answers.get("text") == [] == answers.get("answer_start")


def _told(said: Any) -> bool | None:
    """What `is_impossible` says; None for what is neither."""
    if isinstance(said, bool):
        return said
    told = text(said)
    return None if told is None else TOLD.get(told.casefold())
