"""Cleaning that cannot change a figure: NFC, control characters, white space. Nothing else.

    >>> clean("매출액\u00a0△5.2%p\u0000 (전년 12.1%)  \r\n")
    '매출액 △5.2%p  (전년 12.1%)'

Signs, units, brackets and list marks (△ − ± % ￦ ① 「」 ÷ ×) are data in a financial text. The usual
cleaners of this field keep Hangul, letters and a few stops: `-3.5%(전년 12.1%)` becomes `3.5전년 12.1`.
"""

import re
import unicodedata

# A control character becomes a space: taking it out could join two figures into one.
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00a0]")
# Byte order, zero width, direction. U+00AD stays: KS X 1001 prints it as a dash, so a minus may be one.
INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069]")
NEWLINE = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
LINE_END = re.compile(r"(?<![ \t\u3000])[ \t\u3000]+(?=\n|$)")  # tried once a run of spaces, not at each of them
BLANK_LINES = re.compile(r"\n{4,}")


def clean(text: str) -> str:
    """The same text in NFC, without control characters, spaces at line ends, or white space around it."""
    text = unicodedata.normalize("NFC", text)
    text = NEWLINE.sub("\n", text)
    text = CONTROL.sub(" ", INVISIBLE.sub("", text))
    return BLANK_LINES.sub("\n\n\n", LINE_END.sub("", text)).strip()


def one_line(text: str) -> str:
    """The cleaned text with every run of white space as one space: what groups and comparisons use."""
    return " ".join(clean(text).split())
