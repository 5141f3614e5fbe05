"""What a page draws besides text, and whether text that may be unseen is seen against it."""

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from lineage.pdf.text import Box

IS_RECT = itemgetter("isrect")
SURE, NO_INK, WHITE_INK = range(3)  # how a glyph is drawn: to be seen, without ink, in white
IMAGE, MASK, SHADE = range(3)  # kinds of pictures


_PICTURES: WeakKeyDictionary[Any, list[tuple[int, Box]]] = WeakKeyDictionary()  # of the pages that are being read


class Vector(NamedTuple):
    """A drawn line or area. A stroke's box is as thick as its pen; `rect` says that the shape fills its box."""

    box: Box
    stroked: bool
    rect: bool
    color: int
    alpha: int


def vectors(blocks: Iterable[dict[str, Any]], turn: int, width: float, height: float) -> list[Vector]:
    """What MuPDF says is drawn, one vector for each simple piece of a path.

    A path with a curve is no drawing of rectangles: none of its pieces counts as one. Where a path is filled and
    then stroked, the stroke's boxes are those of the fill: MuPDF makes a stroke as wide as its corners could be.

    Args:
        blocks: the vector blocks of a page, as `get_text("rawdict")` gives them.
        turn: quarter turns of the reading direction, 0 to 3; see `turned`.
        width: of the page as stored, in points.
        height: of the page as stored, in points.
    """
    made: list[Vector] = []
    filled: list[Box] = []
    path: list[dict[str, Any]] = []
    for block in blocks:
        path.append(block)
        if block["continues"]:
            continue
        boxes = [piece["bbox"] for piece in path]
        if turn:
            boxes = [turned(box, turn, width, height) for box in boxes]
        stroked = block["stroked"]
        if stroked and len(filled) == len(boxes) and all(map(_within, filled, boxes)):
            boxes = filled
        rect = all(map(IS_RECT, path))
        pieces = zip(boxes, path, strict=True)
        made += [Vector(box, stroked, rect, piece["color"], piece["alpha"]) for box, piece in pieces]
        filled = [] if stroked else boxes
        path = []
    return made


def _within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def is_white(color: int) -> bool:
    """Whether a colour (0xRRGGBB) is as white as the paper."""
    return min(color >> 16, color >> 8 & 255, color & 255) >= 247


def turned(box: Sequence[float], turn: int, width: float, height: float) -> Box:
    """A stored box in the page as it is read.

    Args:
        box: x0, y0, x1, y1 in points from the top left of the page as stored.
        turn: quarter turns of the reading direction: 0 to the right, 1 downwards, 2 upside down, 3 upwards.
        width: of the page as stored, in points.
        height: of the page as stored, in points.
    """
    x0, y0, x1, y1 = box
    if turn == 1:  # read downwards
        return (y0, width - x1, y1, width - x0)
    if turn == 2:
        return (width - x1, height - y1, width - x0, height - y0)
    if turn == 3:  # read upwards
        return (height - y1, x0, height - y0, x1)
    return (x0, y0, x1, y1)


def pictures(page: Any) -> list[tuple[int, Box]]:
    """The kind and box of every picture and gradient of a pymupdf page, as it is stored, not turned.

    The same as `page.get_bboxlog()` says, without a call into Python for each line and glyph that is drawn. A page is
    drawn for it once, however often it is asked.
    """
    if page not in _PICTURES:
        _PICTURES[page] = _pictures(page)
    return _PICTURES[page]


def _pictures(page: Any) -> list[tuple[int, Box]]:
    import pymupdf

    mupdf = pymupdf.mupdf
    rotation = page.rotation
    if rotation:
        page.set_rotation(0)
    device = _device()()
    mupdf.fz_run_page(page.this, device, mupdf.FzMatrix(), mupdf.FzCookie())
    mupdf.fz_close_device(device)
    if rotation:
        page.set_rotation(rotation)
    return list(device.found)


def covered(boxes: Iterable[Box], width: float, height: float) -> float:
    """The share of a page that boxes cover together, to a 32nd of its sides: scans come in strips and tiles.

    Args: boxes: in points; width, height: of the page, in points.
    """
    fields: set[tuple[int, int]] = set()
    step_x, step_y = max(width, 1.0) / 32, max(height, 1.0) / 32
    for x0, y0, x1, y1 in boxes:
        columns = range(max(0, round(x0 / step_x)), min(32, round(x1 / step_x)))
        levels = range(max(0, round(y0 / step_y)), min(32, round(y1 / step_y)))
        fields.update((x, y) for x in columns for y in levels)
    return len(fields) / 1024


@cache
def _device() -> type[Any]:
    """A device of MuPDF that notes the places of pictures; made once, when pymupdf is there."""
    import pymupdf

    mupdf = pymupdf.mupdf

    class Pictures(pymupdf.mupdf.FzDevice2):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[tuple[int, Box]] = []
            self.use_virtual_fill_image()
            self.use_virtual_fill_image_mask()
            self.use_virtual_fill_shade()

        def note(self, kind: int, rect: Any) -> None:
            self.found.append((kind, (rect.x0, rect.y0, rect.x1, rect.y1)))

        def fill_image(self, _: Any, image: Any, matrix: Any, *ink: Any) -> None:
            self.note(IMAGE, mupdf.ll_fz_transform_rect(mupdf.fz_unit_rect, matrix))

        def fill_image_mask(self, _: Any, image: Any, matrix: Any, *ink: Any) -> None:
            self.note(MASK, mupdf.ll_fz_transform_rect(mupdf.fz_unit_rect, matrix))

        def fill_shade(self, _: Any, shade: Any, matrix: Any, *ink: Any) -> None:
            self.note(SHADE, mupdf.ll_fz_bound_shade(shade, matrix))

    return Pictures


class Ink:
    """What is drawn on a page besides text, to tell whether doubtful text is seen.

    Hancom draws bold letters as outlines under text without ink: that is seen. An old fund's name in white,
    or without ink under the new one, is not.
    """

    CELL = 6.0  # points: the raster in which outlines of letters are looked up

    def __init__(self, drawn: Sequence[Vector], page: Any, turn: int) -> None:
        self.page, self.turn = page, turn
        self.fills: list[Box] = []
        self.outlines: set[tuple[int, int]] = set()
        for box, stroked, _, color, alpha in drawn:
            if alpha == 0 or is_white(color):
                continue
            if max(box[2] - box[0], box[3] - box[1]) <= 60:
                columns = range(int(box[0] // self.CELL), int(box[2] // self.CELL) + 1)
                levels = range(int(box[1] // self.CELL), int(box[3] // self.CELL) + 1)
                self.outlines.update(product(columns, levels))
            elif not stroked:
                self.fills.append(box)

    def shows(self, box: Box, doubt: int) -> bool:
        """Whether a doubtful glyph is seen: on a coloured ground, or as an outline of its own."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        column, levels = int(x // self.CELL), range(int(box[1] // self.CELL), int(box[3] // self.CELL) + 1)
        if any((column, level) in self.outlines for level in levels):  # a full stop's ink is far below its middle
            return True
        return doubt == WHITE_INK and (_holds(self.fills, x, y) or _holds(self.pictures, x, y))

    @cached_property
    def pictures(self) -> list[Box]:
        """Pictures and gradients; the page is interpreted once more for them, so only when white text asks."""
        size = self.page.cropbox.width, self.page.cropbox.height
        return [turned(box, self.turn, *size) for kind, box in pictures(self.page) if kind in (IMAGE, SHADE)]


def _holds(boxes: Iterable[Box], x: float, y: float) -> bool:
    return any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)
