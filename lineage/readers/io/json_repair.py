"""What can be said about broken JSON without guessing at a value: spare commas, and where an item surely ends.

    without_spare_commas('{"a": [1, 2,],}')          → '{"a": [1, 2]}'
    end_of('{"a": "\\\\d"}, {"a": 1}', 0)              → 10, behind the first brace that closes

A text with a stray quote turns the inside of texts out, so an end that swallows what looks like the next item is
no end: UNSURE, and the reader stops there.
"""

import re

OPEN, UNSURE = -1, -2
TEXT = r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)'
TOKEN = re.compile(rf"{TEXT}|[\[\]{{}}]", re.DOTALL)
SPARE = re.compile(rf"({TEXT})|,(?=\s*(?:,|\]|\}}))", re.DOTALL)
OPENING = re.compile(r'\{\s*"[^"\\]*"\s*:')


def without_spare_commas(text: str) -> str:
    """The same JSON without the commas that stand before a closing bracket or another comma, outside of texts."""
    return SPARE.sub(lambda match: match[1] or "", text)


def end_of(text: str, start: int) -> int:
    """Where the object or list that starts at `start` ends, however broken it is inside.

    OPEN where the text does not reach so far, UNSURE where another item seems to begin before that end.
    """
    depth = 0
    for token in TOKEN.finditer(text, start):
        if token[0] in ("[", "{"):
            depth += 1
        elif token[0] in ("]", "}"):
            depth -= 1
        if depth <= 0:
            return UNSURE if _holds_another(text, start, token.end()) else token.end()
    return OPEN


def _holds_another(text: str, start: int, end: int) -> bool:
    opening = OPENING.match(text, start)
    if opening is None:
        return False
    key = re.escape(opening[0][1:].strip().removesuffix(":").strip())
    return re.compile(rf"\}}\s*,?\s*\{{\s*{key}\s*:").search(text, start, end) is not None
