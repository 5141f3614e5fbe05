"""Economic arithmetic over a passage: AI Hub 71568, after DROP (Dua et al. 2019).

    150.숫자연산 기계독해 데이터/01-1.정식개방데이터/Training/02.라벨링데이터/*.zip, one JSON in each:
    {"data": [{"passage": "…", "qa_pairs": [{"question": "…",
        "answer": {"number": "12", "unit": "억원", "spans": [], "date": {"day": "", "month": "", "year": ""}}}]}]}

JSON, plain or in archives. Seen in public code that loads the real files: folders, `data`, `passage`, `qa_pairs`,
`question`; a card of a set made from it speaks of a number and its unit. The layout of the answer itself has not
been seen: a number (with the unit beside it), spans, a date and a plain text are read, the first that is not empty.

    python -m stages.ingest arithmetic
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.extractive_qa import INTO, asked
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"context": ("context",), "question": ("question",), "answer": ("answer",)}
OPTIONAL = {"unit": ("unit",)}
KNOWN = ("number", "spans", "date", "text")
DATE = (("year", "년"), ("month", "월"), ("day", "일"))
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a question, grouped by the passage; `origin.question` counts the questions of a passage.

    Raises:
        LineageError: a file without passages and questions, or without any answer of a known layout.
    """
    for row in shaped(_answered(asked(rows(folder, into=INTO))), [SHAPE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
            continue
        passage, answer = row.values["context"], row.values["answer"]
        prompt = f"다음 글을 읽고 물음에 답하시오.\n{passage}\n\n질문: {row.values['question']}"
        yield qa(prompt, answer, group=passage, origin=row.origin, measure=measure_of(answer))


def _answered(source: Iterable[RawRow | Rejected]) -> Iterator[RawRow | Rejected]:
    """Rows with the answer as text. A file in which no answer is understood is an error that shows one."""
    file, understood, strange = "", True, None
    for row in source:
        if row.origin["file"] != file:
            _check(file, understood, strange)
            file, understood, strange = row.origin["file"], False, None
        if isinstance(row, Rejected) or "answer" not in row.values:
            yield row
            continue
        answer = answer_text(row.values)
        if answer is None:
            strange = strange or row.values["answer"]
            yield Rejected(row.origin, "an answer of an unknown layout", f"found {row.values['answer']!r:.160}")
        else:
            understood = True
            yield replace(row, values={**row.values, "answer": answer})
    _check(file, understood, strange)


def _check(file: str, understood: bool, strange: Any) -> None:
    if strange is not None and not understood:
        raise LineageError(
            f"{file}: an answer of an unknown layout, {strange!r:.160}; accepted are a text, a number, or "
            f"an object with one of {', '.join(KNOWN)}. Convert it, or teach lineage/readers/arithmetic.py"
        )


def answer_text(said: dict[str, Any]) -> str | None:
    """The answer of a question as its source wrote it; "" where every part is empty, None where none is known."""
    answer = said["answer"]
    plain = text(answer)
    if plain is not None:
        return _with_unit(plain, said.get("unit"))
    if not (isinstance(answer, dict) and any(name in answer for name in KNOWN)):
        return None
    for name in KNOWN:
        part = answer.get(name)
        if name == "date" and isinstance(part, dict):
            part = " ".join(f"{found}{unit}" for key, unit in DATE if (found := text(part.get(key))))
        if isinstance(part, list):
            part = ", ".join(filter(None, map(text, part)))
        if found := text(part):
            return _with_unit(found, answer.get("unit", said.get("unit"))) if name == "number" else found
    return ""


def _with_unit(figure: str, unit: Any) -> str:
    """The figure with its unit behind it, unless it stands there already."""
    named = text(unit) or ""
    return figure if not figure or figure.endswith(named) else figure + named
