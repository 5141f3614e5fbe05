"""Reading comprehension over finance and law: AI Hub 71610, five kinds of question in archives of their own.

    151.금융, 법률 문서 기계독해 데이터/01-1.정식개방데이터/Training/02.라벨링데이터/TL_1.정답경계 추출형.zip
        (VL_ in Validation; 2.YesNo 단문형, 3.Table 정답 추출형, 4.다지선다형, 5.절차(방법)형), one JSON in each:
    {"data": [{"doc_id": "…", "doc_title": "…", "doc_source": "…", "doc_class": {"class": "…", "code": "…"},
        "paragraphs": [{"context": "…", "qas": [{"question": "…",
            "answer": {"text": "…", "options": ["…", "…"]}}]}]}]}

Seen in public code that loads the real files: the names above, a byte order mark, `options` in 다지선다형 only.

- 다지선다형: a choice, lettered anew like any other; its answer is an option's text or its letter.
- YesNo: a choice between 예 and 아니오, where the answer is one of the words for them; a longer one stays text.
- Table: the HTML of the context becomes lines of cells.
- What is said to be impossible to answer is answered so, and every question of such a set allows for it.

SQuAD's relatives are read too: KLUE-MRC, KorQuAD 1, and KorQuAD 2 with its answers in HTML, in their own JSON or as the
hub has them, a question a row.

The kind is in the archive's name, whose words may be spaced otherwise; under another name, an answer with options is
a choice and everything else is an extraction.

    python -m stages.ingest finance_mrc
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lineage.readers.io.columns import shaped, text
from lineage.readers.io.html_table import is_table, render
from lineage.readers.io.raw_folder import RawFolder, again
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.answer_convention import Votes, right_one, votes_by_file
from lineage.readers.text.answer_kind import measure_of
from lineage.readers.text.extractive_qa import ANSWER, FLAG, INTO, answered, asked, bare, files_with_none
from lineage.readers.text.multiple_choice import Options, lettered, options_of
from lineage.readers.text.no_answer import ALLOWED, NO_ANSWER
from lineage.readers.text.normalize import one_line
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
SHAPE = {"context": ("context",), "question": ("question",), "answer": ANSWER}
ABOUT = ("doc_id", "doc_title", "title")  # of a document
OPTIONAL = {"options": ("options",), "impossible": (FLAG,), **{name: (name,) for name in ABOUT}}
KINDS = (
    ("yes_no", re.compile(r"yes\s*/?\s*no|예\s*/?\s*아니[오요]", re.IGNORECASE)),
    ("choice", re.compile(r"다지\s*선다")),
    ("table", re.compile(r"table|테이블|표\s*정답", re.IGNORECASE)),
    ("procedure", re.compile(r"절차")),
    ("span", re.compile(r"정답\s*경계")),
)
YES_NO = ("예", "아니오")
MEANT = {"예": 0, "네": 0, "yes": 0, "y": 0, "o": 0, "아니오": 1, "아니요": 1, "no": 1, "n": 1, "x": 1}
SHAPES = (SHAPE, OPTIONAL)


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a question; `origin` carries the document and the kind.

    Grouped by the document's title: the archives ask about the same documents in five ways, and the passages of
    one document overlap.

    Raises:
        LineageError: a file without paragraphs, questions and answers.
    """
    votes = cache(lambda: votes_by_file(_choices(folder)))  # a second reading, for the files that need it
    unanswerable = cache(lambda: files_with_none(_shaped(again(folder))))  # likewise, where a row does not tell
    for row in _shaped(folder):
        if isinstance(row, Rejected):
            yield row
        else:
            allowed = row.values["impossible"] is not None or row.origin["file"] in unanswerable()
            yield _record(row, votes, allowed)


def _shaped(folder: Path | RawFolder) -> Iterator[RawRow | Rejected]:
    return shaped(answered(asked(rows(folder, into=INTO), ABOUT)), [SHAPE], OPTIONAL)


def kind_of(file: str) -> str:
    """Which of the five kinds the name of a file, or of the archive around it, speaks of; "" for none."""
    for part in reversed(file.split("/")):
        for kind, pattern in KINDS:
            if pattern.search(part):
                return kind
    return ""


def _record(row: RawRow, votes: Callable[[], dict[str, Votes]], allowed: bool) -> Record | Rejected:
    question, options = row.values["question"], row.values["options"]
    document = {name: said for name in ABOUT if (said := text(row.around.get(name)))}
    kind = kind_of(row.origin["file"])
    origin = row.origin | document | ({"kind": kind} if kind else {})
    table, context = is_table(row.values["context"]), render(row.values["context"])
    if not context:
        return Rejected(origin, "a table without text", "nothing is left of it without its tags")
    answer = bare(row.values["answer"], row.values["context"])
    if not answer:
        return Rejected(origin, "an answer that is not whole without its tags", f"found {row.values['answer']!r:.80}")
    group = document.get("doc_title") or document.get("title") or document.get("doc_id") or context
    prompt = f"다음 {'표를 보고' if table else '글을 읽고'} 물음에 답하시오.\n{context}\n\n질문: {question}"
    if options and answer == NO_ANSWER:
        return Rejected(origin, "a choice that cannot be answered", "none of its options is right; leave it out")
    if options:
        found = _options(options)
        if found is None:
            return Rejected(origin, "options that are not a list of texts", f"found {options!r:.80}")
        right = right_one(answer, found, lambda: votes()[row.origin["file"]])
        if isinstance(right, str):
            return Rejected(origin, right, f"answer {answer!r:.60} among {found.texts!r:.200}")
        lines, place = lettered(question, found.texts, right)
        choice: dict[str, Any] = {"measure": "choice", "options": lines, "correct": place}
        return qa("\n".join((prompt, *lines)), lines[place], group=group, origin=origin, **choice)
    if kind == "choice":
        return Rejected(origin, "a choice without options", f"found the answer {answer!r:.80} alone")
    rest: dict[str, Any] = {"measure": measure_of(answer)}
    meant = MEANT.get(one_line(answer).rstrip(".").casefold()) if kind == "yes_no" else None
    if meant is not None or (kind == "yes_no" and answer == NO_ANSWER):
        words = (*YES_NO, NO_ANSWER) if allowed or meant is None else YES_NO
        correct = len(YES_NO) if meant is None else meant
        rest, answer = {"measure": "choice", "options": words, "correct": correct}, words[correct]
        prompt = f"{prompt}\n예 또는 아니오로 답하시오."
    return qa(f"{prompt}\n{ALLOWED}" if allowed else prompt, answer, group=group, origin=origin, **rest)


def _options(options: Any) -> Options | None:
    """The options without tags, as the answer is."""
    if isinstance(options, list):
        options = [render(option) if isinstance(option, str) else option for option in options]
    return options_of(options)


def _choices(folder: Path | RawFolder) -> Iterator[tuple[str, str, Options, None]]:
    for row in _shaped(again(folder)):
        if isinstance(row, RawRow) and (options := _options(row.values["options"])):
            yield row.origin["file"], render(row.values["answer"]), options, None
