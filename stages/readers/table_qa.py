"""Questions about tables: AI Hub 71533, and SQuAD's form with an HTML table as its context.

    {"dataset": {"context_info": [{"context": "<table>…</table>",
        "qas": [{"question-1": "2023년 매출액은?", "answer": "1,234억원", "answer_type": "…", …}]}]}}
    {"data": [{"paragraphs": [{"context": "…", "qas": [{"question": "…", "answers": [{"text": "…"}],
        "is_impossible": false}]}]}]}

JSON, plain or in zips. What the table cannot answer (`is_impossible`, or an `answer_type` that says so)
has the answer "답을 찾을 수 없음".

    python -m stages.ingest table_qa
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lineage.record import Record, Rejected, qa
from stages.readers.answers import measure_of
from stages.readers.columns import drifted, text
from stages.readers.files import Row, rows
from stages.readers.html_table import render

NO_ANSWER = "답을 찾을 수 없음"
IMPOSSIBLE = re.compile(r"불가|없음|impossible|unanswerable|no.?answer", re.IGNORECASE)
SHAPES = [{"context": ("context",), "qas": ("qas",)}, {"paragraphs": ("paragraphs",)}]
QUESTION = {"question": ("question", "question-1"), "answer": ("answer", "answers", "is_impossible")}


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a question, grouped by the table; `origin.question` counts the questions of a row.

    Raises:
        LineageError: a file holds neither contexts with questions nor paragraphs of such.
    """
    for row in rows(folder, (".json", ".jsonl"), into=("data", "dataset", "context_info")):
        if isinstance(row, Rejected):
            yield row
            continue
        paragraphs = row.values.get("paragraphs", [row.values])
        if not isinstance(paragraphs, list) or not all(isinstance(p, dict) and "context" in p for p in paragraphs):
            raise drifted(row.origin["file"], row.values, SHAPES)
        number = 0
        for paragraph in paragraphs:
            questions = paragraph.get("qas")
            context = text(paragraph["context"])
            if not isinstance(questions, list) or not questions or not context:
                yield Rejected(
                    row.origin | {"question": number + 1},
                    "a table without text or questions",
                    "fill in context and qas, or leave it out",
                )
                number += 1
                continue
            table = render(context)
            for question in questions:
                number += 1
                yield _record(row, number, table, question)


def _record(row: Row, number: int, table: str, said: Any) -> Record | Rejected:
    origin = row.origin | {"question": number}
    if not isinstance(said, dict) or not any(name in said for name in QUESTION["question"]):
        raise drifted(row.origin["file"], said if isinstance(said, dict) else [repr(said)[:60]], [QUESTION])
    question = next((found for name in QUESTION["question"] if (found := text(said.get(name)))), "")
    answer = _answer(said)
    if said.get("is_impossible") is True or (not answer and IMPOSSIBLE.search(str(said.get("answer_type")))):
        answer = NO_ANSWER
    if not question or not answer:
        return Rejected(
            origin, f"{'question' if not question else 'answer'} is empty or not text", f"found {said!r:.160}"
        )
    if not table:
        return Rejected(origin, "a table without text", "nothing is left of it without its tags")
    prompt = f"다음 표를 보고 물음에 답하시오.\n{table}\n\n질문: {question}"
    return qa(prompt, answer, group=table, origin=origin, measure=measure_of(answer))


def _answer(said: dict[str, Any]) -> str | None:
    """The text of `answer`, or of the first of SQuAD's `answers`; both may be objects that hold a `text`."""
    found = said.get("answer")
    if found is None and isinstance(several := said.get("answers"), list | dict):
        found = several if isinstance(several, dict) else next(iter(several), None)
    if isinstance(found, dict):
        found = found.get("text")
    if isinstance(found, list):  # the hub's copies of SQuAD hold {"text": ["…"]}
        found = next(iter(found), None)
    return text(found)
