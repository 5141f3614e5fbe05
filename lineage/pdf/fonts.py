"""Fonts whose codes do not say which letters they draw, told by the font and its glyphs, not by how the text reads.

A PDF draws glyphs by number. Which letter one is stands in the font's ToUnicode table, in the names that its encoding
gives the codes, or in the character map of the font program. Where all are missing, MuPDF gives U+FFFD, or guesses;
where they contradict each other, the table is wrong.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, NamedTuple

from lineage.pdf.character_codes import is_no_text, misread, no_text
from lineage.pdf.text import clean

DESCENDANT = re.compile(r"/DescendantFonts\s*\[?\s*(\d+) 0 R")
DESCRIPTOR, FONT_FILE = re.compile(r"/FontDescriptor (\d+) 0 R"), re.compile(r"/FontFile[23]?(?= \d)")
CHAR = re.compile(rb"<\s*([0-9A-Fa-f]{1,8})\s*>\s*<\s*([0-9A-Fa-f]{1,64})\s*>")
RANGE = re.compile(rb"<\s*([0-9A-Fa-f]{1,8})\s*>" + CHAR.pattern)
MOST_CODES, SAMPLE = 256, 32  # of a table that are read, and that are compared with the font program
MARKS = frozenset("!\"#$%&'()*+,-./")


class Unread(NamedTuple):
    """How many characters of a page are shown, how many of them cannot be told, and what was found."""

    shown: int
    lost: int
    why: str = ""

    def __str__(self) -> str:
        return f"{self.lost:,} of {self.shown:,} characters cannot be told: {self.why}"

    def is_most(self) -> bool:
        """Whether the page is better left out than read."""
        return self.lost > 0 and 2 * self.lost >= self.shown


@dataclass
class Codes:
    """The characters that a font without a table was seen to draw, in order: codes that were dealt out tell themselves.

    A program that writes PDFs may number the glyphs 33, 34, 35 … as it meets them, or without gaps in the order of the
    font. Letters of a real text come neither one after the other nor without gaps.
    """

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

    def fault(self) -> str:
        """Why the codes are no letters, or ""."""
        count = len(self.seen)
        if count < 16 or 2 * self.before < 3 * count:  # an alphabet is printed in order as well, each letter once
            return ""
        if 4 * self.steps >= 3 * (count - 1):
            return "its codes are numbered in the order of their first use"
        codes = sorted(map(ord, self.seen))
        if codes[-1] - codes[0] < count + 1 and len(MARKS & set(self.seen)) >= 10:
            return "its codes are numbered without gaps"
        return ""

    def settled(self) -> bool:
        """Whether enough was drawn to know."""
        count = len(self.seen)
        honest = count >= 20 and 2 * self.steps < count and len(MARKS & set(self.seen)) <= 2
        return honest or count >= 40 or self.drawn >= 1000


class Fonts:
    """The fonts of one document, each looked into once."""

    def __init__(self, doc: Any) -> None:
        self.doc = doc
        self.names: dict[int, str] = {}
        self.kinds: dict[int, str] = {}
        self.faults: dict[int, str] = {}
        self.codes: dict[int, Codes] = {}
        self.known: dict[str, tuple[int, ...]] = {}

    def unread(self, page: Any, text: str) -> Unread:
        """What of a pymupdf page's characters cannot be told; `text` is all that was read on it."""
        fonts = self._of(page)
        shown = len("".join(text.split()))
        open_codes = [xref for xref in fonts if xref in self.codes and not self.codes[xref].settled()]
        without = no_text(text)
        if not shown or 20 * without > shown or open_codes or any(xref in self.faults for xref in fonts):
            return self._counted(page, fonts, text)
        if why := misread(text):
            return Unread(shown, shown, why)
        return Unread(shown, without, "characters without a letter" if without else "")

    def _counted(self, page: Any, fonts: Iterable[int], text: str) -> Unread:
        """Font by font, what the page draws."""
        by_name: dict[str, list[int]] = defaultdict(list)
        for xref in fonts:
            by_name[self.names[xref]].append(xref)
        shown, lost = 0, Counter[str]()
        whys: dict[str, str] = {}
        repeats: dict[str, float] | None = None
        for name, drawn in _drawn(page).items():
            count = len(drawn) - drawn.count(" ")
            shown += count
            same = by_name.get(name, [])
            if len(same) == 1 and same[0] in self.codes:
                self._follow(same[0], drawn)
            faults = [self.faults.get(xref, "") for xref in same]
            if faults and all(faults):
                shown += len(drawn) - count  # blanks too, since a wrong table may make blanks of letters
                lost[name], whys[name] = len(drawn), faults[0]
            elif without := sum(map(is_no_text, drawn)):
                repeats = repeats or _repeats(page)
                lost[name] = round(without * repeats.get(name, 1.0))
                whys[name] = "; ".join(dict.fromkeys(self.kinds[xref] for xref in same)) or "no letters for its codes"
        if not lost.total() and (why := misread(text)):
            return Unread(shown, shown, why)
        worst = [f"{clean(name)[:60]}: {whys[name]}" for name, count in lost.most_common(3) if count]
        return Unread(shown, lost.total(), ", ".join(worst))

    def _follow(self, xref: int, text: str) -> None:
        codes = self.codes[xref]
        if not codes.settled():
            codes.add(text)
            if why := codes.fault():
                self.faults[xref] = why

    def _of(self, page: Any) -> tuple[int, ...]:
        """The xrefs of a page's fonts. Pages that share their resources are asked once: it costs a tenth of reading."""
        used = [self.doc.xref_get_key(page.xref, f"Resources/{kind}") for kind in ("Font", "XObject")]
        key = "" if used[0][0] == "null" else used[0][1] + used[1][1]
        if key in self.known:
            return self.known[key]
        found: dict[int, None] = {}
        with suppress(RuntimeError, ValueError, _broken()):  # what cannot be looked into is no evidence
            for xref, _, kind, name, *_ in page.get_fonts():
                if xref and xref not in self.names:
                    self.names[xref] = f"Type3 ({xref} 0 R)" if kind == "Type3" else name
                    self._look_into(xref, kind)
                if xref:
                    found[xref] = None
        if key:
            self.known[key] = tuple(found)
        return tuple(found)

    def _look_into(self, xref: int, kind: str) -> None:
        said = self.doc.xref_object(xref, compressed=True)
        below = said
        if kind == "Type0" and (found := DESCENDANT.search(said)):
            below = self.doc.xref_object(int(found[1]), compressed=True)
            if found := DESCENDANT.match(f"/DescendantFonts{below}"):  # a list of its own
                below = self.doc.xref_object(int(found[1]), compressed=True)
        self.kinds[xref] = _kind(said)
        descriptor = DESCRIPTOR.search(below)
        program = FONT_FILE.search(self.doc.xref_object(int(descriptor[1]), compressed=True) if descriptor else below)
        table = self._table(said)
        if table is None:
            if kind == "Type3" or program:
                self.codes[xref] = Codes()
        elif why := _fault_of_table(table):
            self.faults[xref] = why
        elif program and kind == "Type0" and "/Encoding/Identity" in said:
            plain = program[0] == "/FontFile2" and not re.search(r"/CIDToGIDMap \d", below)
            if why := (plain and _numbers_given_back(table)) or _contradictions(self.doc, xref, table):
                self.faults[xref] = why

    def _table(self, said: str) -> dict[int, str] | None:
        """A font's ToUnicode table, code → letters, or None where it has none."""
        found = re.search(r"/ToUnicode (\d+) 0 R", said)
        if found is None:
            return None
        return read_table(self.doc.xref_stream(int(found[1])) or b"")


def _broken() -> type[Exception]:
    import pymupdf

    return pymupdf.mupdf.FzErrorBase


def _kind(said: str) -> str:
    encoding = re.search(r"/Encoding(?:/([\w-]+)|)", said)
    name = (encoding[1] or "an encoding of its own") if encoding else "no encoding"
    return f"{name}, {'ToUnicode without letters' if '/ToUnicode' in said else 'no ToUnicode'}"


def read_table(stream: bytes) -> dict[int, str]:
    """A ToUnicode table, code → letters; the first MOST_CODES of it."""
    table: dict[int, str] = {}
    for section in stream.split(b"endbf"):
        _, char, body = section.partition(b"beginbfchar")
        if char:
            table.update((int(code, 16), _letters(to)) for code, to in CHAR.findall(body))
        for low, high, to in RANGE.findall(section.partition(b"beginbfrange")[2]):
            first, letters = int(low, 16), _letters(to)
            for step in range(min(int(high, 16) - first + 1, MOST_CODES) if letters else 0):
                table[first + step] = letters[:-1] + chr(min(ord(letters[-1]) + step, 0x10FFFF))
        if len(table) >= MOST_CODES:
            break
    return dict(islice(table.items(), MOST_CODES))


def _letters(code: bytes) -> str:
    return bytes.fromhex(code.decode().zfill(-(-len(code) // 4) * 4)).decode("utf-16-be", "replace")


def _numbers_given_back(table: Mapping[int, str]) -> str:
    """Whether the table says that each glyph's number is its letter: glyphs are not numbered so in any font."""
    same = sum(len(u) == 1 and ord(u) == code for code, u in table.items())
    given_back = len(table) >= 10 and same * 10 >= 9 * len(table)
    return "its ToUnicode gives back the numbers of the glyphs" if given_back else ""


def _fault_of_table(table: Mapping[int, str]) -> str:
    """Whether the table gives nearly all glyphs the same letter."""
    if len(table) < 8:
        return ""
    letter, count = Counter(table.values()).most_common(1)[0]
    if 2 * count > len(table) and not any(map(is_no_text, letter)):
        return f"its ToUnicode gives {count} of {len(table)} codes the same character"
    return ""


def _contradictions(doc: Any, xref: int, table: Mapping[int, str]) -> str:
    """Letters of the table that the font program has under another glyph, or whose widths are those of others."""
    import pymupdf

    mupdf = pymupdf.mupdf
    pdf = pymupdf._as_pdf_document(doc)
    reference = mupdf.pdf_new_indirect(pdf, xref, 0)  # named, so that it lives as long as what is asked of it
    font = mupdf.PdfFontDesc(mupdf.ll_pdf_load_font(pdf.m_internal, None, reference.m_internal))
    inner = font.m_internal
    singles = [(code, u) for code, u in table.items() if len(u) == 1 and u.isalnum()]
    sample = singles[:: max(1, len(singles) // SAMPLE)]
    other = 0
    for code, u in sample:
        named = mupdf.ll_fz_encode_character(inner.font, ord(u))
        other += named not in (0, mupdf.ll_pdf_font_cid_to_gid(inner, code))
    if other >= 5 and 10 * other > 7 * len(sample):  # one that knows few of the letters has a map of codes, not letters
        return f"its ToUnicode and the font itself name {other} of {len(sample)} glyphs differently"
    hangul = [code for code, u in table.items() if "가" <= u[:1] <= "힣"]
    wide = sorted(mupdf.ll_pdf_lookup_hmtx(inner, code).w for code in hangul)
    if len(hangul) >= 16 and 2 * wide[len(wide) // 10] < wide[-1 - len(wide) // 10]:
        return f"its {len(hangul)} syllables are as different in width as Latin letters"
    return ""


def _drawn(page: Any) -> dict[str, str]:
    """The characters that a page draws, by font, in their order."""
    import pymupdf

    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP | pymupdf.TEXT_INHIBIT_SPACES
    drawn: dict[str, str] = defaultdict(str)
    with _full_names():
        blocks = page.get_text("rawdict", flags=flags)["blocks"]
    for block in blocks:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                drawn[span["font"]] += "".join(char["c"] for char in span["chars"])
    return drawn


def _repeats(page: Any) -> dict[str, float]:
    """Of each font's glyphs without letters, the share that differ from the one before: a leader of dots is one dot."""
    glyphs: dict[str, list[int]] = defaultdict(list)
    with _full_names():
        spans = page.get_texttrace()
    for span in spans:
        glyphs[span["font"]] += [char[1] for char in span["chars"] if is_no_text(chr(char[0]))]
    return {name: sum(1 for _ in groupby(row)) / len(row) for name, row in glyphs.items() if row}


@contextmanager
def _full_names() -> Iterator[None]:
    """Fonts named with the tag of their subset: two subsets of a font have tables of their own."""
    import pymupdf

    before = pymupdf.TOOLS.set_subset_fontnames()
    pymupdf.TOOLS.set_subset_fontnames(True)
    try:
        yield
    finally:
        pymupdf.TOOLS.set_subset_fontnames(before)
