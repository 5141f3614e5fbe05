"""Signs inside lines of text that are pictures or outlines, not letters: `연평균 [20.7%]의 성장`, a sentence that lies.

Print drivers draw what a font lacks as small pictures. Such a picture is as high as the line; it stands between two
words or directly at one, and where it lies, no letter does. Its place in the text gets UNREAD. A bullet before a line,
a logo, an icon that stands apart and a coloured ground under words are no signs. A picture is often wider than what
is seen of it and lies under the words beside: what counts is the ink in the gap, so the page is drawn once where a
picture could be a sign.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lineage.pdf.number_check import is_figure
from lineage.pdf.printed_page import PrintedPage
from lineage.pdf.row_gaps import TALLEST, Drawing, Gap, drawn_gaps
from lineage.pdf.text import UNREAD, Box, Line, Run
from lineage.pdf.visibility import IMAGE, MASK, Vector, is_white, pictures, turned

MOST = 4000  # small pictures or outlines on a page: beyond, they are a map or a chart
PIXELS = 600  # a larger picture is no sign, at any printer's resolution
NEAR, SPACE, TOUCHING, GLUED = 1.0, 0.7, 0.3, 0.15  # of the font size: how far a sign is from the words beside it
BEARING = 0.08  # of the font size: what a font leaves free after a letter's ink
WIDE = 1.5  # of the font size: wider than any bullet
STRIP = 0.2  # of the longer side of the page: narrower pictures right above each other are no strips of a scan
SURE, MAYBE, APART, LONE = range(4)  # by its place: a sign; a sign or a bullet; a figure in a cell; that or an icon
MANY = 3  # signs on a page: then those that may be are some as well, and so are as many that stand apart
INLINE = re.compile(rb"\bBI\s[^<>]{1,400}?\bID\s")


class Sign(NamedTuple):
    """The place of a sign, the size of the letters beside it, and SURE, MAYBE, APART or LONE."""

    box: Box
    size: float
    kind: int


def drawn_signs(
    page: Any, pairs: Sequence[tuple[Run, Line]], drawn: Iterable[Vector], turn: int
) -> tuple[list[Run], int]:
    """A run of UNREAD for each sign inside a line that is a picture or an outline, and how many more may be figures.

    Args:
        page: a pymupdf page.
        pairs: its runs, with their gaps filled, and their lines.
        drawn: its lines and filled areas.
        turn: quarter turns of the reading direction; see `visibility.turned`.
    """
    found = list(_outlines(drawn)), list(_small_pictures(page, pairs, turn))
    gaps = drawn_gaps([one for drawings in found if len(drawings) <= MOST for one in drawings], pairs)
    gaps = [gap for gap in gaps if _kind(gap, gap.x0, gap.x1) is not None]
    printed = _printed(page, turn) if any(gap.picture for gap in gaps) else None
    signs = [sign for gap in gaps if (sign := _sign(gap, printed))]
    count = Counter(sign.kind for sign in signs)
    taken = {SURE}
    if count[SURE] >= MANY:
        taken.add(MAYBE)
    if count[APART] >= MANY:
        taken.add(APART)
    lone = sum(count[kind] for kind in {APART, LONE} - taken)
    return [Run(UNREAD, [sign.box], [sign.size], [False]) for sign in signs if sign.kind in taken], lone


def _printed(page: Any, turn: int) -> PrintedPage | None:
    """The page drawn; None where it cannot be, as with a picture that would take all memory: its text still can."""
    import pymupdf

    try:
        return PrintedPage(page, turn)
    except (RuntimeError, MemoryError, pymupdf.mupdf.FzErrorBase):
        return None


def _outlines(drawn: Iterable[Vector]) -> Iterator[Drawing]:
    """Filled shapes that are no rectangles and no larger than a letter."""
    for box, stroked, rect, color, alpha in drawn:
        if not (stroked or rect or alpha == 0 or is_white(color)) and max(box[2] - box[0], box[3] - box[1]) <= 40:
            yield Drawing(box, False)


def _small_pictures(page: Any, pairs: Sequence[tuple[Run, Line]], turn: int) -> Iterator[Drawing]:
    """Pictures no higher than a line, but for the strips of a larger one; where the page names or holds any."""
    highest = TALLEST * max((line.size for _, line in pairs), default=0.0)
    if not highest or not _has_pictures(page):
        return
    size = page.cropbox.width, page.cropbox.height
    boxes = [turned(box, turn, *size) for kind, box in pictures(page) if kind in (IMAGE, MASK)]
    for box, tile in zip(boxes, _tiles(boxes, STRIP * max(size)), strict=True):
        if not tile and box[3] - box[1] <= highest:
            yield Drawing(box, True)


def _tiles(boxes: Sequence[Box], wide: float) -> Iterator[bool]:
    """Whether each picture is a strip or a tile of a larger one: it touches its like above or below.

    So do figures in tight lines; but they are not `wide`, in points, or many in a row.
    """
    columns = [(round(box[0]), round(box[2])) for box in boxes]
    ends = {(*column, round(y)) for column, box in zip(columns, boxes, strict=True) for y in (box[3], box[3] + 1)}
    begins = {(*column, round(y)) for column, box in zip(columns, boxes, strict=True) for y in (box[1], box[1] - 1)}
    rows = Counter((round(box[1]), round(box[3])) for box in boxes)
    for column, box in zip(columns, boxes, strict=True):
        level = round(box[1]), round(box[3])
        stacked = (*column, level[0]) in ends or (*column, level[1]) in begins
        yield stacked and (box[2] - box[0] > wide or rows[level] >= MANY)


def _has_pictures(page: Any) -> bool:
    """Whether a page names small pictures or holds any; taken for granted where forms are nested too deeply to look."""
    try:
        return any(min(image[2:4]) <= PIXELS for image in page.get_images()) or _has_inline(page)
    except RecursionError:
        return True


def _has_inline(page: Any) -> bool:
    """Whether a page's content holds pictures inside itself, which its resources do not name."""
    streams = [page.read_contents(), *(page.parent.xref_stream(item[0]) for item in page.get_xobjects())]
    return any(b"BI" in stream and INLINE.search(stream) for stream in streams if stream)


def _sign(gap: Gap, printed: PrintedPage | None) -> Sign | None:
    """What is drawn in a gap as a sign of its line; None where nothing is seen.

    On a page that could not be drawn, a picture counts that lies in the gap alone.
    """
    beside = gap.left or gap.right
    assert beside
    x0, x1 = gap.x0, gap.x1
    if gap.picture and printed:
        hair = 0.04 * beside.size  # ink of a letter may hang over its end
        begin = max(x0 - 1, gap.left.box[2] + hair) if gap.left else x0 - 1
        end = min(x1 + 1, gap.right.box[0] - hair) if gap.right else x1 + 1
        place = (begin, gap.y0, end, gap.y1)
        found = None if gap.sides and _is_ground(place, printed) else printed.ink(place, tuple(gap.sides))
        if found is None:
            return None
        x0, x1 = found
    elif gap.sides:
        return None
    kind = _kind(gap, x0, x1)
    if kind is None:
        return None
    x1 += BEARING * beside.size
    x1 = min(x1, gap.right.box[0]) if gap.right else x1
    return Sign((x0, beside.box[1], x1, beside.box[3]), beside.size, kind)


def _kind(gap: Gap, x0: float, x1: float) -> int | None:
    """What a drawing from x0 to x1 is by its place; None for what no sign of the line stands like."""
    size = (gap.left or gap.right).size  # type: ignore[union-attr]
    before = (x0 - gap.left.box[2]) / size if gap.left else math.inf
    after = (gap.right.box[0] - x1) / size if gap.right else math.inf
    if max(before, after) <= NEAR:
        return SURE
    if not gap.picture:
        return MAYBE if before <= TOUCHING else None
    if before <= SPACE:
        return SURE
    wide = x1 - x0 > WIDE * size
    if gap.right and after <= NEAR:
        if after <= GLUED or (after <= TOUCHING and (wide or is_figure(gap.right.word))):
            return SURE
        return MAYBE if wide or after <= TOUCHING else None
    return (APART if wide else LONE) if gap.left else None


def _is_ground(place: Box, printed: PrintedPage) -> bool:
    """Whether a picture under letters has another shade than the paper above and below it."""
    x0, y0, x1, y1 = place
    paper = [printed.ground((x0, y, x1, y)) for y in (y0 - 1.5, y1 + 1.5)]
    return min(abs(printed.ground(place) - grey) for grey in paper) > 16
