"""Questions with and without a reference, two answers each: aiqwe/FinShibainu (shibainu24).

    {"reference": "기준금리는 …", "question": "기준금리란?", "old_answer": "은행의 금리이다.",
     "answer": "중앙은행이 정하는 금리이다.", "preference": "B", "preference_desc": "B가 정확하다.",
     "value": 4, "type": "qa"}

JSON, JSONL, CSV or Parquet. `preference` says which answer is better: A is the first (`old_answer` or
`answer_A`), B the second (`answer` or `answer_B`), E neither (seen in the code that makes the set). The better
one is trained on, and the record keeps the other as `rejected`; where they are even, or nobody judged, it is the
second, the one that was written to be better, and none is rejected.
A reference comes before its question, and is the group: whatever is asked about it stays on one side.

    python -m stages.ingest fin_qa
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text import quality_flags
from lineage.readers.text.answer_kind import answered
from lineage.readers.text.normalize import one_line
from lineage.readers.text.row_marks import without_disliked
from lineage.records.record import Form, Record, Rejected

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"question": ("question", "질문"), "answer": ("answer_b", "answer", "답변", "답")}
OPTIONAL = quality_flags.COLUMNS | {
    "reference": ("reference", "context", "passage", "지문"),
    "first": ("answer_a", "old_answer"),
    "plain": ("answer",),
    "preference": ("preference",),
    "options": ("options", "choices"),
}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, grouped by reference, or by question where there is none.

    Raises:
        LineageError: a file has no question and answer columns.
    """
    for row in shaped(without_disliked(rows(folder)), [SHAPE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
        else:
            yield quality_flags.flaw(row.origin, row.values) or _record(row)


def _record(row: RawRow) -> Record | Rejected:
    if row.values["options"]:
        return Rejected(row.origin, "a multiple-choice row", "give it to the reader mcqa, as a source of its own")
    reference, answer = text(row.values["reference"]), _preferred(row)
    if reference is None:
        return Rejected(row.origin, "reference is not text", f"found {row.values['reference']!r:.80}")
    if isinstance(answer, Rejected):
        return answer
    prompt = "\n\n".join(filter(None, (reference, row.values["question"])))
    found = answered(prompt, answer[0], origin=row.origin, group=one_line(reference))
    worse = tuple(text for text in answer[1:] if text and text != answer[0])
    return replace(found, rejected=worse) if isinstance(found, Record) else found


def _preferred(row: RawRow) -> tuple[str, ...] | Rejected:
    """The answer that `preference` names, and after it the other one, where somebody judged."""
    second = row.values["answer"]
    said = text(row.values["preference"])
    preference = "none of them" if said is None else said.upper()  # a list or the like says nothing that is known
    # Beside `answer_B`, a plain `answer` is the first one.
    first = text(row.values["first"]) or (text(row.values["plain"]) if row.values["plain"] != second else "") or ""
    if preference == "B":
        return second, first
    if preference in ("", "E"):
        return (second,)
    if preference != "A":
        return Rejected(
            row.origin, "an unknown preference", f"found {row.values['preference']!r:.60}, expected A, B, E"
        )
    if not first:
        return Rejected(row.origin, "the preferred answer is empty", "A is preferred: fill in old_answer")
    return first, second
