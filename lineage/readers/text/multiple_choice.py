"""Multiple choice: the options of a row, the one its answer means, and the letters they get.

    options ["A. 자산", "B. 부채"], answer "B"          the letters are the row's own, and in order
    options ["자산", "부채"], answer "부채"             or "B", "② 부채", "2번"
    → texts ["자산", "부채"], right 1 → "A. 부채\\nB. 자산", correct 0

    {"A": "자산", "B": "부채"}, {"text": […], "label": ["1", "2"]}, ["1) 자산", "2) 부채"]
    → the same texts, labels ("A", "B") or ("1", "2"): what the row itself calls its options

Options are lettered anew in an order drawn from the question's text: writers and generators put the right one
first too often. What a bare number means as an answer is decided in `answer_convention.py`.
"""

import random
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.text.normalize import one_line

LETTERS = "ABCDEFGHIJ"
CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩"
LABEL = re.compile(r"^\(?(?P<label>[A-J]|[①-⑩])(?P<close>[.):]|번)?\s*")
NUMERAL = re.compile(
    r"^(?:\((?P<inner>\d{1,2})\)|(?P<bare>\d{1,2})(?:\)|번|\.(?=\s)))\s*"
)  # "1) 자산", "1. 자산"; not "1.5"
# An option that speaks of the others keeps its place, and so do they.
ABOUT_OTHERS = re.compile(r"위의|모두|해당 ?없음|해당 사항|[①-⑩]|\b[A-J]\b\s*(와|과|,|·)|all of|none of", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Options:
    """The texts of a row's options, and what the row calls them ("A", "1"); no labels where it calls them nothing."""

    texts: list[str]
    labels: tuple[str, ...] = ()

    @property
    def numbered(self) -> bool:
        """Whether the row numbers its options itself."""
        return bool(self.labels) and all(label.isdecimal() for label in self.labels)


def options_of(options: Any) -> Options | None:
    """The options without labels of their own; None unless they are 2 to 10 texts."""
    found, labels = _with_labels(options)
    if not isinstance(found, list) or not 2 <= len(found) <= len(LETTERS):
        return None
    texts = [text(option) for option in found]
    if not all(texts):
        return None
    plain = [one_line(option or "") for option in texts]
    own = [LABEL.match(option) for option in plain]
    if all(label and label["close"] and label["label"] in (LETTERS[i], CIRCLES[i]) for i, label in enumerate(own)):
        bare = [LABEL.sub("", option) for option in plain]
        return Options(bare if all(bare) else plain, labels)
    counted = tuple(str(i + 1) for i in range(len(plain)))
    if all(option.startswith(circle) for option, circle in zip(plain, CIRCLES, strict=False)):
        return Options(plain, labels or counted)
    numerals = [NUMERAL.match(option) for option in plain]
    if tuple((n["inner"] or n["bare"]) if n else "" for n in numerals) == counted:
        bare = [NUMERAL.sub("", option) for option in plain]
        return Options(bare, labels or counted) if all(bare) else Options(plain, labels)
    return Options(plain, labels)


def _with_labels(options: Any) -> tuple[Any, tuple[str, ...]]:
    """The options as a list, and their labels where an object gives them."""
    if not isinstance(options, dict):
        return options, ()
    texts, named = options.get("text"), options.get("label")
    if isinstance(texts, list) and isinstance(named, list) and len(options) == 2:
        labels, found = [text(label) or "" for label in named], texts
    else:
        labels, found = [str(name).strip() for name in options], list(options.values())
    short = all(re.fullmatch(r"[A-Ja-j]|\d{1,2}", label) for label in labels) and len(set(labels)) == len(found)
    return found, tuple(label.upper() for label in labels) if short else ()


def option_texts(options: Any) -> list[str] | None:
    """The texts of `options_of`, for who needs no labels."""
    found = options_of(options)
    return found.texts if found else None


def right_option(answer: str, options: list[str]) -> int | str:
    """The index of the one option that the answer means, or why there is none."""
    if len(set(options)) < len(options):
        return "two options are the same"
    said = one_line(answer)
    if said in options:
        return options.index(said)
    label = LABEL.match(said)
    if not label:
        return "the answer matches no option"
    named = (LETTERS if label["label"] in LETTERS else CIRCLES).index(label["label"])
    rest = said[label.end() :]
    if named >= len(options) or (rest and rest not in options):
        return "the answer matches no option"
    if rest and options.index(rest) != named:
        return "the answer's letter and its text name different options"
    return named


def lettered(question: str, options: list[str], right: int, *, keep: bool = False) -> tuple[tuple[str, ...], int]:
    """(the options as "A. …", the index of the right one), in an order drawn from the question's text.

    Args:
        question: its text, the only thing that the order depends on.
        options: texts without letters.
        right: the index of the right one, from 0.
        keep: leave them as they stand, because a text that goes with them names their letters.
    """
    order = list(range(len(options)))
    if not keep and not any(ABOUT_OTHERS.search(option) for option in options):
        random.Random(sha256(question.encode()).hexdigest()).shuffle(order)
    lines = tuple(f"{letter}. {options[i]}" for letter, i in zip(LETTERS, order, strict=False))
    return lines, order.index(right)
