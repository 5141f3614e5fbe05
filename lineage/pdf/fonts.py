"""Fonts whose codes do not say which letters they draw, told by the font and its glyphs, not by how the text reads.

A PDF draws glyphs by number. Which letter one is stands in the font's ToUnicode table, in the names that its encoding
gives the codes, or in the character map of the font program. Where all are missing, MuPDF gives U+FFFD, or guesses;
where they contradict each other, the table is wrong.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any, NamedTuple

from lineage.pdf.character_codes import is_no_text, misread, no_text
from lineage.pdf.font_codes import (
    MARKS,
    MOST_MARKS,
    Codes,
    contradictions,
    fault_of_table,
    numbered_name,
    numbers_given_back,
    read_table,
)
from lineage.pdf.text import UNREAD, clean

SIGNS = "signs that are pictures"
NAME = 31  # characters of a font's name that MuPDF keeps
FLAGS, NONSYMBOLIC = re.compile(r"/Flags (\d+)"), 32
REFERENCE = re.compile(r"(\d+) 0 R")
TABLE = re.compile(r"/ToUnicode (\d+) 0 R")
ENCODING = re.compile(r"/Encoding (\d+) 0 R")
DESCENDANT = re.compile(r"/DescendantFonts\s*\[?\s*(\d+) 0 R")
DESCRIPTOR, FONT_FILE = re.compile(r"/FontDescriptor (\d+) 0 R"), re.compile(r"/FontFile[23]?(?= \d)")


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


class Fonts:
    """The fonts of one document, each looked into once."""

    def __init__(self, doc: Any) -> None:
        self.doc = doc
        self.kinds: dict[int, str] = {}
        self.faults: dict[int, str] = {}
        self.codes: dict[int, Codes] = {}
        self.named: set[int] = set()  # of those: their encoding is a standard one, which seldom lies
        self.forms: dict[int, frozenset[int]] = {}
        self.known: dict[str, frozenset[int]] = {}

    def unread(self, page: Any, text: str) -> Unread:
        """What of a pymupdf page's characters cannot be told; `text` is all that was read on it."""
        fonts = self._of(page)
        shown = len("".join(text.split()))
        if not shown and not fonts:
            return Unread(0, 0)  # nothing to draw letters with
        without = no_text(text)
        marked = bool(self.named & fonts) and len(MARKS.intersection(text)) >= MOST_MARKS
        follow = any(
            not self.codes[xref].settled() and (marked or xref not in self.named) for xref in fonts & self.codes.keys()
        )
        if not shown or 20 * without > shown or follow or not fonts.isdisjoint(self.faults):
            return self._counted(page, text)
        if why := misread(text):
            return Unread(shown, shown, why)
        return Unread(shown, without, "characters without a letter" if without else "")

    def _counted(self, page: Any, text: str) -> Unread:
        """Font by font, what the page draws."""
        by_name: dict[str, list[int]] = defaultdict(list)
        with suppress(RuntimeError, ValueError, _broken()):
            for xref, _, kind, name, *_ in page.get_fonts():
                by_name[f"Type3 ({xref} 0 R)" if kind == "Type3" else name[:NAME]].append(xref)
        shown, lost = 0, Counter[str]()
        whys = {SIGNS: "without a letter"}
        signs = text.count(UNREAD)
        repeats: dict[str, float] | None = None
        for name, drawn in _drawn(page).items():
            signs -= drawn.count(UNREAD)
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
                whys[name] = (
                    "; ".join(dict.fromkeys(self.kinds.get(xref, "") for xref in same)) or "no letters for its codes"
                )
        if signs > 0:
            lost[SIGNS], shown = signs, shown + signs
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

    def _of(self, page: Any) -> frozenset[int]:
        """The xrefs of a page's fonts; pages that share their resources are asked once."""
        found: frozenset[int] = frozenset()
        with suppress(RuntimeError, ValueError, _broken()):  # what cannot be looked into is no evidence
            stated, resources = self.doc.xref_get_key(page.xref, "Resources")
            if resources in self.known:
                return self.known[resources]
            if stated == "null":  # what a page inherits
                found = frozenset(font[0] for font in page.get_fonts() if font[0])
            else:
                found = self._named_by(page.xref)
            for xref in found - self.kinds.keys():
                self._look_into(xref)
            if stated != "null":
                self.known[resources] = found
        return found

    def _refs(self, said: str) -> Iterator[int]:
        if REFERENCE.fullmatch(said):
            said = self.doc.xref_object(int(said.split()[0]), compressed=True)
        yield from map(int, REFERENCE.findall(said))

    def _named_by(self, xref: int) -> frozenset[int]:
        """The xrefs of the fonts that a page or a form names, itself or in its forms, each of which is asked once."""
        own, drawn = (self.doc.xref_get_key(xref, f"Resources/{kind}")[1] for kind in ("Font", "XObject"))
        return frozenset(self._refs(own)).union(*map(self._of_form, self._refs(drawn)))

    def _of_form(self, xref: int) -> frozenset[int]:
        if xref not in self.forms:
            self.forms[xref] = frozenset()  # a picture has none, and a form may name itself
            if self.doc.xref_get_key(xref, "Subtype")[1] != "/Image":
                self.forms[xref] = self._named_by(xref)
        return self.forms[xref]

    def _look_into(self, xref: int) -> None:
        said = self.doc.xref_object(xref, compressed=True)
        self.kinds[xref] = _kind(said)
        composite = "/Subtype/Type0" in said
        below = said
        if composite and (found := DESCENDANT.search(said)):
            below = self.doc.xref_object(int(found[1]), compressed=True)
            if found := DESCENDANT.match(f"/DescendantFonts{below}"):  # a list of its own
                below = self.doc.xref_object(int(found[1]), compressed=True)
        descriptor = DESCRIPTOR.search(below)
        described = self.doc.xref_object(int(descriptor[1]), compressed=True) if descriptor else below
        program = FONT_FILE.search(described)
        table = self._table(said)
        if table is None:
            if program or "/Subtype/Type3" in said:
                encoding = ENCODING.search(said)
                names = self.doc.xref_object(int(encoding[1]), compressed=True) if encoding else said
                self.codes[xref] = Codes(numbered_name(names))
            flags = FLAGS.search(described)
            if re.search(r"/Encoding/(WinAnsi|MacRoman)", said) and flags and int(flags[1]) & NONSYMBOLIC:
                self.named.add(xref)
        elif why := fault_of_table(table):
            self.faults[xref] = why
        elif program and composite and "/Encoding/Identity" in said:
            unmapped = program[0] == "/FontFile2" and not re.search(r"/CIDToGIDMap \d", below)
            if why := (unmapped and numbers_given_back(table)) or contradictions(self.doc, xref, table):
                self.faults[xref] = why

    def _table(self, said: str) -> dict[int, str] | None:
        """A font's ToUnicode table, code → letters, or None where it has none."""
        found = TABLE.search(said)
        if found is None:
            return None
        return read_table(self.doc.xref_stream(int(found[1])) or b"")


def _broken() -> type[Exception]:
    import pymupdf

    return pymupdf.mupdf.FzErrorBase


def _kind(said: str) -> str:
    encoding = re.search(r"/Encoding(?:/([\w-]+)|)", said)
    name = (encoding[1] or "an encoding of its own") if encoding else "no encoding"
    return f"{name}, {'ToUnicode without letters' if TABLE.search(said) else 'no ToUnicode'}"


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
    """Of each font's glyphs without letters, the share that differ from the one before: a leader of dots is one dot.

    Glyph 0 is drawn for whatever a font does not hold: two of them are two signs.
    """
    glyphs: dict[str, list[int | None]] = defaultdict(list)
    with _full_names():
        spans = page.get_texttrace()
    for span in spans:
        glyphs[span["font"]] += [char[1] if is_no_text(chr(char[0])) else None for char in span["chars"]]
    counts = {
        name: [(glyph, len(list(row))) for glyph, row in groupby(drawn) if glyph is not None]
        for name, drawn in glyphs.items()
    }
    return {
        name: sum(1 if glyph else count for glyph, count in rows) / sum(count for _, count in rows)
        for name, rows in counts.items()
        if rows
    }


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
