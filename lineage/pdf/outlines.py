"""Words that are drawn as outlines: shapes as high as a line where no letter is, such as the labels of a table.

Design programs turn a font that may not be embedded into curves. A cell that shows such a word must not pass for an
empty one: UNREAD stands in it, as it does for a sign inside a line.
"""

from collections.abc import Iterable, Sequence

from lineage.pdf.text import UNREAD, Box, Line, around
from lineage.pdf.visibility import Vector, is_white

LOWEST, HIGHEST, WIDEST = 4.0, 20.0, 240.0  # points: what is smaller is a dot, what is larger a picture
APART = 6.0  # points between two words that are not drawn as one
LONG = 1.8  # times its height: a shape that is longer is a word rather than an icon
MOST = 1500  # such shapes on a page: beyond, they are a map or a chart


def outlined(drawn: Iterable[Vector], grounds: Sequence[Box], lines: Sequence[Line]) -> list[Line]:
    """A line of UNREAD for each word that is drawn as outlines where no letter stands.

    Args:
        drawn: what a page draws.
        grounds: its filled areas: a white word shows on them alone.
        lines: of its letters: some print drivers draw a letter's outline over it.
    """
    found = [
        box
        for box, stroked, rect, color, alpha in drawn
        if not stroked
        and not rect
        and alpha
        and LOWEST <= box[3] - box[1] <= HIGHEST
        and 0.4 * LOWEST <= box[2] - box[0] <= WIDEST
        and (not is_white(color) or any(holds(ground, box) for ground in grounds))
    ]
    if len(found) > MOST:
        return []
    words: list[Box] = []
    for box in sorted(found, key=lambda box: (round(box[1] / HIGHEST), box[0])):
        if words and _continues(words[-1], box):
            words[-1] = around([words[-1], box])
        else:
            words.append(box)
    return [
        Line(UNREAD, box, box[3] - box[1], False) for box in words if not any(_meet(box, line.box) for line in lines)
    ]


def is_long(word: Line) -> bool:
    """Whether a shape is longer than icons are."""
    return word.box[2] - word.box[0] > LONG * (word.box[3] - word.box[1])


def holds(outer: Box, box: Box) -> bool:
    """Whether the middle of a box lies in another."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < (b[1] + b[3]) / 2 < a[3]


def _continues(word: Box, box: Box) -> bool:
    return box[0] - word[2] < APART and word[1] < (box[1] + box[3]) / 2 < word[3]
