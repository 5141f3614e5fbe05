"""Question-answers by field, written or generated: the 100 of each field, and the problems of v6.

    [{"question": "시가의 뜻은?", "answer": "하루의 첫 가격", "field": "금융시장", "rule": "업무규정 제7조",
      "options": ["하루의 첫 가격", "하루의 마지막 가격", "…"]}]

JSON, JSONL, CSV or Parquet; `field`, `rule` and `options` may be absent, `prompt`/`response` may stand for
`question`/`answer`, the answer may be an option's text, its letter, or both. Options are lettered anew in an
order drawn from the question's text: writers and generators put the right one first too often.

    python -m stages.ingest questions
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.multiple_choice import lettered, option_texts, right_option
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "question": ("question", "prompt", "query", "질문", "문제"),
    "answer": ("answer", "response", "답변", "답", "정답"),
}
OPTIONAL = {
    "field": ("field", "분야"),
    "rule": ("rule", "규정"),
    "options": ("options", "choices", "보기", "선택지"),
}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row. `origin.field` carries the field, `origin.rule` the rule; grouped by question.

    Raises:
        LineageError: a file has no question and answer columns.
    """
    for row in shaped(rows(folder), [SHAPE], OPTIONAL):
        yield row if isinstance(row, Rejected) else _record(row)


def _record(row: RawRow) -> Record | Rejected:
    question, answer = row.values["question"], row.values["answer"]
    origin = row.origin | {name: said for name in ("field", "rule") if (said := text(row.values[name]))}
    options = row.values["options"]
    if not options:
        return qa(question, answer, group=question, origin=origin, measure=measure_of(answer))
    texts = option_texts(options)
    if texts is None:
        return Rejected(row.origin, "options that are not a list of texts", f"found {options!r:.80}")
    right = right_option(answer, texts)
    if isinstance(right, str):
        return Rejected(row.origin, right, f"answer {answer!r:.60} among {texts!r:.200}")
    lines, correct = lettered(question, texts, right)
    return qa(
        "\n".join((question, *lines)),
        lines[correct],
        group=question,
        origin=origin,
        measure="choice",
        options=lines,
        correct=correct,
    )
