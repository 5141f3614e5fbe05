"""Rows of a table that no line parts: the levels of their figures do.

Statistics often rule the header and the columns alone, so that a cell box holds a whole column of figures. It is
parted only where that is certain: the figures of every column stand on the same levels, and every label beside them.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import inf

from lineage.pdf.number_check import is_figure
from lineage.pdf.text import Box, Line, merge, rows


def split_rows(boxes: Sequence[Box], inside: Sequence[list[Line]]) -> tuple[list[Box], list[list[Line]]]:
    """Boxes and the lines in each, with rows parted at the levels of their figures where all columns agree."""
    by_row: dict[tuple[float, float], list[int]] = defaultdict(list)
    for number, (_, y0, _, y1) in enumerate(boxes):
        by_row[y0, y1].append(number)
    made: list[Box] = []
    texts: list[list[Line]] = []
    for (y0, y1), numbers in by_row.items():
        cuts = _cuts([inside[n] for n in numbers]) if len(numbers) > 1 else []
        if any(y0 < other < y1 for box in boxes for other in (box[1], box[3])):
            cuts = []  # a cell over several rows
        for n in numbers:
            for top, bottom in pairwise([y0, *cuts, y1]):
                made.append((boxes[n][0], top, boxes[n][2], bottom))
                texts.append([n for n in inside[n] if top <= (n.box[1] + n.box[3]) / 2 < bottom] if cuts else inside[n])
    return made, texts


def _cuts(cells: Sequence[list[Line]]) -> list[float]:
    """Levels at which a row is to be parted, in points from the top of the page; [] leaves it whole."""
    merged = [[merge(row) for row in rows(lines)] for lines in cells if lines]
    figures = [lines for lines in merged if all(is_figure(line.text) for line in lines)]
    if not figures or len(merged) < 2 or (len(figures) < 2 and len(merged) > 2):
        return []
    fewest = min(figures, key=len)
    levels = [_level(line) for line in fewest]
    if len(levels) < 2:
        return []
    cuts = [(a + b) / 2 for a, b in pairwise(levels)]
    size = fewest[0].size
    for lines in merged:
        shares = [sum(low <= _level(n) < high for n in lines) for low, high in pairwise([0.0, *cuts, inf])]
        if not all(shares) or any(abs(_level(n) - cut) < 0.2 * size for n in lines for cut in cuts):
            return []  # a row would be left without a text, or it is not clear whose it is
        level = len(lines) == len(levels) and lines in figures
        if level and any(abs(_level(n) - at) > 0.35 * size for n, at in zip(lines, levels, strict=True)):
            return []
    return [] if any(_is_aside(figures, k) for k in range(len(levels))) else cuts


def _is_aside(figures: Sequence[list[Line]], row: int) -> bool:
    """Whether a row would hold nothing but figures in brackets, which belong to the figures above them."""
    return all(len(lines) > row and lines[row].text[0] in "[(" for lines in figures)


def _level(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2
