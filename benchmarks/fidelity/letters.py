"""Texts compared by their letters: what is the same however it is set."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# Dashes and middle dots, which nobody can tell apart on a page.
ALIKE = str.maketrans({**dict.fromkeys("‐‑‒–—−－﹣", "-"), **dict.fromkeys("‧∙⋅・ㆍ", "·")})


@lru_cache(maxsize=65536)
def normal(text: str) -> str:
    """NFC, one kind of dash and of middle dot; white space as it is."""
    return unicodedata.normalize("NFC", text).translate(ALIKE)


@lru_cache(maxsize=65536)
def collapsed(text: str) -> str:
    """`normal`, every run of white space one space."""
    return " ".join(normal(text).split())


@lru_cache(maxsize=65536)
def bare(text: str) -> str:
    """`normal` without any white space."""
    return "".join(normal(text).split())


def bare_and_spaces(text: str) -> tuple[str, set[int]]:
    """A text without white space, and the places in it before which white space stood."""
    words = normal(text).split()
    places, place = set(), 0
    for word in words:
        places.add(place)
        place += len(word)
    return "".join(words), places


def everywhere(found: str, text: str) -> list[int]:
    """All places of a text in another."""
    places, place = [], text.find(found)
    while place >= 0:
        places.append(place)
        place = text.find(found, place + 1)
    return places


@lru_cache(maxsize=65536)
def _whole(label: str) -> re.Pattern[str]:
    inner = r"\s*".join(map(re.escape, bare(label)))
    before, after = (r"(?<![\d.,/])", r"(?![.,/]\d)") if label[:1].isdigit() else ("", "")
    return re.compile(rf"(?<!\w){before}{inner}(?:(?=\d{{1,2}}\))|(?!\w){after})")


def names(text: str, label: str) -> bool:
    """Whether a cell's text is a label, or holds it as a word of its own, however its letters are spread.

    The mark of a footnote, `1)`, may follow it.
    """
    return bare(text) == bare(label) or bool(_whole(label).search(normal(text)))


def holds_line(blocks: Sequence[str], text: str) -> bool:
    """Whether a text stands in blocks: as a word of its own, or, where it is shorter than 4 letters, as a line."""
    sought = bare(text)
    if len(sought) < 4:
        return any(bare(line) == sought for block in blocks for line in block.splitlines())
    return any(_whole(text).search(normal(block)) for block in blocks)
