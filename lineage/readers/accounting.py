"""Accounting data: questions with answers, and short expositions of a term.

    {"question": "차변과 대변의 합계는?", "answer": "항상 같다."}
    {"title": "발생주의", "text": "현금이 오간 때가 아니라 거래가 일어난 때에 적는 방식이다."}
    CSV of the same columns, in Korean too (질문, 답변 / 용어, 설명), or both pairs side by side with gaps

JSON, JSONL, CSV or Parquet. An exposition answers the prompt "발생주의에 대해 설명하시오." A 기준일 or as_of
column is the day from which a row holds.

    python -m stages.ingest accounting
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_kind import answered
from lineage.readers.text.dates import COLUMNS, day
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
QUESTION = {
    "question": ("question", "prompt", "질문", "문제"),
    "answer": ("answer", "response", "답변", "답", "정답"),
}
EXPOSITION = {
    "title": ("title", "term", "word", "제목", "용어"),
    "text": ("text", "content", "본문", "설명", "내용"),
}
OPTIONAL = {"as_of": COLUMNS}
SHAPES = (QUESTION, EXPOSITION, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, grouped by question or by term.

    Raises:
        LineageError: a file has neither pair of columns.
    """
    for row in shaped(rows(folder), [QUESTION, EXPOSITION], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
            continue
        as_of = day(row.values["as_of"])
        if "question" in row.values:
            found = answered(row.values["question"], row.values["answer"], origin=row.origin)
            yield replace(found, as_of=as_of) if isinstance(found, Record) else found
        else:
            title, meaning = row.values["title"], row.values["text"]
            yield qa(f"{title}에 대해 설명하시오.", meaning, group=title, origin=row.origin, as_of=as_of)
