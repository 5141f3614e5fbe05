"""Rows that the stage `generate` made from another source's records.

    {"from": "rules.prompt_answer.5f0c…", "group": "업무규정 제3조", "documents": [], "as_of": "",
     "name": "업무규정 제3조(호가의 접수)", "question": "… 빈칸에 알맞은 것은?", "answer": "5일",
     "options": ["3일", "5일", "7일", "10일"], "correct": 1, "reasoning": "", "shown": false,
     "reference": "① …", "by": {"kind": "cloze"}}

and gives
- cloze: a record, a choice or an open question; with its table before it if the row is `shown`;
- mcqa: a choice, and the same question answered with its reasoning first;
- qa: the question alone, and with the reference before it;
- summary: what `reports` asks for, in the form summary.

`origin` says what a row was made from and by whom; group, documents and as-of date are those of its reference.

    python -m stages.ingest drills
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.readers.mcqa import SHOW_REASONING
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.multiple_choice import lettered
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record", "summary")
READ = "다음 글을 읽고 물음에 답하시오.\n{reference}\n\n질문: {question}"
ABOUT = "{name}에 관한 물음입니다.\n{question}"
TABLE = "다음 표를 보고 물음에 답하시오.\n{reference}\n\n질문: {question}"  # as table_qa asks
SUMMARISE = "{name} JSON으로 요약해 주세요."
SUMMARISE_TEXT = "다음 글을 JSON으로 요약해 주세요.\n{reference}"


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """The records of rows.jsonl in its order, then what the checks of `generate` refused, each with its reason.

    Raises:
        LineageError: the folder holds no rows.jsonl, or a line of it is no such row.
    """
    file = folder / "rows.jsonl"
    if not file.is_file():
        raise LineageError(f"{file}: no such file; run `dvc repro generate@{folder.name}` first")
    for number, row in _lines(file):
        origin = {"file": "rows.jsonl", "row": number}
        try:
            yield from MAKERS[row["by"]["kind"]](row, origin | {"from": row["from"], "generated": row["by"]})
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            raise _damaged(file, number, error) from error
    refused = folder / "rejected.jsonl"
    for number, row in _lines(refused) if refused.is_file() else ():
        try:
            origin = {"file": "rejected.jsonl", "row": number, "from": row["from"]}
            yield Rejected(origin, f"generated, but {row['reason']}", "nothing to do, unless there are many")
        except (KeyError, TypeError) as error:
            raise _damaged(refused, number, error) from error


def _asked(row: dict[str, Any], origin: dict[str, Any]) -> Iterator[Record]:
    """One record, as the row says."""
    question = TABLE.format_map(row) if row["shown"] else row["question"]
    yield (
        _choice(row, question, origin)
        if row["options"]
        else _record(row, question, row["answer"], origin, measure=measure_of(row["answer"]))
    )


def _mcqa(row: dict[str, Any], origin: dict[str, Any]) -> Iterator[Record]:
    choice = _choice(row, row["question"], origin)
    yield choice
    if row["reasoning"]:
        answer = f"{row['reasoning']}\n정답: {choice.completion}"
        yield _record(row, f"{choice.prompt}\n{SHOW_REASONING}", answer, origin, measure="text")


def _qa(row: dict[str, Any], origin: dict[str, Any]) -> Iterator[Record]:
    measure = measure_of(row["answer"])
    name, question = row["name"], row["question"]
    alone = question if not name or name in question else ABOUT.format(name=name, question=question)
    yield _record(row, alone, row["answer"], origin, measure=measure)
    yield _record(row, READ.format_map(row), row["answer"], origin, measure=measure)


def _summary(row: dict[str, Any], origin: dict[str, Any]) -> Iterator[Record]:
    name = row["name"]
    part = f"{name}을" if name.endswith(" 부분") else f"{name}의 내용을"
    asked = SUMMARISE.format(name=part) if name else SUMMARISE_TEXT.format_map(row)
    yield _record(row, asked, row["answer"], origin, form="summary", measure="none")


def _choice(row: dict[str, Any], question: str, origin: dict[str, Any]) -> Record:
    options, correct = lettered(question, row["options"], row["correct"], keep=True)
    prompt = "\n".join((question, *options))
    return _record(row, prompt, options[correct], origin, measure="choice", options=options, correct=correct)


def _record(row: dict[str, Any], prompt: str, answer: str, origin: dict[str, Any], **rest: Any) -> Record:
    documents = tuple(row["documents"])
    return qa(prompt, answer, group=row["group"], origin=origin, documents=documents, as_of=row["as_of"], **rest)


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with file.open("rb") as lines:  # a damaged byte then belongs to a line
        for number, line in enumerate(lines, 1):
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise _damaged(file, number, error) from error


def _damaged(file: Path, number: int, error: Exception) -> LineageError:
    again = f"run `dvc repro generate@{file.parent.name}` to make it again"
    return LineageError(f"{file}:{number}: not a generated row ({error!r}); {again}")


MAKERS = {"cloze": _asked, "mcqa": _mcqa, "qa": _qa, "summary": _summary}
