"""Questions about tables: AI Hub 71533 and 71565, and SQuAD's form with an HTML table as its context.

    {"dataset": {"context_info": [{"context": "<table>…</table>",
        "qas": [{"question-1": "2023년 매출액은?", "answer": "1,234억원", "answer_type": "…",
                 "wrong_answer": […], "clue": [{"clue_text": "…"}]}]}]}}                        (71533, seen)
    {"data": [{"paragraphs": [{"context": "…", "qas": [{"question": "…", "answers": [{"text": "…"}],
        "is_impossible": false}]}]}]}

Of 71565 no file has been seen; it is said to hold questions that its tables cannot answer: what becomes of those is
told in `text/extractive_qa.py`. An empty answer of any other type is rejected under the name of its type.

    python -m stages.ingest table_qa
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.html_table import render
from lineage.readers.io.raw_folder import RawFolder, again
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.extractive_qa import ANSWER, FLAG, INTO, answered, asked, bare, files_with_none
from lineage.readers.text.no_answer import ALLOWED
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"context": ("context",), "question": ("question", "question-1"), "answer": ANSWER}
OPTIONAL = {"type": ("answer_type",), "impossible": (FLAG,)}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a question, grouped by the table; `origin.question` counts the questions of a row.

    Raises:
        LineageError: a file holds neither contexts with questions nor paragraphs of such.
    """
    unanswerable = cache(lambda: files_with_none(_shaped(again(folder))))  # a second reading, where a row does not tell
    for row in _shaped(folder):
        if isinstance(row, Rejected):
            yield row
            continue
        table, answer = render(row.values["context"]), row.values["answer"]
        if not table:
            yield Rejected(row.origin, "a table without text", "nothing is left of it without its tags")
            continue
        said = bare(answer, row.values["context"])
        if not said:
            yield Rejected(row.origin, "an answer that is not whole without its tags", f"found {answer!r:.80}")
            continue
        prompt = f"다음 표를 보고 물음에 답하시오.\n{table}\n\n질문: {row.values['question']}"
        if row.values["impossible"] is not None or row.origin["file"] in unanswerable():
            prompt = f"{prompt}\n{ALLOWED}"
        yield qa(prompt, said, group=table, origin=row.origin, measure=measure_of(said))


def _shaped(folder: Path | RawFolder) -> Iterator[RawRow | Rejected]:
    return shaped(answered(asked(rows(folder, into=INTO))), [SHAPE], OPTIONAL)
