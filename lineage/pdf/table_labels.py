"""Whose a label is: the rows that the texts beside a table's figures belong to.

A label stands on the level of its figures, or around it, if it needs two lines; a text further off is a heading of its
own. A group's name beside several rows reaches over them.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from operator import sub

from lineage.pdf.table_words import middle, tile
from lineage.pdf.text import Line

ON = 0.35  # of the font size: what differs by less stands on one level
NEARER = 0.87  # a step between lines that is this much shorter than the next is one within a label


def named(lines: Sequence[Line], levels: Sequence[float]) -> set[int]:
    """The rows that the lines of a box name; letters one below the other name none."""
    letters = all(len(line.text) == 1 for line in lines)
    return set() if letters else {home for home in _joined(lines, levels) if home is not None}


def at_level(line: Line, levels: Sequence[float]) -> int | None:
    """The row on whose level a line stands."""
    row = _nearest(line, levels)
    return row if abs(middle(line) - levels[row]) <= ON * line.size else None


def _nearest(line: Line, levels: Sequence[float]) -> int:
    return closest(levels, middle(line))


def headings(lines: Sequence[Line], levels: Sequence[float]) -> list[float]:
    """The levels of labels without figures that are no part of the label above or below."""
    homes = _joined(lines, levels)
    return [middle(line) for line, home in zip(lines, homes, strict=True) if home is None]


def _joined(lines: Sequence[Line], levels: Sequence[float]) -> list[int | None]:
    """The row of every line of a label column; a line that is nearer to a neighbour than labels are goes with it."""
    homes = [at_level(line, levels) for line in lines]
    taken = set(homes)
    for number, line in enumerate(lines):
        row = _nearest(line, levels)
        if homes[number] is None and row not in taken and abs(middle(line) - levels[row]) <= 0.9 * line.size:
            homes[number] = row  # one of two lines around the level
    at = [middle(line) for line in lines]
    steps = [inf, *(b - a for a, b in pairwise(at)), inf]
    own = [b - a for (a, home), (b, after) in pairwise(zip(at, homes, strict=True)) if None not in (home, after)]
    most = NEARER * min(
        (step for step in own if step > 0.75 * lines[0].size), default=min(map(sub, levels[1:], levels))
    )
    for number in range(1, len(lines)):
        if homes[number] is None and steps[number] < min(most, NEARER * steps[number + 1]):
            homes[number] = homes[number - 1]
    for number in reversed(range(len(lines) - 1)):
        if homes[number] is None and steps[number + 1] < min(most, NEARER * steps[number]):
            homes[number] = homes[number + 1]
    return homes


def homes_of(lines: Sequence[Line], levels: Sequence[float]) -> list[int]:
    """The row of every line of a column of figures or labels."""
    return [
        _nearest(line, levels) if home is None else home
        for line, home in zip(lines, _joined(lines, levels), strict=True)
    ]


def beside(lines: Sequence[Line], levels: Sequence[float], left: bool) -> list[tuple[int, int]]:
    """The first and last row of every line of a box that holds neither the figures nor their labels.

    Args: lines: of the box; levels: of the rows; left: whether it stands before the figures.
    """
    every = (0, len(levels) - 1)
    on = [at_level(line, levels) for line in lines]
    rows = [row for row in on if row is not None]
    whole = len(rows) == len(lines)
    letters = all(len(line.text) == 1 for line in lines)
    if whole and not letters and (len(lines) > 1 or not left) and (not left or rows[0] == 0):
        return [(row, row) for row in rows]
    if len(lines) < 2 or not left:
        return [every] * len(lines)
    blocks = _blocks(lines)
    slots = list(pairwise(_ends(levels)))
    marks = [(middle(block[0]) + middle(block[-1])) / 2 for block in blocks]
    places = tile(slots, marks) if len(blocks) > 1 else None
    if not places or places[0][0] or places[-1][1] < every[1] or any(b[0] - a[1] > 1 for a, b in pairwise(places)):
        return [(row, row) for row in rows] if whole and len(blocks) > 1 and not letters else [every] * len(lines)
    return [place for block, place in zip(blocks, places, strict=True) for _ in block]


def _blocks(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines in groups, parted where there is clearly more room than between the others."""
    steps = [middle(b) - middle(a) for a, b in pairwise(lines)]
    blocks = [[lines[0]]]
    for step, line in zip(steps, lines[1:], strict=True):
        if step > 1.4 * min(steps):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _ends(levels: Sequence[float]) -> list[float]:
    """The levels at which rows end, with about as much above the first and below the last."""
    inner = [(a + b) / 2 for a, b in pairwise(levels)]
    return [2 * levels[0] - inner[0], *inner, 2 * levels[-1] - inner[-1]]


def closest(heights: Sequence[float], at: float) -> int:
    """The number of the height that is nearest."""
    return min(range(len(heights)), key=lambda n: abs(heights[n] - at))
