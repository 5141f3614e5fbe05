"""Multiple-choice questions with reasoning: aiqwe/FinShibainu (shibainu24), and the other common form.

    {"reference": "…", "question": "틀린 것은?", "options": ["A. 가격은 …", "B. 호가는 …"],
     "reasoning_process": "호가는 … 따라서 정답은 B 입니다.", "answer": "B",
     "step": 1, "value": 4, "type": "mcqa", "hallucination": "usable"}
    {"question": "틀린 것은?", "choices": ["A. 가격은 …", "B. 호가는 …"], "answer": 1, "cot": "호가는 …"}

JSON, JSONL, CSV or Parquet. Without reasoning a row is a choice, "정답: B. 호가는 …"; with it the completion
is the reasoning and then that line, as MCQA + CoT tuning has it, and it is judged as text. Options are lettered
anew in an order drawn from the question, unless the reasoning names letters. The reference is what the question
was written from, not part of it: it is the group.

Whether an `answer` that is a number counts from 0 or from 1 differs from set to set. The rows tell: a 0 is seen,
or the number of options is. Where neither is, or both, such rows are rejected.

    python -m stages.ingest fin_mcqa
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text import quality_flags
from lineage.readers.text.multiple_choice import LETTERS, lettered, option_texts, right_option
from lineage.readers.text.normalize import one_line
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"question": ("question", "질문", "문제"), "answer": ("answer", "정답", "답")}
OPTIONAL = quality_flags.COLUMNS | {
    "options": ("options", "choices", "보기", "선택지"),
    "reference": ("reference", "context", "지문"),
    "reasoning": ("reasoning_process", "cot", "풀이", "해설"),
}
SHOW_REASONING = "풀이를 쓴 다음 정답을 쓰시오."
# A letter that stands alone, or a number of an option: reasoning that holds one is about these places.
NAMES_OPTION = re.compile(r"(?<![A-Za-z0-9])[A-J](?![A-Za-z0-9])|[①-⑩]|(?<!\d)(?:10|[1-9])번")
CONCLUSION = re.compile(
    r"(?:정답|답)(?:은|는|이|:)?\s*\(?(?P<said>[A-J])(?![A-Za-z0-9/&])"
    r"|(?<![A-Za-z0-9])(?P<first>[A-J])\)?\s*(?:가|이|를|을)\s*(?:올바른 |맞는 )?(?:정답|답)"
)
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, grouped by reference, or by question where there is none.

    Raises:
        LineageError: a file has no question and answer columns.
    """
    first = cache(lambda: _first_number(folder))  # a second reading, for the sets that need it
    for row in shaped(rows(folder), [SHAPE], OPTIONAL):
        if isinstance(row, Rejected):
            yield row
        else:
            yield quality_flags.flaw(row.origin, row.values) or _record(row, first)


def _record(row: RawRow, first: Callable[[], int | None]) -> Record | Rejected:
    question, reference = row.values["question"], text(row.values["reference"])
    reasoning, texts = text(row.values["reasoning"]), option_texts(row.values["options"])
    if texts is None:
        return Rejected(row.origin, "options that are not a list of texts", f"found {row.values['options']!r:.80}")
    if reference is None or reasoning is None:
        return Rejected(row.origin, "a reference or reasoning that is not text", "give it as one text")
    right = _right(row.values["answer"], texts, first)
    if isinstance(right, str):
        return Rejected(row.origin, right, f"answer {row.values['answer']!r:.60} among {texts!r:.200}")
    said = [match["said"] or match["first"] for match in CONCLUSION.finditer(reasoning)]
    if said and said[-1] != LETTERS[right]:
        return Rejected(
            row.origin,
            "the reasoning ends with another answer",
            f"it says {said[-1]}, the answer is {LETTERS[right]}: correct one of them",
        )
    options, correct = lettered(question, texts, right, keep=bool(NAMES_OPTION.search(reasoning)))
    answers = tuple(f"정답: {option}" for option in options)
    prompt, group = "\n".join((question, *options)), one_line(reference) or question
    if reasoning:
        return qa(f"{prompt}\n{SHOW_REASONING}", f"{reasoning}\n{answers[correct]}", group=group, origin=row.origin)
    return qa(
        prompt,
        answers[correct],
        group=group,
        origin=row.origin,
        measure="choice",
        options=answers,
        correct=correct,
    )


def _right(answer: str, options: list[str], first: Callable[[], int | None]) -> int | str:
    found = right_option(answer, options)
    if isinstance(found, int) or not answer.isdecimal() or len(set(options)) < len(options):
        return found
    if (start := first()) is None:
        return "an answer's number that may count from 0 or from 1"
    named = int(answer) - start
    return named if 0 <= named < len(options) else "the answer matches no option"


def _first_number(folder: Path | RawFolder) -> int | None:
    """0 or 1, whichever the numbers in the answers count from; None where the rows do not tell."""
    zero = last = False
    for row in rows(folder):
        if isinstance(row, RawRow):
            values = {str(name).strip().casefold(): value for name, value in row.values.items()}
            answer = text(_any(values, SHAPE["answer"])) or ""
            options = option_texts(_any(values, OPTIONAL["options"]))
            if options and answer.isdecimal() and answer not in options:
                zero, last = zero or int(answer) == 0, last or int(answer) == len(options)
    return None if zero == last else int(last)


def _any(values: dict[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if values.get(name) not in (None, "")), None)
