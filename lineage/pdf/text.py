"""Glyphs of a line → text, with the word spaces that Korean PDFs leave out.

Hancom and LaTeX draw words apart without ever writing a space, so plain extraction gives
`기후위기대응을위한탄소중립`. Here every glyph keeps its place, and a gap wider than 0.18 of the
font size is a space.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import inf
from operator import sub
from typing import NamedTuple

from lineage.pdf.wide_gaps import FREE, are_apart

GAP = 0.18  # of the font size; measured best on Hancom, LaTeX and InDesign files
UNREAD = "\ufffd"  # stands in a text where a sign is drawn that has no letter: it is seen, and counts as no text
STANDIN = "\0"  # begins a line that stands for a table while columns are put in order: never in a page's text
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
SPACES = re.compile(r"[ \t\u00a0\u3000]+")
NOT_CJK = re.compile(r"[^가-힣一-鿿 ]")
Box = tuple[float, float, float, float]


class Glyph(NamedTuple):
    """One drawn character and its box, in points from the top left of the page as it is read."""

    c: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool


class Run(NamedTuple):
    """Glyphs on one baseline, in drawing order, as columns of equal length: an object a glyph would be slow."""

    text: str
    boxes: Sequence[Box]
    sizes: list[float]
    bold: Sequence[bool]


class Spacing(NamedTuple):
    """The gap before each glyph of a run but the first, the widest of them, and how wide a gap parts words in it.

    All are in points where the run is `even`, all its glyphs of one size, else in font sizes.
    """

    gaps: Sequence[float]
    widest: float
    most: float
    even: bool


class Line(NamedTuple):
    """A run as text: a whole line, or its part in one column or cell.

    `spaced` says that a space was drawn at its end: where the line is wrapped, a word ends there. `holes` are the
    spaces inside it that are wider than FREE, from x to x in points; one after a bullet is none.
    """

    text: str
    box: Box
    size: float
    bold: bool
    spaced: bool = False
    holes: tuple[tuple[float, float], ...] = ()

    @property
    def blank(self) -> float:
        """The widest hole, in font sizes."""
        return max([b - a for a, b in self.holes]) / (self.size or 1.0) if self.holes else 0.0

    @property
    def parts(self) -> list[tuple[float, float]]:
        """From where to where its parts reach, in points."""
        inner = [x for hole in self.holes for x in hole]
        ends = [self.box[0], *inner, self.box[2]]
        return list(zip(ends[::2], ends[1::2], strict=True))


def glyphs(run: Run) -> list[Glyph]:
    """The glyphs of a run one by one, for the few runs that have to be taken apart."""
    return [Glyph(c, *box, size, bold) for c, box, size, bold in zip(*run, strict=True)]


def to_run(pieces: Sequence[Glyph]) -> Run:
    """Glyphs as a run."""
    return Run(
        "".join(g.c for g in pieces), [g[1:5] for g in pieces], [g.size for g in pieces], [g.bold for g in pieces]
    )


def part(run: Run, first: int, end: int) -> Run:
    """The glyphs of a run from `first` up to `end`."""
    return Run(run.text[first:end], run.boxes[first:end], run.sizes[first:end], run.bold[first:end])


def spell(pieces: Sequence[Glyph]) -> str:
    """Glyphs in drawing order → NFC text with one space wherever words were drawn apart."""
    run = to_run(pieces)
    return _spelled(run.text, _spacing_of(run))


def to_line(run: Run) -> Line | None:
    """A run as a line, or None where it has no visible text."""
    shown = run.text.strip(" ")
    if not shown:
        return None
    spaced = run.text[-1] == " "
    if len(shown) < len(run.text):
        start = len(run.text) - len(run.text.lstrip(" "))
        run = part(run, start, start + len(shown))
    starts, tops, ends, bottoms = zip(*run.boxes, strict=True)
    spacing = _spacing(shown, starts, ends, run.sizes)
    text = _spelled(shown, spacing)
    if not text:
        return None
    size = run.sizes[0] if spacing.even else sorted(run.sizes)[len(shown) // 2]
    box = (min(starts), min(tops), max(ends), max(bottoms))
    line = Line(text, box, size, run.bold.count(True) * 2 > len(shown), spaced)
    close = "  " not in shown and spacing.widest <= FREE * (size if spacing.even else 1.0)
    return line if close else line._replace(holes=_holes(run, spacing))


def _holes(run: Run, spacing: Spacing) -> tuple[tuple[float, float], ...]:
    """The wide spaces between a run's words, but for one that only a bullet stands before."""
    before, end = "", 0.0
    found: list[tuple[float, float]] = []
    for first, last in word_ends(run, spacing):
        said, boxes = run.text[first:last], run.boxes[first:last]
        start = boxes[0][0]
        if before and start - end > FREE * run.sizes[first] and are_apart(before, said):
            found.append((end, start))
        before += said
        end = max(box[2] for c, box in zip(said, boxes, strict=True) if c != " ")
    return tuple(found)


def _spacing_of(run: Run) -> Spacing:
    return _spacing(run.text, [box[0] for box in run.boxes], [box[2] for box in run.boxes], run.sizes)


def _spacing(text: str, starts: Sequence[float], ends: Sequence[float], sizes: list[float]) -> Spacing:
    """The spacing of glyphs, given where each of them begins and ends, in points, and its font size."""
    if len(text) < 2:
        return Spacing([], -inf, 0.0, True)
    gaps = list(map(sub, starts[1:], ends))
    even = sizes.count(sizes[0]) == len(sizes)
    if not even:
        gaps = [gap / (min(a, b) or 1.0) for gap, (a, b) in zip(gaps, pairwise(sizes), strict=True)]
    widest = max(gaps)
    return Spacing(gaps, widest, _word_gap(text, gaps, widest, sizes[0] if even else 1.0), even)


def _word_gap(text: str, gaps: Sequence[float], widest: float, size: float) -> float:
    """The gap that parts words in this run: GAP of the size more than its letters have between them.

    Letters set wide apart (균등 배분) count only where all are Hangul: digits must not become one number.
    """
    if widest <= (GAP - 0.15) * size:
        return GAP * size  # no gap can part words
    if " " in text:
        gaps = _within_words(text, gaps)
    if len(gaps) < 4:
        return GAP * size
    usual = sorted(gaps)[len(gaps) // 2]
    widest = 0.1 * size
    if usual > widest and not NOT_CJK.search(text):
        widest = 3.0 * size
    return GAP * size + min(max(usual, -0.15 * size), widest)


def _within_words(text: str, gaps: Sequence[float]) -> list[float]:
    """The gaps beside which no space is drawn."""
    inner: list[float] = []
    start = 0
    for word in text.split(" "):
        end = start + len(word)
        if word:
            inner += gaps[start : end - 1]
        start = end + 1
    return inner


def _spelled(text: str, spacing: Spacing) -> str:
    if spacing.widest <= spacing.most:
        return clean(text)
    cuts = [0, *[i for i, gap in enumerate(spacing.gaps, 1) if gap > spacing.most], len(text)]
    return clean(" ".join([text[a:b] for a, b in pairwise(cuts)]))


def words(run: Run) -> Iterator[list[Glyph]]:
    """The words of a run, each with the space after it, if one is drawn."""
    every = glyphs(run)
    return (every[first:end] for first, end in word_ends(run))


def word_ends(run: Run, spacing: Spacing | None = None) -> Iterator[tuple[int, int]]:
    """Where each word of a run begins, and where the next one does, as indices of its glyphs.

    `spacing` is that of the run, where it is known already.
    """
    gaps, _, most, _ = spacing or _spacing_of(run)
    each = zip(" " + run.text, run.text, [0.0, *gaps], strict=False)
    starts = [at for at, (before, c, gap) in enumerate(each) if c != " " and (before == " " or gap > most)]
    return pairwise([*starts, len(run.text)])


def clean(text: str) -> str:
    """NFC without control characters or doubled spaces: nothing that could change a figure or a sign."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if text.isprintable():  # the only space that is printable is the plain one
        return SPACES.sub(" ", text).strip() if "  " in text else text.strip()
    return SPACES.sub(" ", CONTROL.sub("", text)).strip()


def rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines that stand beside each other, top to bottom; within a row from left to right."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: (item.box[1] + item.box[3], item.box[0])):
        middle = (line.box[1] + line.box[3]) / 2
        first = found[-1][0] if found else None
        if (
            first
            and middle < first.box[3] - 0.3 * first.size
            and not line.text.startswith(STANDIN)
            and not first.text.startswith(STANDIN)
            and _beside(found[-1], line)
        ):
            found[-1].append(line)
        else:
            found.append([line])
    for row in found:
        row.sort(key=lambda item: item.box[0])
    return found


def _beside(row: list[Line], line: Line) -> bool:
    """Whether the line lies left or right of what is in the row already, not on top of it."""
    slack = 0.3 * line.size
    left, right = line.box[0] + slack, line.box[2] - slack
    return all(left > other.box[2] or right < other.box[0] for other in row)


def merge(row: Sequence[Line]) -> Line:
    """One line out of a row; runs that touch are one word."""
    if len(row) == 1:
        return row[0]
    text = row[0].text
    holes = list(row[0].holes)
    for left, right in pairwise(row):
        gap = right.box[0] - left.box[2]
        if gap > FREE * right.size and are_apart(text, right.text):
            holes.append((left.box[2], right.box[0]))
        text += ("" if gap < GAP * right.size else " ") + right.text
        holes += right.holes
    longest = max(row, key=lambda line: len(line.text))
    bold = all(n.bold for n in row)
    return Line(text, around(line.box for line in row), longest.size, bold, row[-1].spaced, tuple(holes))


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of `boxes`."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))
