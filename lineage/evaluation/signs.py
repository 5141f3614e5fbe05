"""Whether a figure amid a text is negative: `△ 1,234`, `-3.5%`, `(1,234)원`.

A minus that continues a word with a digit, or stands between spaces behind one, is a range or a subtraction (`10-12`,
`10 - 12`, `B-12`), not a sign. Brackets are an accountant's minus when they hold nothing but the figure and its unit
(`(1,234원)`, `(1,234)백만원`) and do not explain what stands before them (`12억원(1,234백만원)`, `매출액(1,234)`).
Words such as 감소 or 손실 are no sign: an answer is compared as it is written.
"""

import re

CURRENCY = re.compile(r"(?:[₩$€¥]|\b(?:US\$|USD|KRW|EUR|JPY|CNY))\s?$")
_MARK = re.compile(r"(?:[△▲▵∆]|(?:마이너스|\bminus))\s?$", re.IGNORECASE)
_DASH = re.compile(r"[-−–](\s?)$")
_BRACKET = re.compile(r"\(\s?$")


def is_negative(before: str, after: str) -> bool:
    """Whether a figure has a minus of any kind.

    before: the text before it. after: the text behind the figure *and its unit*.
    """
    before = CURRENCY.sub("", before)
    if _MARK.search(before):
        return True
    if sign := _DASH.search(before):
        return _is_sign(before[: sign.start()], spaced_behind=bool(sign[1]))
    return is_bracketed(before, after) and not _has_digit(_last_word(before.rstrip()[:-1]))


def is_bracketed(before: str, after: str) -> bool:
    """Whether brackets hold this figure alone and are not joined to a word: then, without a unit inside, a minus."""
    before = CURRENCY.sub("", before)
    return bool(_BRACKET.search(before) and re.match(r"\s?\)", after)) and not _is_word(before.rstrip()[:-1])


def _is_sign(word: str, *, spaced_behind: bool) -> bool:
    """Whether a dash behind this text, before a figure, is a minus."""
    spaced = word != word.rstrip()
    if spaced and not spaced_behind:  # "매출 -12": nothing but a sign is written so
        return True
    if spaced:
        return not _has_digit(_last_word(word))
    return not re.search(r"[A-Za-z0-9]$", word) and not (_is_word(word) and _has_digit(_last_word(word)))


def _is_word(text: str) -> bool:
    """Whether the text ends in a word or a figure, so that what comes next is joined to it."""
    return text[-1:].isalnum() or text[-1:] in tuple("%)")


def _has_digit(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _last_word(text: str) -> str:
    return (text.split() or [""])[-1]
