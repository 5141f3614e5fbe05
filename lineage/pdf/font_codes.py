"""What a font's codes tell of themselves: its ToUnicode table, its program, the order in which they are drawn."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from lineage.pdf.character_codes import is_no_text, share_of_usual

CHAR = re.compile(rb"<\s*([0-9A-Fa-f]{1,8})\s*>\s*<\s*([0-9A-Fa-f]{1,64})\s*>")
RANGE = re.compile(rb"<\s*([0-9A-Fa-f]{1,8})\s*>" + CHAR.pattern)
NAME = re.compile(r"/([^\s/\[\]<>()]+)")
NUMBERED = re.compile(r"(?!a\d|afii|uni|u[0-9A-F]{4})[A-Za-z]{1,5}_?\d[0-9A-F]{0,4}")
MOST_CODES = 96  # of a table that are looked at
MARKS, MOST_MARKS = frozenset("!\"#$%&'()*+,-./"), 10  # where codes begin, and how many of them no text needs


@dataclass
class Codes:
    """The characters that a font without a table was seen to draw, in order: codes that were dealt out tell themselves.

    A program that writes PDFs may number the glyphs 33, 34, 35 … as it meets them, or without gaps in the order of the
    font. Letters of a real text come neither one after the other nor without gaps.
    """

    nameless: str = ""  # one of its names, where they are numbers: g12, cid_7
    text: str = ""
    drawn: int = 0
    before: int = 0  # how many characters were drawn when the last new one came
    steps: int = 0
    seen: dict[str, None] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Take what was drawn next."""
        for c in dict.fromkeys(text):
            if c not in self.seen:
                last = next(reversed(self.seen), "")
                self.steps += last != "" and ord(c) == ord(last) + 1
                self.before = self.drawn + text.index(c)
                self.seen[c] = None
        self.drawn += len(text)
        self.text += text[: 2000 - len(self.text)] if self.nameless else ""

    def fault(self) -> str:
        """Why the codes are no letters, or ""."""
        count = len(self.seen)
        if self.nameless and len(self.text) >= 100 and share_of_usual(self.text) < 0.05:
            return f"its codes are named by numbers ({self.nameless})"
        if count < 16 or 2 * self.before < 3 * count:  # an alphabet is printed in order as well, each letter once
            return ""
        if 4 * self.steps >= 3 * (count - 1):
            return "its codes are numbered in the order of their first use"
        codes = sorted(map(ord, self.seen))
        if codes[-1] - codes[0] < count + 1 and len(MARKS & self.seen.keys()) >= MOST_MARKS:
            return "its codes are numbered without gaps"
        return ""

    def settled(self) -> bool:
        """Whether enough was drawn to know."""
        count = len(self.seen)
        honest = count >= 20 and 2 * self.steps < count and len(MARKS & self.seen.keys()) <= 2
        return honest or count >= 40 or self.drawn >= 1000


def numbered_name(encoding: str) -> str:
    """One of the names that an encoding gives to codes, where most of them are numbers; else "".

    `a65` is not meant: dvips numbers the letters of TeX so, by their codes.
    """
    names = NAME.findall(encoding.partition("/Differences")[2])
    numbered = [name for name in names if NUMBERED.fullmatch(name)]
    return numbered[0] if len(names) >= 8 and 5 * len(numbered) >= 4 * len(names) else ""


def read_table(stream: bytes) -> dict[int, str]:
    """A ToUnicode table, code → letters; of a long one a sample, and only that is spelled out."""
    table: dict[int, tuple[bytes, int]] = {}  # the letters of a range's first code, and how far a code is from it
    for section in stream.split(b"endbf"):
        for low, high, to in _spread(RANGE.findall(section.partition(b"beginbfrange")[2])):
            first = int(low, 16)
            count = min(int(high, 16) - first + 1, MOST_CODES)
            table.update(zip(range(first, first + count), zip(repeat(to), range(count)), strict=False))
        if singles := _spread(CHAR.findall(section.partition(b"beginbfchar")[2])):
            codes, letters = zip(*singles, strict=True)
            table.update(zip(map(int, codes, repeat(16)), zip(letters, repeat(0)), strict=False))
    return {code: _stepped(*table[code]) for code in _spread(sorted(table))}


def _stepped(code: bytes, step: int) -> str:
    letters = _letters(code)
    return letters[:-1] + chr(min(ord(letters[-1]) + step, 0x10FFFF)) if step else letters


def _spread(entries: list[Any]) -> list[Any]:
    """At most about MOST_CODES of them, from all over."""
    return entries[:: len(entries) // MOST_CODES + 1]


def _letters(code: bytes) -> str:
    if len(code) <= 4:
        return chr(int(code, 16))
    return bytes.fromhex(code.decode().zfill(-(-len(code) // 4) * 4)).decode("utf-16-be", "replace")


def numbers_given_back(table: Mapping[int, str]) -> str:
    """Whether the table says that each glyph's number is its letter: glyphs are not numbered so in any font."""
    same = sum(len(u) == 1 and ord(u) == code for code, u in table.items())
    given_back = len(table) >= 10 and same * 10 >= 9 * len(table)
    return "its ToUnicode gives back the numbers of the glyphs" if given_back else ""


def fault_of_table(table: Mapping[int, str]) -> str:
    """Whether the table gives nearly all glyphs the same letter."""
    if len(table) < 8:
        return ""
    letter, count = Counter(table.values()).most_common(1)[0]
    if 2 * count > len(table) and not any(map(is_no_text, letter)):
        return f"its ToUnicode gives {count} of {len(table)} codes the same character"
    return ""


def contradictions(doc: Any, xref: int, table: Mapping[int, str]) -> str:
    """Letters of the table that the font program has under another glyph, or whose widths are those of others."""
    import pymupdf

    mupdf = pymupdf.mupdf
    pdf = pymupdf._as_pdf_document(doc)
    reference = mupdf.pdf_new_indirect(pdf, xref, 0)  # named, so that it lives as long as what is asked of it
    font = mupdf.PdfFontDesc(mupdf.ll_pdf_load_font(pdf.m_internal, None, reference.m_internal))
    inner = font.m_internal
    singles = [(code, u) for code, u in table.items() if len(u) == 1 and u.isalnum()]
    other = 0
    for at, (code, u) in enumerate(singles):
        named = mupdf.ll_fz_encode_character(inner.font, ord(u))
        other += named not in (0, mupdf.ll_pdf_font_cid_to_gid(inner, code))
        if 10 * (at + 1 - other) >= 3 * len(singles):
            break  # the rest cannot change it
    # a program that knows few of the letters has a map of codes, not of letters
    if other >= 5 and 10 * other > 7 * len(singles):
        return f"its ToUnicode and the font itself name {other} of {len(singles)} glyphs differently"
    hangul = [code for code, u in table.items() if "가" <= u[:1] <= "힣"]
    wide = sorted(mupdf.ll_pdf_lookup_hmtx(inner, code).w for code in hangul)
    if len(hangul) >= 16 and 2 * wide[len(wide) // 10] < wide[-1 - len(wide) // 10]:
        return f"its {len(hangul)} syllables are as different in width as Latin letters"
    return ""
