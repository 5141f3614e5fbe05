"""KoBEST (skt/kobest_v1): five tasks of Korean language understanding, which their columns tell apart.

    {"paragraph": "…", "question": "휴장일인가?", "label": 1}                                         boolq
    {"premise": "…", "question": "원인", "alternative_1": "…", "alternative_2": "…", "label": 0}      copa
    {"context": "…", "ending_1": "…", …, "ending_4": "…", "label": 3}                                 hellaswag
    {"word": "이자", "context_1": "…", "context_2": "…", "label": 0}                                  wic
    {"sentence": "…", "label": 1}                                                                     sentineg

All are choices. Labels count from 0, or are the names that the set itself has for them ("True", "ending_4"): 1 is yes,
the same meaning, positive. Alternatives and endings are lettered anew in an order drawn from the question.

    python -m stages.ingest kobest
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lineage.readers.io.columns import shaped
from lineage.readers.io.raw_folder import RawFolder
from lineage.readers.io.row import RawRow
from lineage.readers.io.tabular import rows
from lineage.readers.text.multiple_choice import lettered
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")


def _columns(*names: str) -> dict[str, tuple[str]]:
    return {name: (name,) for name in (*names, "label")}


SHAPES = (
    _columns("premise", "question", "alternative_1", "alternative_2"),
    _columns("paragraph", "question"),
    _columns("context", "ending_1", "ending_2", "ending_3", "ending_4"),
    _columns("word", "context_1", "context_2"),
    _columns("sentence"),
)
ASKED = {"원인": "다음 일의 원인으로 알맞은 것은?", "결과": "다음 일의 결과로 알맞은 것은?"}
YES_NO, FEELING = ("아니오", "예"), ("부정", "긍정")
NAMED = {"false": 0, "true": 1, "negative": 0, "positive": 1}
NAMED |= {f"{word}_{n}": n - 1 for word in ("alternative", "ending") for n in range(1, 5)}


def read(folder: Path | RawFolder, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row, grouped by its passage, premise, word or sentence.

    Raises:
        LineageError: a file has the columns of none of the five tasks.
    """
    for row in shaped(rows(folder), SHAPES):
        yield row if isinstance(row, Rejected) else _record(row)


def _record(row: RawRow) -> Record | Rejected:
    values = row.values
    if "premise" in values and values["question"] not in ASKED:
        return Rejected(row.origin, "a question that is neither 원인 nor 결과", f"found {values['question']!r:.60}")
    prompt, options, group = _asked(values)
    label = values["label"]
    right = int(label) if label.isdecimal() else NAMED.get(label.casefold(), len(options))
    if right >= len(options):
        said = f"found {label!r:.20}, expected 0 to {len(options) - 1}"
        return Rejected(row.origin, "a label that names no option", said)
    if options not in (YES_NO, FEELING):
        if len(set(options)) < len(options):
            return Rejected(row.origin, "two options are the same", f"found {options!r:.200}")
        options, right = lettered(prompt, list(options), right)
        prompt = "\n".join((prompt, *options))
    return qa(prompt, options[right], group=group, origin=row.origin, measure="choice", options=options, correct=right)


def _asked(values: dict[str, str]) -> tuple[str, tuple[str, ...], str]:
    """(what is asked, the options in the order of the labels, the group)."""
    if premise := values.get("premise"):
        return f"{ASKED[values['question']]}\n{premise}", (values["alternative_1"], values["alternative_2"]), premise
    if paragraph := values.get("paragraph"):
        asked = (
            f"다음 글을 읽고 물음에 답하시오.\n{paragraph}\n\n질문: {values['question']}\n예 또는 아니오로 답하시오."
        )
        return asked, YES_NO, paragraph
    if context := values.get("context"):
        endings = tuple(values[f"ending_{number}"] for number in range(1, 5))
        return f"다음 글에 이어질 내용으로 알맞은 것은?\n{context}", endings, context
    if word := values.get("word"):
        sentences = f"1) {values['context_1']}\n2) {values['context_2']}"
        return f"'{word}'의 뜻이 두 문장에서 같으면 예, 다르면 아니오로 답하시오.\n{sentences}", YES_NO, word
    sentence = values["sentence"]
    return f"다음 문장이 긍정인지 부정인지 답하시오.\n{sentence}", FEELING, sentence
