"""Where something is drawn in the free room of a line of text: between letters, before the first, after the last."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from lineage.pdf.gaps import level_with
from lineage.pdf.text import Box, Line, Run

STEP = 8.0  # points: the raster in which lines are looked up
TALLEST = 1.7  # of the font size: a higher picture is an illustration
LEAST = 0.12  # of the font size: room for a full stop
REACH = 30.0  # of the font size: how far from a line a picture stands on its level, an outline 1


class Drawing(NamedTuple):
    """A small picture (or, if not `picture`, an outline) where a line of text may be."""

    box: Box
    picture: bool


class Letter(NamedTuple):
    """Where a visible glyph stands on a row; `word` is the word that it begins, if it begins a line."""

    box: Box
    size: float
    word: str


@dataclass
class Gap:
    """Free room between two letters of a row in which something is drawn; None beside it: the row ends there.

    `sides` are the edges of pictures that lie under letters too.
    """

    left: Letter | None
    right: Letter | None
    x0: float
    x1: float
    y0: float
    y1: float
    picture: bool = False
    sides: list[float] = field(default_factory=list)


class Row(NamedTuple):
    """The letters of all lines on one level from left to right, and how far right each of them and those before go."""

    lines: tuple[int, ...]
    letters: list[Letter]
    ends: list[float]


def drawn_gaps(found: Sequence[Drawing], pairs: Sequence[tuple[Run, Line]]) -> list[Gap]:
    """The gaps of rows in which something is drawn, one for all that is drawn in it."""
    levels: dict[int, list[int]] = defaultdict(list)
    for index, (_, line) in enumerate(pairs if found else ()):
        for step in range(int(line.box[1] // STEP), int(line.box[3] // STEP) + 1):
            levels[step].append(index)
    rows: dict[int, Row] = {}
    gaps: dict[tuple[tuple[int, ...], int], Gap] = {}
    for drawing in found:
        near = levels[int((drawing.box[1] + drawing.box[3]) / 2 // STEP)]
        beside = _beside(drawing, near, pairs)
        if beside is None:
            continue
        if beside not in rows:
            rows[beside] = _row(beside, near, pairs)
        row = rows[beside]
        for at, gap in _under(drawing, row):
            known = gaps.setdefault((row.lines, at), gap)
            known.x0, known.x1 = min(known.x0, gap.x0), max(known.x1, gap.x1)
            known.y0, known.y1 = min(known.y0, gap.y0), max(known.y1, gap.y1)
            known.picture |= gap.picture
            known.sides += gap.sides
    return list(gaps.values())


def _beside(drawing: Drawing, near: Iterable[int], pairs: Sequence[tuple[Run, Line]]) -> int | None:
    """The index of the line on whose level a drawing stands that is no higher than the line."""
    x0, y0, x1, y1 = drawing.box
    middle, height = (y0 + y1) / 2, y1 - y0
    nearest: tuple[float, int | None] = (1e9, None)
    for index in near:
        line = pairs[index][1]
        left, top, right, bottom = line.box
        reach = (REACH if drawing.picture else 1.0) * line.size
        if top < middle < bottom and left - reach < x1 and x0 < right + reach and height <= TALLEST * line.size:
            nearest = min(nearest, (abs((top + bottom) / 2 - middle), index))
    return nearest[1]


def _row(index: int, near: Iterable[int], pairs: Sequence[tuple[Run, Line]]) -> Row:
    box = pairs[index][1].box
    lines = tuple(other for other in near if level_with(box, pairs[other][1].box))
    letters = sorted(letter for other in lines for letter in _letters(*pairs[other]))
    return Row(lines, letters, list(accumulate((letter.box[2] for letter in letters), max)))


def _letters(run: Run, line: Line) -> Iterator[Letter]:
    word = line.text.split(" ", 1)[0]
    for c, box, size in zip(run.text, run.boxes, run.sizes, strict=True):
        if c != " ":
            yield Letter(box, size, word)
            word = ""


def _under(drawing: Drawing, row: Row) -> Iterator[tuple[int, Gap]]:
    """The gaps of a row that a drawing reaches into, and the number of letters before each.

    Where it reaches over letters too, a picture may be blank; an outline is the ground of letters.
    """
    x0, y0, x1, y1 = drawing.box
    letters, ends = row.letters, row.ends
    for at in range(bisect_right(ends, x0), len(letters) + 1):
        end = ends[at - 1] if at else x0
        if end >= x1:
            return
        left, right = letters[at - 1] if at else None, letters[at] if at < len(letters) else None
        low, high = max(x0, end), min(x1, right.box[0]) if right else x1
        size = (left or letters[at]).size
        ground = x0 < low - 1 or x1 > high + 1
        if high - low > min(LEAST * size, 0.5 * (x1 - x0)) and (drawing.picture or not ground):
            yield at, Gap(left, right, low, high, y0, y1, drawing.picture, [x0, x1] if ground else [])
