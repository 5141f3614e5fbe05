"""Prompts and completions of many fields: multiple choice with the reasoning before its answer, and short answers.

    {"prompt": "옳은 것은?\\n1. 채권\\n2. 주식", "completion": "채권은 … 아니다.\\n정답: 2", "field": "금융시장"}
    {"prompt": "빌린 돈을 갚지 못하게 되는 일은?", "completion": "채무불이행", "field": "법률"}

JSON, JSONL, CSV or Parquet. `origin.field` carries the field: a mix may take more of one than of another, and a set be
measured field by field. Where reasoning comes before the answer, its last line must name an option by its label; under
numbers it is judged by that number, under letters as text. A completion that is an option alone is a choice.

    python -m stages.ingest choices_by_field
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_kind import answered, options_in
from lineage.readers.text.normalize import one_line
from lineage.readers.text.row_marks import without_disliked
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "prompt": ("prompt", "질문"),
    "completion": ("completion", "답변"),
    "field": ("field", "분야", "영역"),
}
SHAPES = (SHAPE,)
ANSWER = re.compile(r"\s*(?:정답|답)\s*(?:은|는|:|：)?\s*\(?([A-I1-9①-⑨])[.)]?(?:번)?(?:\s*(?:입니다|이다))?\.?\s*")


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, grouped by its question without the options.

    Raises:
        LineageError: a file has no prompt, completion and field.
    """
    for row in shaped(without_disliked(rows(folder)), [SHAPE]):
        yield row if isinstance(row, Rejected) else _record(row)


def _record(row: RawRow) -> Record | Rejected:
    prompt, completion = row.values["prompt"], row.values["completion"]
    origin = row.origin | {"field": one_line(row.values["field"])}
    stem, options = options_in(prompt)
    reasoning, _, last = completion.rpartition("\n")
    named = ANSWER.fullmatch(last)
    if not (options and reasoning.strip() and named):
        return answered(prompt, completion, origin=origin)
    label = named[1]
    if label not in options:
        return Rejected(
            row.origin, "the answer names no option", f"it says {label!r}, the options are {', '.join(options)}"
        )
    measure = "number" if label.isdecimal() else "text"
    return qa(prompt, completion, group=stem or prompt, origin=origin, measure=measure)
