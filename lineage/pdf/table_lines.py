"""Drawn lines of a page → the boxes of table cells.

Lines that touch belong to one table. Its levels and edges cut it into small fields; fields with no line between
them are one cell. Many Korean tables have no lines at their left and right: those are closed here, or the first
and last column would be lost.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lineage.pdf.text import Box, around
from lineage.pdf.visibility import Vector, is_white

SNAP = 3.0  # points: lines nearer than this are one line, and lines this near touch
THIN, SHORT = 3.0, 11.0  # points: a shape thinner than this and longer than that is a line, not a part of a letter
NARROW = 5.5  # points: no text fits between lines nearer than this, they are one border
TOUCH = 0.2  # points: between areas that are drawn as one
MOST_LINES = 6_000  # more is a map or a chart, and would take from seconds to minutes
Piece = tuple[float, float]


class Ruling(NamedTuple):
    """A straight line: `at` is its level (or its x, if it goes down), `start` to `end` its extent, in points."""

    at: float
    start: float
    end: float


def rulings(vectors: Iterable[Vector]) -> tuple[list[Ruling], list[Ruling]]:
    """The lines across and the lines down a page, pieces on one level joined."""
    across: list[Ruling] = []
    down: list[Ruling] = []
    for (x0, y0, x1, y1), stroked, rect, color, alpha in vectors:
        if alpha == 0 or not rect:
            continue  # unseen, a curve, or the outline of a letter
        if y1 - y0 < THIN:
            if x1 - x0 > THIN:
                across.append(Ruling((y0 + y1) / 2, x0, x1))
        elif x1 - x0 < THIN:
            if y1 - y0 > THIN:
                down.append(Ruling((x0 + x1) / 2, y0, y1))
        elif stroked and not is_white(color) and max(x1 - x0, y1 - y0) > 1.5 * SHORT:  # smaller is a tick box
            across += [Ruling(y0, x0, x1), Ruling(y1, x0, x1)]
            down += [Ruling(x0, y0, y1), Ruling(x1, y0, y1)]
    return _joined(across), _joined(down)


def flat(drawn: Sequence[Vector]) -> list[Vector]:
    """Drawings with each stack of thin areas that touch, which is how a ground that fades is drawn, as one area."""
    stacks: dict[tuple[int, float, float], list[Vector]] = defaultdict(list)
    made: list[Vector] = []
    for vector in drawn:
        x0, y0, x1, y1 = vector.box
        if vector.stroked or not vector.rect or min(x1 - x0, y1 - y0) >= THIN:
            made.append(vector)
        elif x1 - x0 > y1 - y0:
            stacks[1, round(x0), round(x1)].append(vector)
        else:
            stacks[0, round(y0), round(y1)].append(vector)
    for (axis, _, _), pieces in stacks.items():
        made += _faded(sorted(pieces, key=lambda piece: piece.box[axis]), axis)
    return made


def _faded(pieces: Sequence[Vector], axis: int) -> Iterable[Vector]:
    """Thin areas in the order of `axis` (0: left to right, 1: top to bottom), those that touch as one."""
    chain: list[Vector] = []
    for piece in [*pieces, None]:
        if piece and chain and piece.box[axis] - chain[-1].box[axis + 2] > TOUCH:
            yield from _one(chain, axis)
            chain = []
        if piece:
            chain.append(piece)
    yield from _one(chain, axis)


def _one(chain: Sequence[Vector], axis: int) -> Iterable[Vector]:
    whole = around(piece.box for piece in chain)
    if len(chain) > 3 and whole[axis + 2] - whole[axis] > THIN:
        return [chain[len(chain) // 2]._replace(box=whole)]
    return chain


def _joined(lines: list[Ruling]) -> list[Ruling]:
    """Lines on one level (the middle of double lines) as the pieces that they leave."""
    joined: list[Ruling] = []
    for level in _levels(lines):
        at = sum(line.at for line in level) / len(level)
        pieces = _merged(sorted((line.start, line.end) for line in level))
        joined += [Ruling(at, a, b) for a, b in pieces if b - a > SHORT]
    return joined


def _levels(lines: list[Ruling]) -> Iterable[list[Ruling]]:
    level: list[Ruling] = []
    for line in sorted(lines):
        if level and line.at - level[0].at > SNAP:
            yield level
            level = []
        level.append(line)
    if level:
        yield level


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    merged: list[Piece] = []
    for start, end in pieces:
        if merged and start <= merged[-1][1] + SNAP:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def shades(vectors: Iterable[Vector]) -> list[Box]:
    """Filled areas that can be the ground of a row or a cell."""
    return [v.box for v in vectors if v.rect and not v.stroked and v.box[3] - v.box[1] > THIN and not is_white(v.color)]


def lone(across: Sequence[Ruling], down: Sequence[Ruling]) -> list[Ruling]:
    """The lines across that no line down touches."""
    return [line for levels, edges in _touching(across, down) if not edges for line in levels]


def grids(across: Sequence[Ruling], down: Sequence[Ruling], grounds: Sequence[Box]) -> list[list[Box]]:
    """The cell boxes of every table that the lines draw, one list a table.

    A coloured ground that reaches from edge to edge parts rows as a line does.
    """
    found = []
    for levels, edges in _touching(across, down):
        if len(levels) >= 2 and edges:
            ends = min(line.start for line in levels), max(line.end for line in levels)
            xs = _edges([line.at for line in edges], ends)
            low, high = min(line.start for line in edges) - SNAP, max(line.end for line in edges) + SNAP
            sides = [
                Ruling(y, x0, x1)
                for x0, y0, x1, y1 in grounds
                if low <= y0 and y1 <= high and _is_at(xs, x0) and _is_at(xs, x1)
                for y in (y0, y1)
            ]
            found.append(_cells(_joined([*levels, *sides]), edges))
    return [cells for cells in found if cells]


def _is_at(edges: Sequence[float], x: float) -> bool:
    return any(abs(edge - x) <= SNAP for edge in edges)


def _touching(across: Sequence[Ruling], down: Sequence[Ruling]) -> list[tuple[list[Ruling], list[Ruling]]]:
    """Lines in groups that hang together where they cross."""
    group = list(range(len(across) + len(down)))

    def root(member: int) -> int:
        while group[member] != member:
            group[member] = group[group[member]]
            member = group[member]
        return member

    xs = [line.at for line in down]  # sorted, as `rulings` makes them
    for number, (y, x0, x1) in enumerate(across):
        for other in range(bisect_left(xs, x0 - SNAP), bisect_right(xs, x1 + SNAP)):
            if down[other].start - SNAP <= y <= down[other].end + SNAP:
                group[root(len(across) + other)] = root(number)
    members: dict[int, tuple[list[Ruling], list[Ruling]]] = defaultdict(lambda: ([], []))
    for number, line in enumerate(across):
        members[root(number)][0].append(line)
    for number, line in enumerate(down):
        members[root(len(across) + number)][1].append(line)
    return list(members.values())


def _cells(across: Sequence[Ruling], down: Sequence[Ruling]) -> list[Box]:
    width = min(line.start for line in across), max(line.end for line in across)
    reach = min(line.start for line in down), max(line.end for line in down)
    xs = _edges([line.at for line in down], width)
    ys = _edges([line.at for line in across], reach)
    columns, levels = len(xs) - 1, len(ys) - 1
    left = _covered(down, xs, ys)  # (x, row): a line stands at the left of field (row, x)
    above = _covered(across, ys, xs)  # (y, column): a line lies on top of field (y, column)
    free = {(row, column) for row in range(levels) for column in range(columns)}
    boxes = []
    for row in range(levels):
        for column in range(columns):
            if (row, column) not in free:
                continue
            right = column + 1
            while right < columns and (right, row) not in left and (row, right) in free:
                right += 1
            low = row + 1
            while low < levels and not any(
                (low, c) in above or (low, c) not in free or (c > column and (c, low) in left)
                for c in range(column, right)
            ):
                low += 1
            free -= {(r, c) for r in range(row, low) for c in range(column, right)}
            ends = [sum((y, c) in above for c in range(column, right)) * 2 > right - column for y in (row, low)]
            sides = [sum((x, r) in left for r in range(row, low)) * 2 > low - row for x in (column, right)]
            if all(ends) or all(sides):  # else it lies beside the table, where nothing is drawn
                boxes.append((xs[column], ys[row], xs[right], ys[low]))
    return boxes


def _edges(inner: Sequence[float], ends: Piece) -> list[float]:
    """Where lines stand, and where the lines that cross them end further out."""
    edges: list[float] = []
    for at in sorted(inner):
        if not edges or at - edges[-1] > NARROW:
            edges.append(at)
    before = [ends[0]] if ends[0] < edges[0] - SHORT else []
    after = [ends[1]] if ends[1] > edges[-1] + SHORT else []
    return [*before, *edges, *after]


def _covered(lines: Iterable[Ruling], edges: Sequence[float], steps: Sequence[float]) -> set[tuple[int, int]]:
    """(edge, step) wherever a line lies on an edge over at least half of a step."""
    covered = set()
    for at, start, end in lines:
        edge = min(range(len(edges)), key=lambda i: abs(edges[i] - at))
        first = max(bisect_right(steps, start) - 1, 0)
        for step in range(first, len(steps) - 1):
            a, b = steps[step], steps[step + 1]
            if a >= end:
                break
            if min(b, end) - max(a, start) >= 0.5 * (b - a):
                covered.add((edge, step))
    return covered
