"""Rows of a table that no line parts: the levels of their figures do.

Statistics often rule the header and the groups alone, so that a cell box holds a whole column of figures. It is
parted only where that is certain: the figures of all columns stand on common levels, and every label belongs to one
of them. A group's label beside several rows reaches over them.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from lineage.pdf.number_check import is_value
from lineage.pdf.table_labels import ON, at_level, beside, closest, headings, homes_of, named
from lineage.pdf.table_words import Field, middle, put
from lineage.pdf.text import Line

MOST = 300  # levels: no page has so many


@dataclass(frozen=True)
class BandRows:
    """The levels of a band's rows, in points from the top, and of each of its boxes the rows of every line."""

    levels: list[float]
    places: list[list[tuple[int, int]]]  # first and last


@dataclass(frozen=True)
class BoxLines:
    """What stands in a box: its lines, a figure with the one in brackets below it as one; `counts` are those drawn."""

    left: float
    lines: list[Line]
    counts: list[int]
    figures: bool


def part_rows(fields: Sequence[Field]) -> list[Field]:
    """Boxes parted at the levels of their figures where all columns agree; all others as they are."""
    bands: dict[tuple[float, float], list[Field]] = defaultdict(list)
    for item in fields:
        bands[item.box[1], item.box[3]].append(item)
    edges = sorted({y for item in fields for y in (item.box[1], item.box[3])})
    made: list[Field] = []
    for (y0, y1), band in bands.items():
        crossed = bisect_left(edges, y1) > bisect_right(edges, y0)
        rows = None if crossed or len(band) < 2 or not _is_high(band) else _rows(band)
        made += _parted(band, rows) if rows else band
    return made


def _is_high(band: Sequence[Field]) -> bool:
    """Whether the figures of some boxes reach over more than a line, as far as that shows at a glance."""
    lines = [line for item in band if item.figured >= 0.3 * len(item.lines) for line in item.lines]
    heights = [middle(line) for line in lines]
    return len(heights) > 1 and max(heights) - min(heights) > 0.75 * min(line.size for line in lines)


def _rows(band: Sequence[Field]) -> BandRows | None:
    """The rows of the boxes that stand beside each other; None where it is not certain that there are several."""
    parts = _parts(band)
    figures = [part.lines for part in parts if part.figures]
    levels = _levels([line for lines in figures for line in lines])
    if not levels:
        return None
    last = max(part.left for part in parts if part.figures)
    texts = [part for part in parts if part.lines and not part.figures and part.left < last]
    leaf = max(texts, key=lambda part: (len(named(part.lines, levels)), part.left), default=None)
    names = leaf.lines if leaf else []
    if not _is_certain(levels, figures, names):
        return None
    if len(names) > 1:
        levels = sorted([*levels, *headings(names, levels)])
    if any(b - a < 0.5 * figures[0][0].size for a, b in pairwise(levels)):
        return None
    first = min(part.left for part in parts if part.figures)
    return BandRows(levels, [_places(part, levels, part.figures or part is leaf, part.left < first) for part in parts])


def _parts(band: Sequence[Field]) -> list[BoxLines]:
    drawn = [[put(level) for level in item.levels] for item in band]
    labels = [lines for lines in drawn if lines and not _is_figures(lines)]
    middles = [middle(line) for lines in drawn if _is_figures(lines) for line in lines]
    parts = []
    for item, lines in zip(band, drawn, strict=True):
        figures = _is_figures(lines)
        units = _units(lines, labels, middles) if figures else [[line] for line in lines]
        ones = [_as_one(unit, middles) for unit in units]
        parts.append(BoxLines(item.box[0], ones, [len(unit) for unit in units], figures))
    return parts


def _places(part: BoxLines, levels: Sequence[float], single: bool, left: bool) -> list[tuple[int, int]]:
    """The first and last row of every line that is drawn in a box.

    Args:
        part: the box.
        levels: of the rows.
        single: whether each of its lines belongs to one row.
        left: whether it stands before all figures.
    """
    own = [(home, home) for home in homes_of(part.lines, levels)]
    places = own if single else beside(part.lines, levels, left)
    return [place for place, count in zip(places, part.counts, strict=True) for _ in range(count)]


def _units(lines: Sequence[Line], labels: Sequence[Sequence[Line]], middles: Sequence[float]) -> list[list[Line]]:
    """The figures of a column, each with the one in brackets below it, unless that has a label of its own.

    Args: lines: of the column; labels: the lines of every box of text beside it; middles: of all figures.
    """
    units: list[list[Line]] = []
    for line in lines:
        has_name = len(lines) > 2 and any(_is_on(line, middle(label)) for texts in labels for label in texts)
        below = units and len(units[-1]) == 1 and line.text[0] in "[(" and units[-1][0].text[0] not in "[("
        open_ended = units and units[-1][-1].text.endswith(("~", "∼", "～"))
        if open_ended or (below and (not has_name or _is_around([units[-1][0], line], middles))):
            units[-1].append(line)
        else:
            units.append([line])
    return units


def _is_on(line: Line, level: float) -> bool:
    return abs(middle(line) - level) <= ON * line.size


def _is_around(unit: Sequence[Line], middles: Sequence[float]) -> bool:
    """Whether other columns have a figure on the level between the two of this one."""
    return any(_is_on(put(unit), at) for at in middles)


def _as_one(unit: Sequence[Line], middles: Sequence[float]) -> Line:
    """A figure with the one in brackets below it as a line on the level that other columns have for the two."""
    return put(unit) if len(unit) > 1 and _is_around(unit, middles) else unit[0]


def _is_figures(lines: Sequence[Line]) -> bool:
    return bool(lines) and sum(is_value(line.text) for line in lines) >= 0.6 * len(lines)


def _levels(lines: Sequence[Line]) -> list[float]:
    """The levels on which figures of any column stand; none where they are not clearly apart."""
    if not lines:
        return []
    size = median(line.size for line in lines)
    groups: list[list[float]] = []
    for at in sorted(map(middle, lines)):
        if groups and at - groups[-1][0] <= ON * size:
            groups[-1].append(at)
        else:
            groups.append([at])
    levels = [sum(group) / len(group) for group in groups]
    clear = 2 <= len(levels) <= MOST and all(b - a >= 0.75 * size for a, b in pairwise(levels))
    return levels if clear else []


def _is_certain(levels: Sequence[float], figures: Sequence[Sequence[Line]], names: Sequence[Line]) -> bool:
    """Whether the columns agree: most have a figure on most levels, or each level has a label of its own.

    Args: levels: of the rows; figures: the lines of each column of figures; names: those of the column of labels.
    """
    slack = ON * figures[0][0].size
    filled = [sum(any(abs(middle(line) - at) <= slack for line in lines) for lines in figures) for at in levels]
    rows = named(names, levels)
    every = len(rows) == len(levels)
    several = sum(len(lines) > 1 for lines in figures)
    if several < 2 and not every:
        return False
    if not several and [at_level(line, levels) for line in names] != [*range(len(levels))]:
        return False  # one row whose figures do not stand quite level
    if any(row not in rows and count < 2 for row, count in enumerate(filled)):
        return False
    return every or sum(filled) >= 0.5 * len(levels) * len(figures)


def _parted(band: Sequence[Field], rows: BandRows) -> list[Field]:
    """The boxes of a band in its rows, as `rows` says."""
    count = len(rows.levels)
    low, high = list(rows.levels), list(rows.levels)
    for item, places in zip(band, rows.places, strict=True):
        for level, (first, last) in zip(item.levels, places, strict=True):
            if first == last:
                low[first] = min(low[first], *map(middle, level))
                high[first] = max(high[first], *map(middle, level))
    if any(a >= b for a, b in zip(high, low[1:], strict=False)):
        return list(band)  # two rows lie in each other
    ends = [band[0].box[1], *((a + b) / 2 for a, b in zip(high, low[1:], strict=False)), band[0].box[3]]
    made: list[Field] = []
    for item, places in zip(band, rows.places, strict=True):
        spans = sorted({*places})
        free = [(row, row) for row in range(count) if not any(first <= row <= last for first, last in spans)]
        heights = [middle(put(level)) for level in item.levels]
        homes = [places[closest(heights, middle(line))] for line in item.lines]
        for first, last in [*spans, *free]:
            levels = [level for level, place in zip(item.levels, places, strict=True) if place == (first, last)]
            pieces = [piece for piece, home in zip(item.pieces, homes, strict=True) if home == (first, last)]
            made.append(Field((item.box[0], ends[first], item.box[2], ends[last + 1]), pieces, levels))
    return made
