"""Words put into the columns of their table, and texts over several columns (a year over its quarters) with their span.

Every word goes into one cell. A level of a box whose words do not each stand in one column is a row of its own.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, pstdev

from lineage.pdf.number_check import NONE, is_value
from lineage.pdf.table_words import APART, Field, Level, centre, columnar, cut, gap, middle, phrases, tile, worded
from lineage.pdf.text import Box, Line

SIDES = (1.0, 0.0, 0.5)  # on which a column is level: right, left, middle
YEAR = re.compile(r"(?:19|20)\d\d")
Span = tuple[float, float]


@dataclass(frozen=True)
class TablePlan:
    """What is known of a table's columns.

    `labels` are the left edges of columns of labels: a long label may reach over what is free beside it. `body` is the
    level of the first label with figures, in points from the top: above it is the header. `slots` is what is free for
    each column of figures, which stand at its right, its left or in its middle; `drawn` are the edges with lines.
    """

    labels: frozenset[float]
    body: float
    slots: tuple[Span, ...]
    drawn: frozenset[float]


def place(
    fields: Sequence[Field], crowded: Sequence[bool], drawn: Sequence[float], cuts: Sequence[float], labels: set[float]
) -> list[Field]:
    """The boxes of a table with the words of each in its columns.

    Args:
        fields: the boxes as they are drawn.
        crowded: of each, whether it holds rows or columns of figures.
        drawn: the edges of all boxes, in points.
        cuts: the edges between, that no line shows.
        labels: the left edges of columns of labels.
    """
    edges = [
        _edges_in(item.box, [*cuts, *drawn] if full else cuts) if item.lines else []
        for item, full in zip(fields, crowded, strict=True)
    ]
    levels = [level for item in fields for level in item.levels]
    rows = [middle(level[0]) for level in levels if columnar(level) and not is_value(level[0].text)]
    rows = rows or [middle(level[0]) for level in levels if any(_is_amount(word.text) for word in columnar(level))]
    body = max(min(rows, default=0.0), min(middle(level[0]) for level in levels) + 0.1)
    data = [level for level in levels if middle(level[0]) >= body]
    above = [phrases(level) for level in levels if middle(level[0]) < body]
    slots = _slots(data, sorted({*drawn, *cuts}), max(above, key=len, default=[]))
    plan = TablePlan(frozenset(labels), body, slots, frozenset(drawn))
    ends: dict[Span, set[float]] = defaultdict(set)
    beside: dict[Span, list[float]] = defaultdict(list)
    for item, full, inner in zip(fields, crowded, edges, strict=True):
        if full and inner:
            ends[item.box[1], item.box[3]].update(_ends(_groups(item, inner, plan)))
            beside[item.box[1], item.box[3]] += [middle(level[0]) for level in item.levels]
    made: list[Field] = []
    for item, inner in zip(fields, edges, strict=True):
        height = item.box[1], item.box[3]
        parts = cut(item, sorted(ends[height]), beside[height])
        made += [one for part in parts for one in _parted(part, inner, plan)] if inner else parts
    return made


def _is_amount(text: str) -> bool:
    return text not in NONE and not YEAR.fullmatch(text) and "/" not in text


def _edges_in(box: Box, cuts: Sequence[float]) -> list[float]:
    inner = sorted({x for x in cuts if box[0] < x < box[2]})
    return [box[0], *inner, box[2]] if inner else []


def _slots(levels: Sequence[Level], edges: Sequence[float], names: Sequence[Line]) -> tuple[Span, ...]:
    """What is free for each column of figures, left to right, as the side shows on which they are level.

    Figures that are all equally wide are level on every side: then the names decide that stand in the middle.

    Args: levels: those of figures; edges: of columns, in points; names: the level of the header with the most names.
    """
    found: dict[int, list[Line]] = defaultdict(list)
    for level in levels:
        for word in level:
            if is_value(word.text):
                found[bisect_right(edges, centre(word))].append(word)
    columns = [words for _, words in sorted(found.items())]
    if len(columns) < 2:
        return ()
    spread = [round(sum(pstdev(_at(word, side) for word in words) for words in columns), 1) for side in SIDES]
    made = [_slots_at(columns, side) for side, wide in zip(SIDES, spread, strict=True) if wide == min(spread)]
    if len(names) < len(columns):
        return made[0]
    middles = [centre(name) for name in names[len(names) - len(columns) :]]
    return min(made, key=lambda slots: sum(abs(a + b - 2 * x) for (a, b), x in zip(slots, middles, strict=True)))


def _slots_at(columns: Sequence[Sequence[Line]], share: float) -> tuple[Span, ...]:
    pad = (0.5 - share) * 0.8 * columns[0][0].size
    ends = [mean(_at(word, share) for word in words) - pad for words in columns]
    steps = [b - a for a, b in pairwise(ends)]
    widths = zip([steps[0], *steps], [*steps, steps[-1]], strict=True)  # of what is at the left and the right of each
    return tuple((at - share * left, at + (1 - share) * right) for at, (left, right) in zip(ends, widths, strict=True))


def _at(word: Line, share: float) -> float:
    """The right end of a word (1), its left (0) or its middle (0.5)."""
    return word.box[0] + share * (word.box[2] - word.box[0])


def _slots_in(edges: Sequence[float], plan: TablePlan) -> list[Span]:
    """What is free for each of some columns; between their edges where no figures show it."""
    slots = []
    for a, b in pairwise(edges):
        inner = [slot for slot in plan.slots if a <= (slot[0] + slot[1]) / 2 < b]
        slots.append((min(n[0] for n in inner), max(n[1] for n in inner)) if inner else (a, b))
    if edges[0] in plan.drawn:  # and so is the last one
        slots[0], slots[-1] = (edges[0], slots[0][1]), (slots[-1][0], edges[-1])
    return slots


def _parted(item: Field, edges: Sequence[float], plan: TablePlan) -> list[Field]:
    """A box in columns; a level with texts over several of them is a row of its own."""
    groups = _groups(item, edges, plan)
    if not groups:
        return [worded((a, item.box[1], b, item.box[3]), []) for a, b in pairwise(edges)]
    ends = [item.box[1], *_ends(groups), item.box[3]]
    made: list[Field] = []
    for group, (top, bottom) in zip(groups, pairwise(ends), strict=True):
        if places := [found for level in group if (found := _places(level, edges, plan))]:
            for number, (left, right) in enumerate(pairwise(edges)):
                levels = [found[number] for found in places if number in found]
                made.append(worded((left, top, right, bottom), levels))
        else:
            made += _spanning(group[0], edges, plan, (top, bottom))
    return made


def _groups(item: Field, edges: Sequence[float], plan: TablePlan) -> list[list[Level]]:
    """The levels of a box, those together that have their words each in one column."""
    groups: list[list[Level]] = []
    before = False
    for level in item.levels:
        fits = _places(level, edges, plan) is not None
        if fits and before:
            groups[-1].append(level)
        else:
            groups.append([level])
        before = fits
    return groups


def _ends(groups: Sequence[Sequence[Level]]) -> list[float]:
    return [(max(map(middle, a[-1])) + min(map(middle, b[0]))) / 2 for a, b in pairwise(groups)]


def _places(level: Level, edges: Sequence[float], plan: TablePlan) -> dict[int, Level] | None:
    """The words of a level by the number of their column; None where a text lies over several columns.

    A text that begins in a column of labels is all of that column, but for figures that stand in their own.
    """
    if middle(level[0]) < plan.body and _over(level, edges, plan):
        return None
    places: dict[int, Level] = {}
    start = 0
    for end in range(1, len(level) + 1):
        if end < len(level) and _is_one_text(level[end - 1], level[end]):
            continue
        words, start = level[start:end], end
        homes = [_home(word, edges) for word in words]
        within = [_is_within(word, home, edges) for word, home in zip(words, homes, strict=True)]
        begins = sum(edge <= words[0].box[0] + APART * words[0].size for edge in edges[1:-1])
        own = [fits and is_value(word.text) for word, fits in zip(words, within, strict=True)]
        text = {home for home, alone in zip(homes, own, strict=True) if not alone}
        if edges[begins] in plan.labels:
            homes = [home if alone else begins for home, alone in zip(homes, own, strict=True)]
        elif len(text) > 1 or not all(within):
            return None
        for word, home in zip(words, homes, strict=True):
            places.setdefault(home, []).append(word)
    crowded = any(
        edges[home] not in plan.labels and sum(is_value(word.text) for word in words) > 1
        for home, words in places.items()
    )
    return None if crowded else places


def _is_one_text(left: Line, right: Line) -> bool:
    return gap(left, right) < APART and not (_named(left) and _named(right))


def _named(word: Line) -> bool:
    return any(c.isdigit() for c in word.text)


def _home(word: Line, edges: Sequence[float]) -> int:
    return sum(edge <= centre(word) for edge in edges[1:-1])


def _is_within(word: Line, home: int, edges: Sequence[float]) -> bool:
    slack = 0.6 * word.size
    return edges[home] - slack <= word.box[0] and word.box[2] <= edges[home + 1] + slack


def _over(level: Level, edges: Sequence[float], plan: TablePlan) -> list[tuple[int, int]] | None:
    """First and last column of each text of a header's level, if they share all columns out among themselves."""
    texts = phrases(level)
    first = next((n for n, edge in enumerate(edges[:-1]) if edge not in plan.labels), len(edges) - 1)
    over = [text for text in texts if _home(text, edges) >= first]
    if not over or len(over) >= len(edges) - 1 - first:
        return None
    if any(is_value(text.text) and not YEAR.fullmatch(text.text) for text in over):
        return None
    places = tile(_slots_in(edges[first:], plan), [centre(text) for text in over], True)
    if not places:
        return None
    before = [(_home(text, edges),) * 2 for text in texts if text not in over]
    return [*((a, b) for a, b in before), *((a + first, b + first) for a, b in places)]


def _spanning(level: Level, edges: Sequence[float], plan: TablePlan, height: Span) -> list[Field]:
    """A level of texts over several columns each, as a row.

    Args:
        level: its words.
        edges: of the columns, in points.
        plan: of the table.
        height: top and bottom of the row, in points.
    """
    texts = phrases(level)
    count = len(edges) - 1
    places = _over(level, edges, plan) or tile(list(pairwise(edges)), [centre(text) for text in texts])
    if places is None or any(b[0] <= a[1] for a, b in pairwise(places)):
        return [worded(_box(edges, 0, count - 1, height), [level])]
    made: list[Field] = []
    at = 0
    for text, (first, last) in zip(texts, places, strict=True):
        made += [worded(_box(edges, n, n, height), []) for n in range(at, first)]
        made.append(worded(_box(edges, first, last, height), [[text]]))
        at = last + 1
    return made + [worded(_box(edges, n, n, height), []) for n in range(at, count)]


def _box(edges: Sequence[float], first: int, last: int, height: Span) -> Box:
    return edges[first], height[0], edges[last + 1], height[1]
