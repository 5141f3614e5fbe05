"""Question-answers by field, written or generated: the 100 of each field, and the problems of v6.

    [{"question": "시가의 뜻은?", "answer": "하루의 첫 가격", "field": "금융시장", "rule": "업무규정 제7조",
      "options": ["하루의 첫 가격", "하루의 마지막 가격", "…"]}]

JSON, JSONL, CSV or Parquet; `field`, `rule` and `options` may be absent, `prompt`/`response` may stand for
`question`/`answer`, the answer may be an option's text, its letter, or both. Options are lettered anew in an
order drawn from the question's text: writers and generators put the right one first too often.

    python -m stages.ingest questions
"""

import random
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from lineage.record import Record, Rejected, qa
from stages.readers.answers import measure_of
from stages.readers.clean import one_line
from stages.readers.columns import shaped, text
from stages.readers.files import Row, rows

SHAPE = {
    "question": ("question", "prompt", "query", "질문", "문제"),
    "answer": ("answer", "response", "답변", "답", "정답"),
}
OPTIONAL = {
    "field": ("field", "분야"),
    "rule": ("rule", "규정"),
    "options": ("options", "choices", "보기", "선택지"),
}
LETTERS = "ABCDEFGHIJ"
LABEL = re.compile(r"^\(?(?P<label>[A-J]|[①-⑩])(?P<close>[.):]|번)?\s*")
# An option that speaks of the others keeps its place, and so do they.
ABOUT_OTHERS = re.compile(r"위의|모두|해당 ?없음|해당 사항|[①-⑩]|\b[A-J]\b\s*(와|과|,|·)|all of|none of", re.IGNORECASE)


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record a row. `origin.field` carries the field, `origin.rule` the rule; grouped by question.

    Raises:
        LineageError: a file has no question and answer columns.
    """
    for row in shaped(rows(folder), [SHAPE], OPTIONAL):
        yield row if isinstance(row, Rejected) else _record(row)


def _record(row: Row) -> Record | Rejected:
    question, answer = row.values["question"], row.values["answer"]
    origin = row.origin | {name: said for name in ("field", "rule") if (said := text(row.values[name]))}
    options = row.values["options"]
    if not options:
        return qa(question, answer, group=question, origin=origin, measure=measure_of(answer))
    texts = _texts(options)
    if texts is None:
        return Rejected(row.origin, "options that are not a list of texts", f"found {options!r:.80}")
    right = _right(answer, texts)
    if isinstance(right, str):
        return Rejected(row.origin, right, f"answer {answer!r:.60} among {texts!r:.200}")
    order = list(range(len(texts)))
    if not any(ABOUT_OTHERS.search(option) for option in texts):
        random.Random(sha256(question.encode()).hexdigest()).shuffle(order)
    lettered = tuple(f"{letter}. {texts[i]}" for letter, i in zip(LETTERS, order, strict=False))
    correct = order.index(right)
    return qa(
        "\n".join((question, *lettered)),
        lettered[correct],
        group=question,
        origin=origin,
        measure="choice",
        options=lettered,
        correct=correct,
    )


def _texts(options: Any) -> list[str] | None:
    """The options without letters of their own; None unless they are 2 to 10 texts."""
    found = list(options.values()) if isinstance(options, dict) else options
    if not isinstance(found, list) or not 2 <= len(found) <= len(LETTERS):
        return None
    texts = [text(option) for option in found]
    if not all(texts):
        return None
    plain = [one_line(option or "") for option in texts]
    bare = [LABEL.sub("", option) for option in plain]
    own = all(
        (label := LABEL.match(o)) and label["close"] and label["label"] in (LETTERS[i], chr(ord("①") + i))
        for i, o in enumerate(plain)
    )
    return bare if own and all(bare) else plain


def _right(answer: str, options: list[str]) -> int | str:
    """The index of the one option that the answer means, or why there is none."""
    if len(set(options)) < len(options):
        return "two options are the same"
    said = one_line(answer)
    if said in options:
        return options.index(said)
    label = LABEL.match(said)
    if not label:
        return "the answer matches no option"
    named = (LETTERS if label["label"] in LETTERS else "①②③④⑤⑥⑦⑧⑨⑩").index(label["label"])
    rest = said[label.end() :]
    if named >= len(options) or (rest and rest not in options):
        return "the answer matches no option"
    if rest and options.index(rest) != named:
        return "the answer's letter and its text name different options"
    return named
