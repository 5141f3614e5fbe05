"""The text layer of a scan: text without ink over a picture that fills the page, as OCR programs leave it.

It is the page's text, whatever stamp is printed on it. Text without ink may also be an old name under a new one, or
words put there to be found: it counts as a layer only where it lies on a picture in which there is something to read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from lineage.pdf.text import Box, Run, around
from lineage.pdf.visibility import IMAGE, MASK, covered, pictures, turned

FILLED = 0.5  # of the page, by pictures
CONTRAST = 64  # of 255: between the lightest and the darkest point of a line of letters
LOOKED_AT = 100  # lines of the layer, spread over the page
CELL, MOST_CELLS = 16.0, 100  # points: the raster in which letters are looked up; of it, for one letter
MOST_PIXELS = 60_000_000  # of a picture that is looked at


def text_layer(page: Any, without_ink: Sequence[Run], shown: Iterable[Run], turn: int) -> list[Run]:
    """Those of the runs without ink that are the text of a page-filling picture.

    Args:
        page: of pymupdf.
        without_ink: runs that are not seen, in the page as it is read.
        shown: runs that are seen; what lies under them is no layer.
        turn: quarter turns of the reading direction; see `turned`.
    """
    width, height = page.cropbox.width, page.cropbox.height
    boxes = [box for kind, box in pictures(page) if kind in (IMAGE, MASK)]
    if covered(boxes, width, height) < FILLED:
        return []
    seen = _by_level(box for run in shown for box, c in zip(run.boxes, run.text, strict=True) if c != " ")
    layer = [run for run in without_ink if run.text.strip(" ") and not _is_covered(run, seen)]
    if not layer or not _is_drawn(page, layer, turn):
        return []
    return layer


def _by_level(boxes: Iterable[Box]) -> dict[tuple[int, int], list[Box]]:
    """Boxes in a raster of CELL points: a page of rubbish has ten thousands of them."""
    found: dict[tuple[int, int], list[Box]] = defaultdict(list)
    for box in boxes:
        for x, y in _cells(box):
            found[x, y].append(box)
    return found


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    first, last = int(box[0] // CELL), int(box[2] // CELL)
    levels = range(int(box[1] // CELL), min(int(box[3] // CELL), int(box[1] // CELL) + MOST_CELLS) + 1)
    return product(range(first, min(last, first + MOST_CELLS) + 1), levels)


def _is_covered(run: Run, seen: Mapping[tuple[int, int], Sequence[Box]]) -> bool:
    """Whether letters that are seen stand on most of a run: it is what was there before, or the same once more."""
    letters = [box for box, c in zip(run.boxes, run.text, strict=True) if c != " "]
    under = sum(_is_met(box, seen) for box in letters)
    return under > 0.6 * len(letters)


def _is_met(box: Box, seen: Mapping[tuple[int, int], Sequence[Box]]) -> bool:
    x0, x1, middle = box[0], box[2], (box[1] + box[3]) / 2
    level = int(middle // CELL)
    columns = range(int(x0 // CELL), min(int(x1 // CELL), int(x0 // CELL) + MOST_CELLS) + 1)
    return any(b[0] < x1 and x0 < b[2] and b[1] < middle < b[3] for x in columns for b in seen.get((x, level), ()))


def _is_drawn(page: Any, layer: Sequence[Run], turn: int) -> bool:
    """Whether the picture has something dark on light, or the reverse, where most of the layer's lines stand."""
    import pymupdf

    if any(info["width"] * info["height"] > MOST_PIXELS for info in page.get_image_info()):
        return True  # too large to look at: who scans so finely scans letters
    rotation = page.rotation
    page.set_rotation(0)
    try:
        picture = page.get_pixmap(colorspace=pymupdf.csGRAY, alpha=False, annots=False)
    finally:
        page.set_rotation(rotation)
    read = page.cropbox.width, page.cropbox.height
    read = read[::-1] if turn in (1, 3) else read
    lines = layer[:: max(1, len(layer) // LOOKED_AT)]
    drawn = sum(_contrast(picture, turned(around(run.boxes), -turn % 4, *read)) >= CONTRAST for run in lines)
    return drawn >= 0.5 * len(lines)


def _contrast(picture: Any, box: Box) -> int:
    """The greatest difference of grey inside a box, given in points: the picture has one pixel a point."""
    x0, x1 = max(0, int(box[0])), min(picture.width, int(box[2]) + 1)
    y0, y1 = max(0, int(box[1])), min(picture.height, int(box[3]) + 1)
    if x0 >= x1 or y0 >= y1:
        return 0
    rows = [picture.samples_mv[y * picture.stride + x0 : y * picture.stride + x1] for y in range(y0, y1)]
    return max(map(max, rows)) - min(map(min, rows))
