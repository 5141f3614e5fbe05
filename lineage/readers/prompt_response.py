"""Plain instruction rows, a prompt and its response: amphora/krx-sample-instructions, any plain SFT set.

    {"prompt": "자산이 아닌 것은?\\nA. 현금\\nB. 차입금", "response": "정답: B. 차입금"}
    {"prompt": "…", "completion": "…"}     {"prompt": "…", "target": "…"}     {"question": "…", "answer": "…"}
    {"instruction": "…", "input": "…", "output": "…"}     {"reference": "…", "question": "…", "answer": "…"}

JSON, JSONL, CSV or Parquet. A prompt that lists options which the response names becomes a choice; options that only
a column lists are not asked, and their row is Rejected. Rows that share a reference are one group. What `system` and
`history` hold was said before: they become turns, and the first question of a history is the group.

    python -m stages.ingest krx_samples
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text import option_columns
from lineage.readers.text.answer_kind import answered
from lineage.readers.text.dialogue import BEFORE, after_what_was_said
from lineage.readers.text.multiple_choice import option_texts
from lineage.readers.text.normalize import one_line
from lineage.readers.text.row_marks import without_disliked
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {
    "prompt": ("prompt", "instruction", "question", "query", "질문"),
    "response": ("response", "completion", "target", "output", "answer", "답변", "답"),
}
GIVEN = {"input": ("input",), "reference": ("reference", "context", "passage", "지문")}
OPTIONAL = GIVEN | BEFORE | option_columns.COLUMNS | {"options": ("options", "choices", "보기", "선택지")}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row; what a row gives to read comes before its question, an `input` after its instruction.

    Raises:
        LineageError: a file has neither of the column pairs above.
    """
    for row in shaped(without_disliked(rows(folder)), [SHAPE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
            continue
        given = {name: text(row.values[name]) for name in GIVEN}
        if wrong := [name for name, said in given.items() if said is None]:
            yield Rejected(row.origin, f"{wrong[0]} is not text", f"found {row.values[wrong[0]]!r:.80}")
            continue
        if unasked := _unasked(row):
            yield Rejected(
                row.origin, "options that the prompt does not name", f"{unasked!r:.60}: reader: mcqa asks them"
            )
            continue
        reference = given["reference"] or ""
        prompt = "\n\n".join(filter(None, (reference, row.values["prompt"], given["input"])))
        found = answered(prompt, row.values["response"], origin=row.origin, group=one_line(reference))
        yield after_what_was_said(found, row)


def _unasked(row: RawRow) -> str:
    """The first option that a column lists and the prompt does not name: an answer would be the number of nothing."""
    listed = row.values["options"] or option_columns.in_columns(row.values)[0]
    if not listed and row.unread:  # one such column alone lists nothing
        row.unread.count({name: row.values[name] for name in option_columns.COLUMNS})
    options = option_texts(listed) or ([one_line(str(listed))] if listed else [])
    return next((option for option in options if option not in one_line(row.values["prompt"])), "")
