"""Columns of a table that no line parts: figures that stand under each other do.

Between two drawn edges there may stand a label and the figures of several years. They are parted only where that is
certain: on every level the words fall into the same columns, each column is level at one side, and what is free
between two columns is more than a space. Texts over several columns (a year over its quarters) get their span.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from lineage.pdf.number_check import is_value
from lineage.pdf.table_places import place
from lineage.pdf.table_words import APART, Field, Level, centre, figures, gap, phrases, unparted
from lineage.pdf.text import Line

HEADER = 3  # levels of a header
MOST, LEVELS = 60, 300  # words on a level, and levels: more are no table on a page
Span = tuple[float, float]
Column = list[tuple[int, Line]]  # its figures, each with the number of its level


class ColumnEdges(NamedTuple):
    """Where columns part, left to right, in points, and how many of them, at the left, hold labels."""

    edges: list[float]
    labels: int


UNSURE = ColumnEdges([], 0)


def part_columns(fields: Sequence[Field]) -> list[Field]:
    """Boxes parted where their words stand in columns that no line parts; all others as they are."""
    xs = sorted({x for item in fields for x in (item.box[0], item.box[2])})
    crowded = [unparted(item) > 0 for item in fields]
    full = [item for item, several in zip(fields, crowded, strict=True) if several]
    bands = {item.box[1::2] for item in full}
    exact: dict[Span, list[Field]] = defaultdict(list)
    for item in fields:
        exact[item.box[0], item.box[2]].append(item)
    cuts: list[float] = []
    labels: set[float] = {xs[0]}
    figured = False
    for x0, x1 in pairwise(xs):
        wide = [item for item in full if item.box[0] <= x0 and x1 <= item.box[2] and item.box[::2] != (x0, x1)]
        inside = [*exact[x0, x1], *wide]
        columns = _columns_of(_between(inside, x0, x1)) if any(item.doubtful for item in inside) else UNSURE
        figured = figured or bool(columns.edges)
        if not figured:
            texts = [level for item in exact[x0, x1] if item.box[1::2] in bands for level in item.levels]
            names = _label_cuts(texts, True)
            columns = ColumnEdges(names, len(names))
        cuts += columns.edges
        labels.update([x0, *columns.edges][: columns.labels])
    if not cuts and not any(crowded):
        return list(fields)
    return place(fields, crowded, xs, cuts, labels)


def _between(fields: Sequence[Field], x0: float, x1: float) -> list[Level]:
    """The levels of boxes, with the words that stand between two edges."""
    found = [[word for word in level if x0 <= centre(word) < x1] for item in fields for level in item.levels]
    return [level for level in found if level]


def _columns_of(found: Sequence[Level]) -> ColumnEdges:
    """Where columns part between two drawn edges; no edges where that is not certain."""
    if not 2 <= len(found) <= LEVELS or max(map(len, found)) > MOST:
        return UNSURE
    columns = _columns([figures(level) for level in found])
    if not columns:
        return UNSURE
    first = min(word.box[0] for _, word in columns[0])
    labels = [[word for word in level if centre(word) < first] for level in found]
    others = _others(found, columns, first)
    spans = sorted(_span(column) for column in [*columns, *others])
    level = _is_full(found) or all(map(_is_level, columns))
    if any(a[1] > b[0] for a, b in pairwise(spans)) or not level:
        return UNSURE
    if not _is_certain(found, columns, labels, spans):
        return UNSURE
    edges = [(a[1] + b[0]) / 2 for a, b in pairwise(spans)]
    on = {number for column in columns for number, _ in column}
    named = [n for n, level in enumerate(labels) if n in on and any(not is_value(word.text) for word in level)]
    if not named:
        return ColumnEdges(edges, 0)
    names = labels[named[0] :]  # above them stands the header
    right = max(word.box[2] for level in names for word in level[-1:])
    before = [*_label_cuts(names), (right + first) / 2 if right < first else first]
    return ColumnEdges([*before, *edges], len(before))


def _columns(found: Sequence[Sequence[Line]]) -> list[Column]:
    """Figures that stand under each other, on at least two levels and a quarter of those of the fullest column."""
    if _is_full(found):
        return [list(enumerate(column)) for column in zip(*found, strict=True)]
    columns = _under([(n, word) for n, level in enumerate(found) for word in level])
    columns = [part for column in columns for part in _unbridged(column)]
    most = max((len(column) for column in columns), default=0)
    return [column for column in columns if len(column) >= max(2, most / 4)]


def _is_full(found: Sequence[Sequence[Line]]) -> bool:
    """Whether every level is as many figures and nothing else: a year in the middle over one figure names it."""
    return (
        len(found[0]) > 1 and len({*map(len, found)}) == 1 and all(is_value(n.text) for level in found for n in level)
    )


def _under(words: Sequence[tuple[int, Line]]) -> list[Column]:
    columns: list[Column] = []
    right = 0.0
    for number, word in sorted(words, key=lambda item: item[1].box[0]):
        if columns and word.box[0] < right:
            columns[-1].append((number, word))
        else:
            columns.append([(number, word)])
            right = 0.0
        right = max(right, word.box[2])
    return columns


def _unbridged(column: Column) -> list[Column]:
    """A column, or the several that a wide figure (a year over its quarters) lies across."""
    by_level: dict[int, list[Line]] = {}
    for number, word in column:
        by_level.setdefault(number, []).append(word)
    several = [words for words in by_level.values() if len(words) > 1]
    if not several:
        return [column]
    kept = [
        (number, word)
        for number, word in column
        if not any(sum(_overlap(word, other) for other in words if other is not word) > 1 for words in several)
    ]
    return _under(kept) if len(kept) < len(column) else [column]


def _overlap(a: Line, b: Line) -> bool:
    return a.box[0] < b.box[2] and b.box[0] < a.box[2]


def _others(found: Sequence[Level], columns: Sequence[Column], first: float) -> list[Column]:
    """Columns of text, or with few figures, at the right of the first figures."""
    spans = [_span(column) for column in columns]
    free = [
        (number, phrase)
        for number, level in enumerate(found)
        for phrase in phrases(level)
        if phrase.box[0] >= first and not any(a < phrase.box[2] and phrase.box[0] < b for a, b in spans)
    ]
    several = [column for column in _under(free) if len({number for number, _ in column}) > 1]
    return [column for column in several if not _is_name(column, found, columns, first)]


def _is_name(column: Column, found: Sequence[Level], columns: Sequence[Column], first: float) -> bool:
    """Whether texts stand in the header alone, which has a name for each column of figures and no more."""
    last = max(number for number, _ in column)
    texts = phrases(found[last])
    names = [phrase for phrase in texts if centre(phrase) >= first]
    before = texts[len(texts) - len(names) - 1 :][:1] if len(names) < len(texts) else []
    count = len(names) + any(is_value(text.text) for text in before)  # that of the first may stand before its figures
    return last < HEADER and last + 1 < len(found) and len(columns) in (len(names), count)


def _is_certain(
    found: Sequence[Level], columns: Sequence[Column], labels: Sequence[Level], spans: Sequence[Span]
) -> bool:
    """Whether the levels agree on these columns.

    Args:
        found: the words of all levels.
        columns: those of figures.
        labels: of each level, the words at the left of all columns.
        spans: the extents of all columns, with those of text.
    """
    if any(len({number for number, _ in column}) < len(column) for column in columns):
        return False  # two figures of a level in one column
    on: dict[int, list[Line]] = {}
    for column in columns:
        for number, word in column:
            on.setdefault(number, []).append(word)
    for a, b in pairwise(columns):
        below = dict(b)
        gaps = [gap(word, below[number]) for number, word in a if number in below]
        if gaps and (median(gaps) < APART / 2 or min(gaps) <= 0.05):
            return False
    if len(columns) == 1:
        room = [gap(labels[number][-1], words[0]) for number, words in on.items() if labels[number]]
        if not room or median(room) < 2 * APART:
            return False  # a space within a text, no column
    plain = {n: words for n, words in on.items() if labels[n] or any(word.text[0] not in "([" for word in words)}
    several = sum(len(words) + bool(labels[number]) > 1 for number, words in plain.items())
    if several < (3 if len(columns) == 1 else 2) or several < (0.4 if len(columns) == 1 else 0.3) * len(plain):
        return False
    crossed = sum(any(_crosses(word, spans) for word in found[number]) for number in on)
    rows = sum(len(level) > 1 or is_value(level[0].text) for level in found)
    return crossed <= 0.25 * len(on) and len(on) >= 0.5 * rows


def _crosses(word: Line, spans: Sequence[Span]) -> bool:
    under = sum(a < word.box[2] and word.box[0] < b for a, b in spans)
    return under > 1 or (not under and word.box[0] > spans[0][0])


def _is_level(column: Column) -> bool:
    """Whether the figures of a column end, begin, stand in the middle or have their points on one line."""
    words = [word for _, word in column]
    slack = 0.5 * median(word.size for word in words)
    sides = (
        [word.box[2] for word in words],
        [word.box[0] for word in words],
        [centre(word) for word in words],
        [_point(word) for word in words],
    )
    least = min(0.75 * len(words), len(words) - 1 if len(words) > 2 else 2)  # a year above may stand in the middle
    return any(sum(abs(x - median(side)) <= slack for x in side) >= least for side in sides)


def _point(word: Line) -> float:
    """About where the decimal point of a figure stands."""
    whole = word.text.split(".")[0]
    return word.box[0] + (word.box[2] - word.box[0]) * len(whole) / len(word.text)


def _label_cuts(labels: Sequence[Level], sparse: bool = False) -> list[float]:
    """Where a column of groups ends before the labels: free on every level, and no marks of a list.

    Args:
        labels: the words of each level.
        sparse: whether groups have to be few, written a letter a line, or (as codes before names) on every level.
    """
    groups = [phrases(level) for level in labels if level]
    columns = _under([(number, phrase) for number, level in enumerate(groups) for phrase in level])
    cuts = []
    for left, right in pairwise(columns):
        a, b = _span(left), _span(right)
        size = max(left[0][1].size, right[0][1].size)
        both = {n for n, _ in left} & {n for n, _ in right}
        short = all(len(word.text) == 1 for _, word in left)
        marks = not any(word.text[-1].isalnum() or word.text[-1] in ")]" for _, word in left)
        if b[0] - a[1] < APART * size or marks or (short and len(both) > 0.5 * len(left)):
            continue  # 수 출: letters set apart, or the mark of a list
        if not both and (len(right) < 2 or max(n for n, _ in left) < min(n for n, _ in right)):
            continue  # the name of the column of labels itself, set in its middle
        few = (short or len(left) <= 0.5 * len(right)) and all(word.text[0].isalpha() for _, word in left)
        beside = len(both) >= 0.8 * max(len(left), len(right)) and b[0] - a[1] >= 2 * APART * size
        if not sparse or few or beside:
            cuts.append((a[1] + b[0]) / 2)
    return cuts


def _span(column: Column) -> Span:
    return min(word.box[0] for _, word in column), max(word.box[2] for _, word in column)
