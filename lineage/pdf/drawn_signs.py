"""Signs inside lines of text that are pictures or outlines, not letters: `연평균 [20.7%]의 성장`, a sentence that lies.

Print drivers draw what a font lacks as small pictures. Such a picture is as high as the line; it stands between two
words or directly at one, and where it lies, no letter does. Its place in the text gets UNREAD. A bullet before a line,
a logo, an icon that stands apart and a coloured ground under words are no signs. A picture is often wider than what
is seen of it and lies under the words beside: what counts is the ink in the gap, so the page is drawn once where a
picture could be a sign.
"""

import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from lineage.pdf.gaps import level_with
from lineage.pdf.number_check import is_figure
from lineage.pdf.sheet import Sheet
from lineage.pdf.text import UNREAD, Box, Line, Run
from lineage.pdf.visibility import IMAGE, MASK, Vector, is_white, pictures, turned

MOST = 4000  # small drawings on a page: beyond, it is a map or a chart
STEP = 8.0  # points: the raster in which lines are looked up
PIXELS = 600  # a larger picture is no sign, at any printer's resolution
TALLEST = 1.7  # of the font size: a higher picture is an illustration
LEAST = 0.12  # of the font size: room for a full stop
NEAR, TOUCHING = 1.0, 0.3  # of the font size: from a sign to the words around it, to the only word beside it
WIDE = 1.5  # of the font size: wider than any bullet
MANY = 3  # signs on a page: then pictures at the beginnings of lines, and outlines at the ends, are some as well
INLINE = re.compile(rb"\bBI\s[^<>]{1,400}?\bID\s")


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


class Sign(NamedTuple):
    """The place of a sign, the size of the letters beside it, and whether no bullet could look so."""

    box: Box
    size: float
    sure: bool


def drawn_signs(page: Any, pairs: Sequence[tuple[Run, Line]], drawn: Iterable[Vector], turn: int) -> list[Run]:
    """A run of UNREAD for each sign inside a line that is a picture or an outline.

    Args:
        page: a pymupdf page.
        pairs: its runs, with their gaps filled, and their lines.
        drawn: its lines and filled areas.
        turn: quarter turns of the reading direction; see `visibility.turned`.
    """
    found = [*_outlines(drawn), *_small_pictures(page, pairs, turn)]
    gaps = _gaps(found, pairs) if 0 < len(found) <= MOST else []
    if not gaps:
        return []
    sheet = Sheet(page, turn)
    signs = [sign for gap in gaps if (sign := _sign(gap, sheet))]
    many = sum(sign.sure for sign in signs) >= MANY
    return [Run(UNREAD, [sign.box], [sign.size], [False]) for sign in signs if sign.sure or many]


def _outlines(drawn: Iterable[Vector]) -> Iterator[Drawing]:
    """Filled shapes that are no rectangles and no larger than a letter."""
    for box, stroked, rect, color, alpha in drawn:
        if not (stroked or rect or alpha == 0 or is_white(color)) and max(box[2] - box[0], box[3] - box[1]) <= 40:
            yield Drawing(box, False)


def _small_pictures(page: Any, pairs: Sequence[tuple[Run, Line]], turn: int) -> Iterator[Drawing]:
    """Pictures no higher than a line, but for the strips of a larger one; where the page names or holds any."""
    highest = TALLEST * max((line.size for _, line in pairs), default=0.0)
    named = any(min(image[2:4]) <= PIXELS for image in page.get_images())
    if not highest or not (named or (_is_torn([line for _, line in pairs]) and _has_inline(page))):
        return
    size = page.cropbox.width, page.cropbox.height
    boxes = [turned(box, turn, *size) for kind, box in pictures(page) if kind in (IMAGE, MASK)]
    ends = {(round(box[0]), round(box[2]), round(y)) for box in boxes for y in (box[3], box[3] + 1)}
    begins = {(round(box[0]), round(box[2]), round(y)) for box in boxes for y in (box[1], box[1] - 1)}
    for box in boxes:
        columns = round(box[0]), round(box[2])
        strip = (*columns, round(box[1])) in ends or (*columns, round(box[3])) in begins
        if not strip and box[3] - box[1] <= highest:
            yield Drawing(box, True)


def _is_torn(lines: Sequence[Line]) -> bool:
    """Whether a line is in pieces, with room for a sign between them."""
    boxes = sorted((line.box[1] + line.box[3], line.box, line.size) for line in lines)
    for (level, a, size), (other, b, _) in pairwise(boxes):
        apart = max(a[0], b[0]) - min(a[2], b[2])
        if other - level < size and LEAST * size < apart < 6 * size:
            return True
    return False


def _has_inline(page: Any) -> bool:
    """Whether a page's content holds pictures inside itself, which its resources do not name."""
    streams = [page.read_contents(), *(page.parent.xref_stream(item[0]) for item in page.get_xobjects())]
    return any(b"BI" in stream and INLINE.search(stream) for stream in streams if stream)


class Row(NamedTuple):
    """The letters of all lines on one level from left to right, and how far right each of them and those before go."""

    lines: tuple[int, ...]
    letters: list[Letter]
    ends: list[float]


def _gaps(found: Sequence[Drawing], pairs: Sequence[tuple[Run, Line]]) -> list[Gap]:
    """The gaps of rows in which something is drawn that may be a sign, one for all that is drawn in it."""
    levels: dict[int, list[int]] = defaultdict(list)
    for index, (_, line) in enumerate(pairs):
        for step in range(int(line.box[1] // STEP), int(line.box[3] // STEP) + 1):
            levels[step].append(index)
    rows: dict[int, Row] = {}
    gaps: dict[tuple[tuple[int, ...], int], Gap] = {}
    for drawing in found:
        near = levels[int((drawing.box[1] + drawing.box[3]) / 2 // STEP)]
        beside = _beside(drawing.box, near, pairs)
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
    return [gap for gap in gaps.values() if _bearing(gap, gap.x0, gap.x1) is not None]


def _beside(box: Box, near: Iterable[int], pairs: Sequence[tuple[Run, Line]]) -> int | None:
    """The index of the line on whose level a drawing stands that is no higher than the line."""
    x0, y0, x1, y1 = box
    middle, height = (y0 + y1) / 2, y1 - y0
    nearest: tuple[float, int | None] = (1e9, None)
    for index in near:
        line = pairs[index][1]
        left, top, right, bottom = line.box
        reach = NEAR * line.size
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


def _sign(gap: Gap, sheet: Sheet) -> Sign | None:
    """What is drawn in a gap as a sign of its line; None where nothing is seen."""
    beside = gap.left or gap.right
    assert beside
    x0, x1 = gap.x0, gap.x1
    if gap.picture:
        hair = 0.04 * beside.size  # ink of a letter may hang over its end
        begin = max(x0 - 1, gap.left.box[2] + hair) if gap.left else x0 - 1
        end = min(x1 + 1, gap.right.box[0] - hair) if gap.right else x1 + 1
        place = (begin, gap.y0, end, gap.y1)
        found = None if gap.sides and _is_ground(place, sheet) else sheet.ink(place, tuple(gap.sides))
        if found is None:
            return None
        x0, x1 = found
    sure = _bearing(gap, x0, x1)
    return None if sure is None else Sign((x0, beside.box[1], x1, beside.box[3]), beside.size, sure)


def _bearing(gap: Gap, x0: float, x1: float) -> bool | None:
    """Whether what is drawn from x0 to x1 is a sign of the line, or (False) may be; None: it stands apart."""
    size = (gap.left or gap.right).size  # type: ignore[union-attr]
    before = (x0 - gap.left.box[2]) / size if gap.left else math.inf
    after = (gap.right.box[0] - x1) / size if gap.right else math.inf
    if max(before, after) <= NEAR:
        return True
    if before <= TOUCHING:
        return gap.picture
    if gap.right and gap.picture and after <= NEAR:
        wide = x1 - x0 > WIDE * size
        if after <= TOUCHING or wide:
            return after <= TOUCHING and (wide or is_figure(gap.right.word))
    return None


def _is_ground(place: Box, sheet: Sheet) -> bool:
    """Whether a picture under letters has another shade than the paper above and below it."""
    x0, y0, x1, y1 = place
    paper = [sheet.ground((x0, y, x1, y)) for y in (y0 - 1.5, y1 + 1.5)]
    return min(abs(sheet.ground(place) - grey) for grey in paper) > 16
