"""Economic arithmetic over a passage: AI Hub 71568, after DROP (Dua et al. 2019).

    150.숫자연산 기계독해 데이터/01-1.정식개방데이터/Training/02.라벨링데이터/*.zip, one JSON each:
    {"data": [{"passage": "…", "qa_pairs": [{"question": "…",
        "answer": {"number": "12", "spans": [], "date": {"day": "", "month": "", "year": ""}}}]}]}

JSON, plain or in zips. How the answer is laid out was not published: a number, spans, a date and a plain text
are read, the first of these that is not empty; anything else is an error that shows what was found.

    python -m stages.ingest arithmetic
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lineage.errors import LineageError
from lineage.record import Record, Rejected, qa
from stages.readers.answers import measure_of
from stages.readers.columns import drifted, text
from stages.readers.files import Row, rows

SHAPE = {"passage": ("passage", "context"), "questions": ("qa_pairs", "qas")}
KNOWN = ("number", "spans", "date", "text")


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a question, grouped by the passage; `origin.question` counts the questions of a passage.

    Raises:
        LineageError: a file without passages and questions, or an answer of an unknown layout.
    """
    for row in rows(folder, (".json", ".jsonl")):
        if isinstance(row, Rejected):
            yield row
            continue
        questions = next((row.values[name] for name in SHAPE["questions"] if name in row.values), None)
        passage = next((text(row.values[name]) for name in SHAPE["passage"] if name in row.values), None)
        if passage is None or not isinstance(questions, list):
            raise drifted(row.origin["file"], row.values, [SHAPE])
        if not passage or not questions:
            yield Rejected(row.origin, "a passage without text or questions", "fill it in, or leave it out")
        for number, said in enumerate(questions if passage else (), 1):
            yield _record(row, number, passage, said)


def _record(row: Row, number: int, passage: str, said: Any) -> Record | Rejected:
    origin = row.origin | {"question": number}
    if not isinstance(said, dict) or "question" not in said or "answer" not in said:
        raise drifted(
            row.origin["file"],
            said if isinstance(said, dict) else [repr(said)[:60]],
            [{"question": ("question",), "answer": ("answer",)}],
        )
    question, answer = (
        text(said["question"]),
        answer_text(said["answer"], f"{row.origin['file']}, question {number}"),
    )
    if not question or not answer:
        return Rejected(origin, f"{'answer' if question else 'question'} is empty", f"found {said!r:.160}")
    prompt = f"다음 글을 읽고 물음에 답하시오.\n{passage}\n\n질문: {question}"
    return qa(prompt, answer, group=passage, origin=origin, measure=measure_of(answer))


def answer_text(answer: Any, where: str) -> str:
    """The answer as its source wrote it; "" where every part of it is empty.

    Raises:
        LineageError: an answer of a layout that is not known, with what was found.
    """
    plain = text(answer)
    if plain is not None:
        return plain
    if isinstance(answer, dict) and any(name in answer for name in KNOWN):
        for name in KNOWN:
            part = answer.get(name)
            if name == "date" and isinstance(part, dict):
                part = " ".join(
                    f"{said}{unit}"
                    for key, unit in (("year", "년"), ("month", "월"), ("day", "일"))
                    if (said := text(part.get(key)))
                )
            if isinstance(part, list):
                part = ", ".join(filter(None, map(text, part)))
            if found := text(part):
                return found
        return ""
    raise LineageError(
        f"{where}: an answer of an unknown layout, {answer!r:.160}; accepted are a text, a number, or "
        f"an object with one of {', '.join(KNOWN)}. Convert it, or teach stages/readers/arithmetic.py"
    )
