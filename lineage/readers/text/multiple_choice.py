"""Multiple choice: the options of a row, the one its answer means, and the letters they get.

    options ["A. 자산", "B. 부채"], answer "B"          the letters are the row's own, and in order
    options ["자산", "부채"], answer "부채"             or "B", "② 부채", "2번"
    → texts ["자산", "부채"], right 1 → "A. 부채\\nB. 자산", correct 0

Options are lettered anew in an order drawn from the question's text: writers and generators put the right one
first too often.
"""

import random
import re
from hashlib import sha256
from typing import Any

from lineage.readers.io.columns import text
from lineage.readers.text.normalize import one_line

LETTERS = "ABCDEFGHIJ"
CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩"
LABEL = re.compile(r"^\(?(?P<label>[A-J]|[①-⑩])(?P<close>[.):]|번)?\s*")
# An option that speaks of the others keeps its place, and so do they.
ABOUT_OTHERS = re.compile(r"위의|모두|해당 ?없음|해당 사항|[①-⑩]|\b[A-J]\b\s*(와|과|,|·)|all of|none of", re.IGNORECASE)


def option_texts(options: Any) -> list[str] | None:
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
        (label := LABEL.match(o)) and label["close"] and label["label"] in (LETTERS[i], CIRCLES[i])
        for i, o in enumerate(plain)
    )
    return bare if own and all(bare) else plain


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
