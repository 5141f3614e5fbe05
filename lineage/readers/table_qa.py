"""Questions about tables: AI Hub 71533 and 71565, and SQuAD's form with an HTML table as its context.

    {"dataset": {"context_info": [{"context": "<table>…</table>",
        "qas": [{"question-1": "2023년 매출액은?", "answer": "1,234억원", "answer_type": "…",
                 "wrong_answer": […], "clue": [{"clue_text": "…"}]}]}]}}                        (71533, seen)
    {"data": [{"paragraphs": [{"context": "…", "qas": [{"question": "…", "answers": [{"text": "…"}],
        "is_impossible": false}]}]}]}

JSON, plain or in archives. Of 71565 no file has been seen; it is said to hold questions that its tables cannot
answer. What cannot be answered (`is_impossible`, or no answer and an `answer_type` that says so) has the answer
"답을 찾을 수 없음". An empty answer of any other type is rejected under the name of its type.

    python -m stages.ingest table_qa
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.html_table import render
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.extractive_qa import INTO, asked
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
NO_ANSWER = "답을 찾을 수 없음"
IMPOSSIBLE = re.compile(r"불가|없음|impossible|unanswerable|no.?answer", re.IGNORECASE)
SHAPE = {
    "context": ("context",),
    "question": ("question", "question-1"),
    "answer": ("answer", "answers", "is_impossible"),
}
OPTIONAL = {"type": ("answer_type",)}
SHAPES = ({**SHAPE, "answer": ("answer", "answers")}, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a question, grouped by the table; `origin.question` counts the questions of a row.

    Raises:
        LineageError: a file holds neither contexts with questions nor paragraphs of such.
    """
    for row in shaped(_answered(asked(rows(folder, into=INTO))), [SHAPE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
            continue
        table, answer = render(row.values["context"]), row.values["answer"]
        if not table:
            yield Rejected(row.origin, "a table without text", "nothing is left of it without its tags")
            continue
        prompt = f"다음 표를 보고 물음에 답하시오.\n{table}\n\n질문: {row.values['question']}"
        yield qa(prompt, answer, group=table, origin=row.origin, measure=measure_of(answer))


def _answered(source: Iterable[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """Rows with the answer as text, where one of its fields is there."""
    for row in source:
        if isinstance(row, Rejected) or not any(name in row.values for name in SHAPE["answer"]):
            yield row
            continue
        answer, kind = answer_text(row.values), text(row.values.get("answer_type")) or ""
        if _true(row.values.get("is_impossible")) or (not answer and IMPOSSIBLE.search(kind)):
            answer = NO_ANSWER
        if answer is None:
            yield Rejected(row.origin, "an answer that is not text", f"found {row.values!r:.160}")
        elif not answer and kind:
            yield Rejected(row.origin, f"no answer, of the type {kind:.20}", f"found {row.values!r:.160}")
        else:
            kept = {name: value for name, value in row.values.items() if name not in SHAPE["answer"]}
            yield replace(row, values={**kept, "answer": answer})


def answer_text(said: dict[str, Any]) -> str | None:
    """The text of `answer`, or of the first of SQuAD's `answers`; both may be objects that hold a `text`."""
    found = said.get("answer")
    if found is None and isinstance(several := said.get("answers"), list | dict):
        found = several if isinstance(several, dict) else next(iter(several), None)
    if isinstance(found, dict):
        found = found.get("text")
    if isinstance(found, list):  # the hub's copies of SQuAD hold {"text": ["…"]}
        found = next(iter(found), None)
    return text(found)


def _true(said: Any) -> bool:
    return said is True or (text(said) or "").casefold() in ("true", "1", "y", "yes")
