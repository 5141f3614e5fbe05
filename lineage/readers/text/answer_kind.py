"""How an answer can be judged: by the likelihood of its options, by its number, or as text.

    prompt  "자산이 아닌 것은?\nA. 현금\nB. 차입금"    answer "정답: B. 차입금"
    → measure "choice", options ("정답: A. 현금", "정답: B. 차입금"), correct 1

The options keep the answer's wording, so that only what is being asked differs between them.
"""

import re
from dataclasses import dataclass
from typing import Any

from lineage.readers.text.normalize import one_line
from lineage.records.record import Measure, Record, Rejected, qa

UNITS = (
    "%p",
    "%",
    "퍼센트",
    "bp",
    "포인트",
    "배",
    "(?:십|백|천|만|십만|백만|천만|억|십억|백억|천억|조)?(?:원|달러|위안|엔|유로|주)",
    "억",
    "만",
    "명",
    "개",
    "개월",
    "개사",
    "건",
    "년",
    "월",
    "일",
    "회",
    "톤",
    "시간",
    "분",
    "초",
    "세",
    "점",
    "위",
    "곳",
    "번",
    "km",
    "kg",
)
NUMBER = re.compile(r"[(△▲−–+-]*\s*[￦₩$€¥]?\s*\d[\d,]*(\.\d+)?\s*\)?\s*(" + "|".join(UNITS) + r")?\s*\)?\.?")

LABELS = ("①②③④⑤⑥⑦⑧⑨", "ABCDEFGHI", "123456789", "가나다라마바사아자")
CIRCLED = re.compile(r"([①-⑨])[ \t]*([^①-⑨\n]+)")
LETTERED = re.compile(r"^[ \t]*\(?([A-I1-9가나다라마바사아자])[.)][ \t]*(\S.*)$", re.MULTILINE)
BEFORE = re.compile(r"(?:(?:정답|답|answer)\s*(?:은|는|:|：)?\s*)?", re.IGNORECASE)
MARK = re.compile(r"(?P<open>\(?)(?P<label>[①-⑨A-I1-9가나다라마바사아자])(?P<close>[.)]|번)?(?P<gap>[ \t]*)")
AFTER = re.compile(r"\s*(?:입니다|이다)?\.?$")


@dataclass(frozen=True, slots=True)
class ChoiceAnswer:
    """An answered choice: `options` are whole completions, `stem` is the prompt without its list."""

    stem: str
    options: tuple[str, ...]
    correct: int


def measure_of(answer: str) -> Measure:
    """`number` for one figure with at most a sign and a unit ("△1,234억원", "12.5%"), otherwise `text`."""
    return "number" if NUMBER.fullmatch(one_line(answer)) else "text"


def options_in(prompt: str) -> tuple[str, dict[str, str]]:
    """The prompt before its list of options, and the options by their label; the last such list counts."""
    for labels, pattern in zip(LABELS, (CIRCLED, LETTERED, LETTERED, LETTERED), strict=True):
        found = [match for match in pattern.finditer(prompt) if match[1] in labels]
        start = max((i for i, match in enumerate(found) if match[1] == labels[0]), default=len(found))
        chosen: dict[str, str] = {}
        for label, match in zip(labels, found[start:], strict=False):
            if match[1] != label:
                break
            chosen[label] = match[2].strip()
        if len(chosen) >= 2:
            return prompt[: found[start].start()].strip(), chosen
    return prompt, {}


def choice(prompt: str, answer: str) -> ChoiceAnswer | str | None:
    """The choice that an answer makes among the prompt's options.

    Returns None where there is none to make, and the reason, as text, where the answer contradicts itself.
    """
    stem, options = options_in(prompt)
    if not options:
        return None
    answer = answer.strip()
    texts = [one_line(text) for text in options.values()]
    start = len(BEFORE.match(answer)[0])  # type: ignore[index]
    for end in sorted({len(answer), AFTER.search(answer).start()}, reverse=True):  # type: ignore[union-attr]
        named, mark, label_only = _named(answer[start:end], options, texts, bare_is_number=not start)
        if named is None:
            continue
        if isinstance(named, str):
            return named
        if len(set(texts)) < len(texts):
            return "two options are the same"
        written = [
            answer[:start] + mark.format(label) + ("" if label_only else text) + answer[end:]
            for label, text in options.items()
        ]
        written[named] = answer  # as it is written, to the last space
        return ChoiceAnswer(stem or prompt, tuple(written), named)
    return None


def _named(
    core: str, options: dict[str, str], texts: list[str], *, bare_is_number: bool
) -> tuple[int | str | None, str, bool]:
    """(which option, how its label is written, whether the label stands alone); a text is a contradiction."""
    mark = MARK.match(core)
    if not (mark and mark["label"] in options):
        return (texts.index(one_line(core)) if one_line(core) in texts else None), "", False
    named, said = list(options).index(mark["label"]), one_line(core[mark.end() :])
    written = mark["open"] + "{}" + (mark["close"] or "") + mark["gap"]
    if said == texts[named]:
        return named, written, False
    if said:
        return (
            ("the answer's letter and its text name different options" if said in texts else None),
            "",
            False,
        )
    if bare_is_number and not mark["close"] and mark["label"] in LABELS[2] + LABELS[3]:
        return None, "", False  # a bare "2" under a numbered list may well be a number
    return named, written.rstrip(), True


def answered(prompt: str, answer: str, *, origin: dict[str, Any], group: str = "") -> Record | Rejected:
    """The record of one question and its answer, measured by what the answer is.

    An answer whose letter and text name different options is Rejected, and so is a choice between equal options.

    Args:
        prompt: the question, with its options if it has any.
        answer: as the source writes it.
        origin: where the row stands, {"file": "…", "row": 12}.
        group: what must stay on one side of the split; empty: the question, without its options.
    """
    found = choice(prompt, answer)
    if isinstance(found, str):
        return Rejected(origin, found, "correct the answer, or leave the row out")
    if found is None:
        return qa(prompt, answer, group=group or prompt, origin=origin, measure=measure_of(answer))
    return qa(
        prompt,
        answer,
        group=group or found.stem,
        origin=origin,
        measure="choice",
        options=found.options,
        correct=found.correct,
    )
