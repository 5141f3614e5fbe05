"""Two lines of a paragraph → one text: whether what ends the first and begins the second are one word.

What the two characters at the join tell is settled here; where only the whole document tells, the join is a WRAP.
"""

import re

from lineage.pdf.line_ends import WRAP

OPENS, CLOSES = frozenset("([{〔〈《「『【“‘（［｛｢"), frozenset(")]}〕〉》」』】”’%,.;:）］｝｣，。、；：！？")
ENDS_WORD = frozenset('%)]」』》〉】｣”’"')  # beside figures and Latin letters, what a particle may follow
HYPHENS, SOFT_HYPHEN = frozenset("-\u2010"), "\u00ad"
PARTED = frozenset("-\u2010–/~∼～")  # what a word may be broken after, and keeps
QUOTED_YEAR = re.compile(r"[’']\d\d")
GRADE = re.compile(r"(?:^|[^0-9A-Za-z])(?:A{1,3}|B{1,3}|C{1,3})-$")  # AA-, and no word that was broken
SUSPENDED = re.compile(r"(?:und|oder|bzw|sowie|bis|and|or|to|et|ou)\b")  # Öl- und Gas: a part of a word left out
REST_OF_ADDRESS = re.compile(r"[\w.%~-]*[/?=&#]|[\w-]+\.\w")


def join_wrapped(first: str, second: str, room: float, size: float, spaced: bool = False) -> str:
    """Two lines of one paragraph as one text, with WRAP where only the whole document tells whether a word ended.

    A line that had room for one more letter, or was `spaced`, was broken between words.

    Args:
        first: a line, or the lines that were joined so far; may be empty.
        second: the line below; may be empty.
        room: what was left free at the right of the first, in points.
        size: of the font, in points.
        spaced: whether the first ended with a space of its own.
    """
    if not first or not second:
        return first or second
    last, begin = first[-1], second[0]
    if last == SOFT_HYPHEN:
        return first[:-1] + second
    if last in HYPHENS and _is_letter(first[-2:-1]) and begin.islower():
        return first + (" " if SUSPENDED.match(second) else WRAP) + second
    if (begin in CLOSES and not QUOTED_YEAR.match(second)) or last in OPENS:
        return first + second
    if spaced:
        return f"{first} {second}"
    if _is_whole(first, second):
        return first + second
    if room >= 1.1 * size:
        return f"{first} {second}"
    if is_hangul(begin) and (is_hangul(last) or last.isdigit() or _is_letter(last) or last in ENDS_WORD):
        return first + (" " if last == '"' and first.count(last) % 2 else WRAP) + second
    whole = (is_cjk(last) and is_cjk(begin)) or (begin.isdigit() and re.search(r"(?:^| )제$", first))
    return first + ("" if whole else " ") + second


def _is_whole(first: str, second: str) -> bool:
    """Whether no space stands between two lines, however much room the first had left."""
    last, before, begin = first[-1], first[-2:-1], second[0]
    if last in PARTED and before.isalnum():
        return begin.isalnum() and not (last in HYPHENS and (is_hangul(begin) or GRADE.search(first)))
    if _is_unspaced(last) or _is_unspaced(begin):
        return not is_hangul(last) and not is_hangul(begin)
    if last == '"' and before in ("", " ", "("):
        return True
    return begin.isascii() and last.isascii() and _is_address(first.rsplit(" ", 1)[-1], second)


def _is_address(last: str, second: str) -> bool:
    """Whether the last word of a line is the beginning of an address that goes on in the next."""
    if "://" not in last and not last.startswith("www."):
        return False
    return last[-1] in "?&=_.%#" or REST_OF_ADDRESS.match(second) is not None


def _is_letter(c: str) -> bool:
    """Whether a character is a letter of an alphabet."""
    return c.isalpha() and not is_cjk(c)


def _is_unspaced(c: str) -> bool:
    """Whether a character is of Chinese or Japanese, which have no spaces: ideographs, kana, their punctuation."""
    return "一" <= c <= "鿿" or "ぁ" <= c <= "ヿ" or c in "，。、；：！？）」』》】（「『《【々〇"


def is_hangul(c: str) -> bool:
    """Whether a character is a Hangul syllable."""
    return "가" <= c <= "힣"


def is_cjk(c: str) -> bool:
    """Whether a character is a Hangul syllable or a Chinese character."""
    return is_hangul(c) or "一" <= c <= "鿿"
