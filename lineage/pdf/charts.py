"""Charts that a page draws: their scales, labels and legends, which are no sentences of the text around them.

A chart is certain where a scale (figures in equal steps at equal distances) stands beside what no table draws: a line
that is not straight, or bars. Labels stay in the document, a row a block, as captions.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from lineage.pdf.blocks import BEGINS
from lineage.pdf.cell_kinds import DATE
from lineage.pdf.number_check import is_figure
from lineage.pdf.table_lines import THIN
from lineage.pdf.text import Box, Line, Run, around, merge, rows
from lineage.pdf.visibility import Vector, is_white

TICKS = 3  # of a scale, at least
WIDE = 25.0  # points: a drawn line that is smaller is a bullet or a letter
NEAR = 40.0  # points between a scale and what is drawn beside it
SHORT_LABEL = 16  # characters
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
Piece = tuple[Run | None, Line]


class Chart(NamedTuple):
    """A chart: the box that its drawing and its labels fill, in points, and the labels row by row."""

    box: Box
    labels: list[Line]


def charts(vectors: Sequence[Vector], pieces: Sequence[Piece]) -> tuple[list[Chart], list[Piece]]:
    """The charts of a page with their labels, and the pieces outside them."""
    ticks = [line for _, line in pieces if len(line.text) <= 10 and (is_figure(line.text) or DATE.fullmatch(line.text))]
    if len(ticks) < TICKS:
        return [], list(pieces)
    inked = [v for v in vectors if v.alpha and not is_white(v.color)]
    marks = _marks(inked)
    levels = [v.box for v in inked if _height(v.box) < THIN and _width(v.box) > 2 * WIDE]
    if not marks and len(levels) < TICKS:
        return [], list(pieces)
    if not marks:
        ticks = [tick for tick in ticks if any(_leads_to(tick, level) for level in levels)]
    plots = [plot for scale in _scales(ticks) if (plot := _plot(scale, marks, levels))]
    found: list[Chart] = []
    left = list(pieces)
    for plot in _joined(plots):
        keys = [v.box for v in inked if _width(v.box) < 2 * WIDE and _height(v.box) < WIDE / 2]
        inside = _labels([line for _, line in left], plot, keys)
        if len(inside) >= TICKS:
            taken = set(map(id, inside))
            left = [piece for piece in left if id(piece[1]) not in taken]
            labels = [merge(row) for row in rows(inside)]
            found.append(Chart(around([plot, *(line.box for line in labels)]), labels))
    return found, left


def _marks(inked: Sequence[Vector]) -> list[Box]:
    """The boxes of what charts draw and tables do not: curves and slanting lines, and bars of different lengths."""
    lines = [v.box for v in inked if not v.rect and v.stroked and max(_width(v.box), _height(v.box)) > WIDE]
    areas = [v.box for v in inked if v.rect and not v.stroked and min(_width(v.box), _height(v.box)) > THIN]
    return [*lines, *_bars(areas, 0, 1), *_bars(areas, 1, 0)]


def _bars(areas: Sequence[Box], across: int, along: int) -> list[Box]:
    """Areas on one foot and of one thickness, three at least, whose lengths differ.

    Args:
        areas: filled areas.
        across: the axis of their thickness, 0 for x.
        along: the axis of their length; bars stand on their lower end, or begin at their left.
    """
    foot = along + 2 if along else along
    found: list[Box] = []
    group: list[Box] = []
    for box in [*sorted(areas, key=lambda b: (b[foot], b[across + 2] - b[across])), None]:
        if box and (not group or box[foot] - group[0][foot] <= 1):
            group.append(box)
            continue
        for first in group:
            alike = [b for b in group if abs(b[across + 2] - b[across] - first[across + 2] + first[across]) <= 1]
            if len(alike) >= TICKS and len({round(b[along + 2] - b[along]) for b in alike}) >= TICKS:
                found += alike
                break
        group = [box] if box else []
    return found


def _scales(ticks: Sequence[Line]) -> list[list[Line]]:
    """Figures under each other (the greatest on top) or beside each other, at equal distances and in equal steps."""
    found: list[list[Line]] = []
    for place in (_left, _right, _across):
        found += _steps(ticks, place, _down, -1)
    found += _steps(ticks, _down, _across, 1)
    return found


def _steps(
    ticks: Sequence[Line], place: Callable[[Line], float], along: Callable[[Line], float], sense: int
) -> list[list[Line]]:
    """Runs of ticks that share a place and go on along the other axis in equal steps."""
    found: list[list[Line]] = []
    ordered = sorted(ticks, key=place)
    at = 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and place(ordered[end]) - place(ordered[at]) <= 0.3 * ordered[at].size:
            end += 1
        run: list[Line] = []
        for tick in sorted(ordered[at:end], key=along):
            if len(run) > 1 and not _goes_on(run[-2], run[-1], tick, along):
                found += [run] * (len(run) >= TICKS and (_value(run[1]) - _value(run[0])) * sense > 0)
                run = run[-1:]
            run.append(tick)
        found += [run] * (len(run) >= TICKS and (_value(run[1]) - _value(run[0])) * sense > 0)
        at = end
    return found


def _goes_on(first: Line, second: Line, third: Line, along: Callable[[Line], float]) -> bool:
    near, far = along(second) - along(first), along(third) - along(second)
    if abs(far - near) > 0.15 * near:
        return False
    low, high = _value(second) - _value(first), _value(third) - _value(second)
    return low != 0 and abs(high - low) <= 0.01 * abs(low)


def _value(tick: Line) -> float:
    match = NUMBER.search(tick.text)
    number = float(match[0].replace(",", "")) if match else 0.0
    return -number if match and re.search(r"[△▵∆▽−–(-]", tick.text[: match.start()]) else number


def _plot(scale: Sequence[Line], marks: Sequence[Box], levels: Sequence[Box]) -> Box | None:
    """The box of what is drawn beside a scale, the scale with it; None where nothing is."""
    box = around(line.box for line in scale)
    upright = _height(box) > _width(box)
    grid = [level for tick in scale for level in levels if _leads_to(tick, level)] if upright else []
    plot = around([box, *grid])
    near = max(NEAR, 0.6 * max(_width(box), _height(box)))
    drawn = False
    for mark in sorted(marks, key=lambda m: max(-_overlap(box, m, 0), -_overlap(box, m, 1))):
        if _is_beside(box, mark, upright) and -_overlap(plot, mark, 0 if upright else 1) < (near if drawn else NEAR):
            plot = around([plot, mark])
            drawn = True
    if not drawn and len({round(level[1]) for level in grid}) < TICKS:
        return None
    return around([plot, *(n for n in levels if _within(n, plot, 0.3 * _width(plot)))])


def _is_beside(scale: Box, mark: Box, upright: bool) -> bool:
    """Whether a mark stands within the reach of a scale, and does not reach over it at both sides, as a frame does."""
    along, over = (1, 0) if upright else (0, 1)
    reach = 0.15 * (scale[along + 2] - scale[along]) + 6
    inside = mark[along] >= scale[along] - reach and mark[along + 2] <= scale[along + 2] + reach
    return inside and not (mark[over] < scale[over] - 6 and mark[over + 2] > scale[over + 2] + 6)


def _leads_to(tick: Line, level: Box) -> bool:
    """Whether a line across the page points at the middle of a tick: between rows of a table it would not."""
    beside = max(level[0] - tick.box[2], tick.box[0] - level[2])
    return -2 < beside < 1.5 * tick.size and abs(_down(tick) - (level[1] + level[3]) / 2) < 0.25 * tick.size


def _within(inner: Box, outer: Box, slack: float) -> bool:
    return (
        outer[0] - slack <= inner[0]
        and inner[2] <= outer[2] + slack
        and outer[1] - 2 <= inner[1]
        and inner[3] <= outer[3] + 2
    )


def _joined(plots: Sequence[Box]) -> list[Box]:
    """Plots that lie over each other, as those of two scales of one chart do, as one."""
    found: list[Box] = []
    for plot in plots:
        for other in [o for o in found if _overlap(o, plot, 0) > 0 and _overlap(o, plot, 1) > 0]:
            found.remove(other)
            plot = around([plot, other])
        found.append(plot)
    return found


def _labels(lines: Sequence[Line], plot: Box, keys: Sequence[Box]) -> list[Line]:
    """The lines that label a plot, and short ones that go on a row of them."""
    inside = [line for line in lines if _is_label(line, plot, keys)]
    taken = set(map(id, inside))
    for row in rows(lines):
        known = [line for line in row if id(line) in taken]
        if len(known) < 2 or len(known) == len(row):
            continue
        step = 1.5 * max(_across(b) - _across(a) for a, b in pairwise(known))
        for line in sorted(row, key=lambda n: min(abs(_across(n) - _across(k)) for k in known)):
            near = min(abs(_across(line) - _across(other)) for other in known)
            if id(line) not in taken and near <= step and len(line.text) <= SHORT_LABEL and not BEGINS.match(line.text):
                known.append(line)
                inside.append(line)
    return inside


def _is_label(line: Line, plot: Box, keys: Sequence[Box]) -> bool:
    """Whether a line stands in a plot, just under or over it, at its ends, or beside a key of its legend."""
    x, y = _across(line), _down(line)
    if plot[0] - 2 <= x <= plot[2] + 2 and plot[1] - 2 <= y <= plot[3] + 2:
        return True
    if not plot[0] - NEAR <= x <= plot[2] + NEAR or not plot[1] - 5 * line.size < y < plot[3] + 5 * line.size:
        return False
    if any(0 <= line.box[0] - k[2] < line.size and k[1] - 2 < y < k[3] + 2 for k in keys) and len(line.text) < 30:
        return True
    if len(line.text) > SHORT_LABEL or BEGINS.match(line.text):
        return False
    if plot[1] < y < plot[3]:
        figure = is_figure(line.text)
        return (line.box[0] > plot[2] - 2 and figure) or (line.box[2] <= plot[0] + 2 and plot[0] - line.box[2] < 20)
    if plot[3] < y < plot[3] + 2.2 * line.size:
        return True
    return plot[1] - 2 * line.size < y < plot[1] and (line.text[0] == "(" or is_figure(line.text))


def _overlap(a: Box, b: Box, axis: int) -> float:
    return min(a[axis + 2], b[axis + 2]) - max(a[axis], b[axis])


def _width(box: Box) -> float:
    return box[2] - box[0]


def _height(box: Box) -> float:
    return box[3] - box[1]


def _left(line: Line) -> float:
    return line.box[0]


def _right(line: Line) -> float:
    return line.box[2]


def _across(line: Line) -> float:
    return (line.box[0] + line.box[2]) / 2


def _down(line: Line) -> float:
    return (line.box[1] + line.box[3]) / 2
