"""Multiple-choice questions with reasoning: aiqwe/FinShibainu (shibainu24), and the other common form.

    {"reference": "…", "question": "틀린 것은?", "options": ["A. 가격은 …", "B. 호가는 …"],
     "reasoning_process": "호가는 … 따라서 정답은 B 입니다.", "answer": "B",
     "step": 1, "value": 4, "type": "mcqa", "hallucination": "usable"}
    {"question": "틀린 것은?", "choices": ["A. 가격은 …", "B. 호가는 …"], "answer": 1, "cot": "호가는 …"}
    {"question": "틀린 것은?", "A": "가격은 …", "B": "호가는 …", "C": "…", "D": "…", "answer": 2}     (KMMLU)

Without reasoning a row is a choice, "정답: B. 호가는 …"; with it the completion
is the reasoning and then that line, as MCQA + CoT tuning has it, and it is judged as text. Options are lettered
anew in an order drawn from the question, unless the reasoning names letters. The reference is what the question
was written from, not part of it: it is the group. A passage (`passage`, `context`, 지문) is part of it, and the group
where there is no reference.

Whether an `answer` is an option's text, its letter, or its number from 0 or from 1 differs from set to set; the rows of
a file tell (`text/answer_convention.py`). Where they do not, rows that could mean two options are rejected, and so is a
row whose `answer_index` or `answer_text` names another option than its `answer`.

    python -m stages.ingest fin_mcqa
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.raw_folder import RawFolder, again
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text import option_columns, quality_flags
from lineage.readers.text.answer_convention import Readings, Votes, Way, readings, right_one, votes_by_file
from lineage.readers.text.multiple_choice import LETTERS, Options, lettered, options_of
from lineage.readers.text.normalize import one_line
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
ANSWER = ("answer", "정답", "답", "answerkey", "answer_key", "correct_answer", "correct_option", "correct_answer_num")
LABEL = ("label", "cop", "gold", "answer_index", "answer_idx")  # numbers of a class, which count from 0
SHAPE = {"question": ("question", "질문", "문제"), "answer": ANSWER}
LABELLED = {"question": SHAPE["question"], "label": LABEL}
OPTIONAL = (
    quality_flags.COLUMNS
    | option_columns.COLUMNS
    | {
        "options": ("options", "choices", "보기", "선택지"),
        "reference": ("reference",),
        "passage": ("passage", "context", "지문", "article"),
        "reasoning": ("reasoning_process", "cot", "풀이", "해설"),
        "answer_text": ("answer_text",),
        "answer_index": ("answer_index", "answer_idx"),
        "premise": ("premise",),
    }
)
SHOW_REASONING = "풀이를 쓴 다음 정답을 쓰시오."
# A letter that stands alone, or a number of an option: reasoning that holds one is about these places.
NAMES_OPTION = re.compile(r"(?<![A-Za-z0-9])[A-J](?![A-Za-z0-9])|[①-⑩]|(?<!\d)(?:10|[1-9])번")
CONCLUSION = re.compile(
    r"(?:정답|답)(?:은|는|이|:)?\s*\(?(?P<said>[A-J])(?![A-Za-z0-9/&])"
    r"|(?<![A-Za-z0-9])(?P<first>[A-J])\)?\s*(?:가|이|를|을)\s*(?:올바른 |맞는 )?(?:정답|답)"
)
SHAPES = (SHAPE, LABELLED, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, grouped by reference, or by question where there is none.

    Raises:
        LineageError: a file has no question and answer columns.
    """
    votes = cache(lambda: votes_by_file(_answered(folder)))  # a second reading, for the files that need it
    for row in _shaped(folder):
        if isinstance(row, Rejected):
            yield row
        else:
            yield quality_flags.flaw(row.origin, row.values) or _record(row, votes)


def _shaped(folder: Path | RawFolder) -> Iterator[RawRow | Rejected]:
    return shaped(rows(folder), [SHAPE, LABELLED], OPTIONAL)


def _record(row: RawRow, votes: Callable[[], dict[str, Votes]]) -> Record | Rejected:
    question, reference, reasoning, passage = (
        text(row.values[name]) for name in ("question", "reference", "reasoning", "passage")
    )
    options = _options(row)[0]
    if row.values["premise"] is not None:
        return Rejected(
            row.origin, "a question about a premise", "give it to the reader kobest, as a source of its own"
        )
    if options is None:
        found = [row.values["options"], *filter(None, (row.values[name] for name in option_columns.COLUMNS))]
        return Rejected(row.origin, "options that are not a list of texts", f"found {found!r:.80}")
    if question is None or reference is None or reasoning is None or passage is None:
        return Rejected(row.origin, "a reference, passage or reasoning that is not text", "give it as one text")
    right = _right(row, options, votes)
    if isinstance(right, str):
        return Rejected(row.origin, right, f"answer {_answer(row)!r:.60} among {options.texts!r:.200}")
    said = [match["said"] or match["first"] for match in CONCLUSION.finditer(reasoning)]
    if said and said[-1] != LETTERS[right]:
        return Rejected(
            row.origin,
            "the reasoning ends with another answer",
            f"it says {said[-1]}, the answer is {LETTERS[right]}: correct one of them",
        )
    lines, correct = lettered(question, options.texts, right, keep=bool(NAMES_OPTION.search(reasoning)))
    answers = tuple(f"정답: {line}" for line in lines)
    prompt = "\n".join((f"{passage}\n\n{question}" if passage else question, *lines))
    group = one_line(reference or passage) or question
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


def _options(row: RawRow) -> tuple[Options | None, Way | None]:
    """The options, and what the names of the columns say of numbers among the answers."""
    listed, counted = row.values["options"], None
    if listed in (None, "", []):
        listed, counted = option_columns.in_columns(row.values)
    return options_of(listed), "from 0" if "label" in row.values else counted


def _answer(row: RawRow) -> str:
    answer: str = row.values.get("answer") or row.values["label"]
    return answer


def _right(row: RawRow, options: Options, votes: Callable[[], dict[str, Votes]]) -> int | str:
    """The right option, where what else a row says of it (`answer_text`, `answer_index`) can mean the same one."""
    right = right_one(_answer(row), options, lambda: votes()[row.origin["file"]])
    for name in ("answer_text", "answer_index"):
        said = text(row.values[name])
        if isinstance(right, int) and said:
            also = readings(said, options)
            if not isinstance(also, Readings) or right not in also.by.values():
                return f"the answer and its {name} name different options"
    return right


def _answered(folder: Path | RawFolder) -> Iterator[tuple[str, str, Options, Way | None]]:
    for row in _shaped(again(folder)):
        if isinstance(row, RawRow):
            options, expected = _options(row)
            if options:
                yield row.origin["file"], _answer(row), options, expected
