"""The header of a table whose inner rules begin below it: a band between a rule, or on a ground, and the first row.

───────────────────────────────
          2031   2032   33.1/4      the rules down the table do not reach into this band,
──────────┊──────┊──────┊──────     so that it is not in the boxes that rules make
 생산     ┊  2.0 ┊  3.2 ┊   7.2
"""

from bisect import bisect_right
from collections.abc import Sequence

from lineage.pdf.table_lines import SNAP, Ruling
from lineage.pdf.table_words import Level, Piece, levels, middle
from lineage.pdf.text import Box, Line, merge

HEIGHT, LEVELS = 4.0, 3  # of a header at most: of the font size, and levels of words
WIDTH = 0.6  # of the table, that the rule or ground of its header has at least
HANGS = 0.6  # of the font size, by which a word may hang out of its column

Named = list[Line | None]  # what stands over each column


def header_above(
    box: Box, edges: Sequence[float], pieces: Sequence[Piece], across: Sequence[Ruling], grounds: Sequence[Box]
) -> tuple[list[Named], list[Piece]]:
    """The rows of a header above a table, and the pieces that are not in it; none where it is not certain.

    Args:
        box: of the table.
        edges: of its columns, in points, the outer two included.
        pieces: the lines of the page outside of tables.
        across: the rules across the page.
        grounds: filled areas.
    """
    top = _top(box, pieces, across, grounds)
    if top is None:
        return [], list(pieces)
    inside = [piece for piece in pieces if _is_in(piece[1], (box[0], top, box[2], box[1]))]
    found = levels(inside)
    if not 0 < len(found) <= LEVELS or any(n.box[0] < box[0] - n.size or n.box[2] > box[2] + n.size for _, n in inside):
        return [], list(pieces)
    named = [_by_column(level, edges) for level in found]
    if any(_hangs(word, edges) for word in found[-1]) or sum(map(bool, named[-1])) < max(2, len(edges) // 2):
        return [], list(pieces)
    taken = {id(line) for _, line in inside}
    return named, [piece for piece in pieces if id(piece[1]) not in taken]


def _top(box: Box, pieces: Sequence[Piece], across: Sequence[Ruling], grounds: Sequence[Box]) -> float | None:
    """Where the band above a table begins; None where nothing is drawn that shows one."""
    above = [line for _, line in pieces if _is_in(line, (box[0], box[1] - 60, box[2], box[1]))]
    if not above:
        return None
    near = max(above, key=middle)
    reach, least = box[1] - HEIGHT * near.size, WIDTH * (box[2] - box[0])
    rules = [r.at for r in across if reach < r.at < near.box[1] + SNAP and _shared(r.start, r.end, box) > least]
    bands = [
        g[1]
        for g in grounds
        if reach < g[1] < middle(near) < g[3] < box[1] + 2 * SNAP and _shared(g[0], g[2], box) > least
    ]
    return max([*rules, *bands], default=None)


def _shared(start: float, end: float, box: Box) -> float:
    return min(end, box[2]) - max(start, box[0])


def _is_in(line: Line, box: Box) -> bool:
    return box[1] - SNAP < middle(line) < box[3] and line.box[2] > box[0] and line.box[0] < box[2]


def _by_column(level: Level, edges: Sequence[float]) -> Named:
    """The words of a level, each in the column in which its middle lies."""
    made: Named = [None] * (len(edges) - 1)
    for word in level:
        column = min(max(bisect_right(edges, (word.box[0] + word.box[2]) / 2) - 1, 0), len(made) - 1)
        before = made[column]
        made[column] = merge([before, word]) if before else word
    return made


def _hangs(word: Line, edges: Sequence[float]) -> bool:
    """Whether a word reaches over the edge of the column in which its middle lies."""
    column = min(max(bisect_right(edges, (word.box[0] + word.box[2]) / 2) - 1, 0), len(edges) - 2)
    slack = HANGS * word.size
    return word.box[0] < edges[column] - slack or word.box[2] > edges[column + 1] + slack
