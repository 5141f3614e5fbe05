"""Question-answers by field, written or generated: the 100 of each field, and the problems of v6.

    [{"question": "시가의 뜻은?", "answer": "하루의 첫 가격", "field": "금융시장", "rule": "업무규정 제7조",
      "options": ["하루의 첫 가격", "하루의 마지막 가격", "…"]}]

`field`, `rule` and `options` may be absent, and so may the passage (`passage`, `context`, 지문) that comes before its
question; `prompt`/`response` may stand for `question`/`answer`. The answer may be an option's text, its letter, both,
or its number, as the rows of its file tell (`text/answer_convention.py`). Options are lettered anew in an order drawn
from the question's text: writers and generators put the right one first too often.

    python -m stages.ingest questions
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder, again
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text import option_columns
from lineage.readers.text.answer_convention import Votes, Way, right_one, votes_by_file
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.multiple_choice import Options, lettered, options_of
from lineage.readers.text.normalize import one_line
from lineage.readers.text.row_marks import without_disliked
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "question": ("question", "prompt", "query", "질문", "문제"),
    "answer": ("answer", "response", "답변", "답", "정답"),
}
OPTIONAL = option_columns.COLUMNS | {
    "field": ("field", "분야"),
    "rule": ("rule", "규정"),
    "options": ("options", "choices", "보기", "선택지"),
    "passage": ("passage", "context", "지문"),
}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row. `origin.field` carries the field, `origin.rule` the rule; grouped by passage or question.

    Raises:
        LineageError: a file has no question and answer columns.
    """
    votes = cache(lambda: votes_by_file(_answered(folder)))  # a second reading, for the files that need it
    for row in shaped(without_disliked(rows(folder)), [SHAPE], OPTIONAL):
        yield row if isinstance(row, Rejected) else _record(row, votes)


def _record(row: RawRow, votes: Callable[[], dict[str, Votes]]) -> Record | Rejected:
    question, answer = row.values["question"], row.values["answer"]
    origin = row.origin | {name: said for name in ("field", "rule") if (said := text(row.values[name]))}
    passage, (said, _) = text(row.values["passage"]), _options(row)
    if passage is None:
        return Rejected(row.origin, "a passage that is not text", "give it as one text")
    group, prompt = one_line(passage) or question, f"{passage}\n\n{question}" if passage else question
    if not said:
        return qa(prompt, answer, group=group, origin=origin, measure=measure_of(answer))
    options = options_of(said)
    if options is None:
        return Rejected(row.origin, "options that are not a list of texts", f"found {said!r:.80}")
    right = right_one(answer, options, lambda: votes()[row.origin["file"]])
    if isinstance(right, str):
        return Rejected(row.origin, right, f"answer {answer!r:.60} among {options.texts!r:.200}")
    lines, correct = lettered(question, options.texts, right)
    return qa(
        "\n".join((prompt, *lines)),
        lines[correct],
        group=group,
        origin=origin,
        measure="choice",
        options=lines,
        correct=correct,
    )


def _options(row: RawRow) -> tuple[Any, Way | None]:
    """The options as the row has them, and what the names of their columns say of numbers among the answers."""
    listed = row.values["options"]
    return (listed, None) if listed else option_columns.in_columns(row.values)


def _answered(folder: Path | RawFolder) -> Iterator[tuple[str, str, Options, Way | None]]:
    for row in shaped(rows(again(folder)), [SHAPE], OPTIONAL):
        if isinstance(row, RawRow):
            said, expected = _options(row)
            if options := options_of(said):
                yield row.origin["file"], row.values["answer"], options, expected
