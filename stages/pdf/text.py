"""Glyphs of a page → lines of text, with the word spaces that Korean PDFs leave out.

Hancom and LaTeX draw words apart without ever writing a space, so plain extraction gives
`기후위기대응을위한탄소중립`. Here every glyph keeps its place, and a gap wider than 0.18 of the
font size is a space.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

GAP = 0.18  # of the font size; measured best on Hancom, LaTeX and InDesign files
WHITE = 0xFFFFFF
STANDIN = "\0"  # begins a line that stands for a table while columns are put in order: never in a page's text
MATH_FONT = re.compile(r"CMMI|CMSY|Math|STIX|XITS|Asana", re.IGNORECASE)
Box = tuple[float, float, float, float]
Seen = dict[tuple[str, int, int], list[tuple[float, float]]]


class Glyph(NamedTuple):
    """One drawn character and its box, in points from the top left of the page as it is read."""

    c: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool


class Line(NamedTuple):
    """A run of glyphs on one baseline: a whole line, or its part in one column or cell.

    `spaced` says that a space was drawn at its end: where the line is wrapped, a word ends there.
    """

    text: str
    box: Box
    size: float
    bold: bool
    spaced: bool = False


@dataclass(frozen=True)
class PageText:
    """What a page says: its runs of glyphs, before order and furniture. `turn`: see `turned`."""

    runs: tuple[tuple[Glyph, ...], ...]
    width: float
    height: float
    turn: int
    hidden: int


def read_page(page: Any) -> PageText:
    """Take the glyphs of a pymupdf page; unseen ones are left out and counted, unless there are no others."""
    import pymupdf

    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP | pymupdf.TEXT_INHIBIT_SPACES
    raw = [line for block in page.get_text("rawdict", flags=flags)["blocks"] for line in block.get("lines", ())]
    width, height = page.cropbox.width, page.cropbox.height
    turn = _main_turn(raw)
    ink = Ink(page) if any(_doubtful(span) for line in raw for span in line["spans"]) else None
    shown: list[tuple[Glyph, ...]] = []
    unseen: list[tuple[Glyph, ...]] = []
    seen: Seen = {}
    for line in raw:
        if _turn(line["dir"]) != turn:
            continue  # a watermark or a margin note across the page
        visible: list[Glyph] = []
        invisible: list[Glyph] = []
        for span in line["spans"]:
            bold = bool(span["flags"] & 16) or "Bold" in span["font"]
            doubtful = ink if _doubtful(span) else None
            for char in span["chars"]:
                c = _real(char["c"], span["font"])
                box = char["bbox"]
                if c.isspace():
                    c = " "
                elif _drawn_before(seen, c, box, span["size"]):
                    continue  # the same glyph again, a hair aside: how print drivers make bold
                x0, y0, x1, y1 = turned(box, turn, width, height) if turn else box
                glyph = Glyph(c, x0, y0, x1, y1, span["size"], bold)
                (invisible if doubtful and not doubtful.shows(box, span["alpha"]) else visible).append(glyph)
        shown.append(tuple(visible))
        unseen.append(tuple(invisible))
    if turn in (1, 3):
        width, height = height, width
    hidden = sum(not g.c.isspace() for run in unseen for g in run)
    if not any(not g.c.isspace() for run in shown for g in run):
        return PageText(tuple(r for r in unseen if r), width, height, turn, 0)  # the text layer under a scan
    return PageText(tuple(r for r in shown if r), width, height, turn, hidden)


def turned(box: Sequence[float], turn: int, width: float, height: float) -> Box:
    """A stored box in the page as it is read; `turn` counts quarter turns of the reading direction."""
    x0, y0, x1, y1 = box
    if turn == 1:  # read downwards
        return (y0, width - x1, y1, width - x0)
    if turn == 2:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 3:  # read upwards
        return (height - y1, x0, height - y0, x1)
    return (x0, y0, x1, y1)


def spell(glyphs: Sequence[Glyph]) -> str:
    """Glyphs in drawing order → NFC text with one space wherever words were drawn apart."""
    gap = word_gap(glyphs)
    out: list[str] = []
    last: Glyph | None = None
    for glyph in glyphs:
        apart = last is not None and glyph.x0 - last.x1 > gap * min(last.size, glyph.size)
        if (apart or glyph.c == " ") and out and out[-1] != " ":
            out.append(" ")
        if glyph.c != " ":
            out.append(glyph.c)
            last = glyph
    return clean("".join(out))


def word_gap(glyphs: Sequence[Glyph]) -> float:
    """The gap, in font sizes, that parts words in this run: GAP more than its letters have between them.

    Letters set wide apart (균등 배분) count only where all are Hangul: digits must not become one number.
    """
    drawn = [g for g in glyphs if g.c != " "]
    if len(drawn) < 5:
        return GAP
    usual = median((b.x0 - a.x1) / (a.size or 1.0) for a, b in pairwise(drawn))
    widest = 3.0 if all(_is_cjk(g.c) for g in drawn) else 0.1
    return GAP + min(max(usual, -0.15), widest)


def words(run: Sequence[Glyph]) -> Iterator[tuple[Glyph, ...]]:
    """The words of a run, each with the space after it, if one is drawn."""
    word: list[Glyph] = []
    gap = word_gap(run)
    for glyph in run:
        if glyph.c == " ":
            word += [glyph] if word else []
        elif word and (word[-1].c == " " or glyph.x0 - word[-1].x1 > gap * glyph.size):
            yield tuple(word)
            word = [glyph]
        else:
            word.append(glyph)
    if word:
        yield tuple(word)


def clean(text: str) -> str:
    """NFC without control characters or doubled spaces: nothing that could change a figure or a sign."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(c for c in text if c in "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    return re.sub(r"[ \t\u00a0\u3000]+", " ", text).strip()


def to_line(glyphs: Sequence[Glyph]) -> Line | None:
    """A run as a line, or None where it has no visible text."""
    drawn = [g for g in glyphs if g.c != " "]
    text = spell(glyphs)
    if not drawn or not text:
        return None
    box = (
        min(g.x0 for g in drawn),
        min(g.y0 for g in drawn),
        max(g.x1 for g in drawn),
        max(g.y1 for g in drawn),
    )
    return Line(
        text,
        box,
        median(g.size for g in drawn),
        sum(g.bold for g in drawn) * 2 > len(drawn),
        glyphs[-1].c == " ",
    )


def rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines that stand beside each other, top to bottom; within a row from left to right."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: ((item.box[1] + item.box[3]) / 2, item.box[0])):
        middle = (line.box[1] + line.box[3]) / 2
        alone = line.text.startswith(STANDIN) or (found and found[-1][0].text.startswith(STANDIN))
        if found and not alone and middle < found[-1][0].box[3] - 0.3 * found[-1][0].size and _beside(found[-1], line):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda item: item.box[0]) for row in found]


def _beside(row: list[Line], line: Line) -> bool:
    """Whether the line lies left or right of what is in the row already, not on top of it."""
    slack = 0.3 * line.size
    return all(line.box[0] > other.box[2] - slack or line.box[2] < other.box[0] + slack for other in row)


def merge(row: Sequence[Line]) -> Line:
    """One line out of a row; runs that touch are one word."""
    text = row[0].text
    for left, right in pairwise(row):
        text += ("" if right.box[0] - left.box[2] < GAP * right.size else " ") + right.text
    boxes = [line.box for line in row]
    box = (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )
    longest = max(row, key=lambda line: len(line.text))
    return Line(text, box, longest.size, all(line.bold for line in row), row[-1].spaced)


def join_wrapped(first: str, second: str, room: float, size: float, spaced: bool = False) -> str:
    """Two lines of one paragraph as one text; `room` was left free at the right of the first, in points.

    Korean is broken anywhere inside a word when a line is full, so two Hangul ends are joined without a
    space; a line that had room for one more letter, or was `spaced`, was broken between words.
    """
    if not first or not second:
        return first or second
    if first[-1] in "-\u00ad" and first[-2:-1].isalpha() and first[-2:-1].isascii() and second[0].islower():
        return first[:-1] + second
    in_word = _is_cjk(first[-1]) and _is_cjk(second[0])
    tail = first[-1].isdigit() and _is_cjk(second[0])  # 2024 + 년
    return first + ("" if (in_word or tail) and room < 1.1 * size and not spaced else " ") + second


def _is_cjk(c: str) -> bool:
    return "가" <= c <= "힣" or "一" <= c <= "鿿"


def _real(c: str, font: str) -> str:
    """Mathematical italics that a 16-bit ToUnicode cut to false Hangul (U+D4xx) get their letter back."""
    if len(c) == 1 and "\ud400" <= c <= "\ud7ff" and MATH_FONT.search(font):
        return unicodedata.normalize("NFKC", chr(ord(c) + 0x10000))
    return c


def _turn(direction: tuple[float, float]) -> int:
    """Quarter turns of the reading direction: 0 right, 1 down, 2 left, 3 up, -1 askew."""
    x, y = direction
    if abs(x) > 0.98:
        return 0 if x > 0 else 2
    if abs(y) > 0.98:
        return 1 if y > 0 else 3
    return -1


def _main_turn(lines: Iterable[Any]) -> int:
    count = [0, 0, 0, 0]
    for line in lines:
        if (turn := _turn(line["dir"])) >= 0:
            count[turn] += sum(len(span["chars"]) for span in line["spans"])
    return count.index(max(count))


def _drawn_before(seen: Seen, c: str, box: Box, size: float) -> bool:
    near = 0.12 * size
    column, row = int(box[0] // 4), int(box[1] // 4)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            for x, y in seen.get((c, column + dx, row + dy), ()):
                if abs(x - box[0]) < near and abs(y - box[1]) < near:
                    return True
    seen.setdefault((c, column, row), []).append((box[0], box[1]))
    return False


def _doubtful(span: dict[str, Any]) -> bool:
    """Text that may not be seen: drawn without ink, or white."""
    return span["alpha"] == 0 or span["color"] == WHITE


class Ink:
    """What is drawn on a page besides text, to tell whether doubtful text is seen.

    Hancom draws bold letters as outlines under text without ink: that is seen. An old fund's name in white,
    or without ink under the new one, is not.
    """

    CELL = 6.0  # points: the raster in which outlines of letters are looked up

    def __init__(self, page: Any) -> None:
        self.fills = [tuple(b) for kind, b in page.get_bboxlog() if kind in ("fill-image", "fill-shade")]
        self.outlines: set[tuple[int, int]] = set()
        for drawing in page.get_cdrawings():
            box, fill = drawing["rect"], drawing.get("fill")
            dark = fill and min(fill) < 0.97
            if max(box[2] - box[0], box[3] - box[1]) > 60:
                if dark:
                    self.fills.append(tuple(box))
            elif dark or (drawing.get("color") and min(drawing["color"]) < 0.97):
                columns = range(int(box[0] // self.CELL), int(box[2] // self.CELL) + 1)
                levels = range(int(box[1] // self.CELL), int(box[3] // self.CELL) + 1)
                self.outlines.update((x, y) for x in columns for y in levels)

    def shows(self, box: Sequence[float], alpha: int) -> bool:
        """Whether a doubtful glyph is seen: on a coloured ground, or as an outline of its own."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if (int(x // self.CELL), int(y // self.CELL)) in self.outlines:
            return True
        return alpha != 0 and any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in self.fills)
