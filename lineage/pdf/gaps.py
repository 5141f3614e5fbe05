"""Runs that are drawn into gaps of other runs → one run: `매출 위` and a `1` of another font are `매출 1위`.

Print drivers write a line font by font: first all its Hangul with room left for the rest, then its figures, its
brackets, its points. Only where every glyph finds free room between those of the other run do the two become one;
a stamp over a line stays apart.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from lineage.pdf.text import GAP, UNREAD, Glyph, Line, Run, glyphs, to_line, to_run

MOST, MOST_GLYPHS = 200, 200_000  # neighbours on a level, and glyphs that are compared: rubbish must not cost minutes
BLANK = frozenset(" _")  # room for others, where others are drawn over it


class Placed(NamedTuple):
    """A visible glyph of one of two runs (`side` 0 or 1), its place there, and the blanks around it there."""

    glyph: Glyph
    side: int
    place: int
    before: int
    after: int


def woven(pairs: Sequence[tuple[Run, Line]]) -> list[tuple[Run, Line]]:
    """Runs with their lines, those that fill each other's gaps as one, in the place of the first."""
    made: list[tuple[Run, Line] | None] = list(pairs)
    root = list(range(len(pairs)))
    left = MOST_GLYPHS
    for a, b in _crossing([line for _, line in pairs]):
        while root[a] != a:
            a = root[a]
        while root[b] != b:
            b = root[b]
        first, second = made[min(a, b)], made[max(a, b)]
        if a == b or first is None or second is None:
            continue
        left -= len(first[0].text) + len(second[0].text)
        if left < 0:
            break
        run = weave(first[0], second[0])
        line = to_line(run) if run else None
        if run and line:
            made[min(a, b)], made[max(a, b)] = (run, line), None
            root[max(a, b)] = min(a, b)
    return [pair for pair in made if pair]


def _crossing(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """The indices of lines on one level whose boxes overlap in width."""
    boxes = sorted((line.box[1] + line.box[3], index, line.box) for index, line in enumerate(lines))
    for at, (level, one, a) in enumerate(boxes):
        reach = level + 1.5 * (a[3] - a[1])  # twice the middle
        for other_level, other, b in boxes[at + 1 : at + MOST]:
            if other_level > reach:
                break
            if a[0] < b[2] and b[0] < a[2] and level_with(a, b):
                yield one, other


def level_with(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes share a line: superscripts do, the lines above and below do not."""
    low, high = sorted((a[3] - a[1], b[3] - b[1]))
    return min(a[3], b[3]) - max(a[1], b[1]) > 0.6 * low and low > 0.3 * high


def weave(first: Run, second: Run) -> Run | None:
    """Two runs as one by place, or None where the glyphs of one have no room between those of the other."""
    both = glyphs(first), glyphs(second)
    visible = sorted((p for side in (0, 1) for p in _placed(both[side], side)), key=lambda p: p.glyph.x0 + p.glyph.x1)
    if sum(a.side != b.side for a, b in pairwise(visible)) < 2:
        return None  # side by side
    last = [-1, -1]
    for placed in visible:
        if placed.place < last[placed.side]:
            return None
        last[placed.side] = placed.place
    if not all(a.side == b.side or _has_room(a, b) for a, b in pairwise(visible)):
        return None
    kept = [g for side in (0, 1) for g in _uncovered(both[side], [p.glyph for p in visible if p.side != side])]
    kept += [p.glyph for p in visible]
    kept += [_space(a.glyph, b.glyph) for a, b in pairwise(visible) if _held_a_space(a, b)]
    return to_run(sorted(kept, key=lambda g: (g.x0 + g.x1, g.c != " ")))


def _placed(run: Sequence[Glyph], side: int) -> list[Placed]:
    seen = [index for index, glyph in enumerate(run) if glyph.c not in BLANK]
    ends = [-1, *seen, len(run)]
    return [
        Placed(run[at], side, at, at - before - 1, after - at - 1)
        for before, at, after in zip(ends, seen, ends[2:], strict=False)
    ]


def _has_room(a: Placed, b: Placed) -> bool:
    """Whether neighbours of two runs do not lie on each other; a hair more in a gap that was left by two spaces."""
    over = a.glyph.x1 - b.glyph.x0
    least = min(a.glyph.x1 - a.glyph.x0, b.glyph.x1 - b.glyph.x0)
    if over <= min(0.3 * min(a.glyph.size, b.glyph.size), 0.5 * least):
        return True
    return max(a.after, b.before) >= 2 and over <= 0.5 * max(a.glyph.size, b.glyph.size)


def _uncovered(run: Sequence[Glyph], others: Sequence[Glyph]) -> Iterator[Glyph]:
    """The blanks of a run over which nothing of the other is drawn; `others` are in order."""
    starts = [g.x0 for g in others]
    for glyph in run:
        if glyph.c in BLANK:
            near = bisect_left(starts, glyph.x1)
            free = 0.2 * (glyph.x1 - glyph.x0)
            if all(min(g.x1, glyph.x1) - max(g.x0, glyph.x0) <= free for g in others[max(0, near - 3) : near]):
                yield glyph


def _held_a_space(a: Placed, b: Placed) -> bool:
    """Of two spaces that were left for a figure, the first is the space before it, though it is drawn over both."""
    words = a.glyph.c.isalnum() and (b.glyph.c.isalnum() or b.glyph.c == UNREAD)
    return a.side != b.side and a.after >= 2 and words and b.glyph.x0 - a.glyph.x1 <= GAP * a.glyph.size


def _space(a: Glyph, b: Glyph) -> Glyph:
    middle = (a.x1 + b.x0) / 2
    return Glyph(" ", middle, a.y0, middle, a.y1, a.size, a.bold)
