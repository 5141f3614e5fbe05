"""Statistics tables drawn as papers draw them: ruled only between groups of rows and blocks of columns, if at all."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import pymupdf

from lineage.readers.text.key_figures import as_grid

FONT = pymupdf.Font("korea")
NAMES = ("수출", "소매판매", "광공업생산", "실업률", "소비자물가", "주택가격", "설비투자지수", "경상수지")
GROUPS = ("갑지역", "을지역", "병지역", "정지역")


@dataclass(frozen=True)
class Layout:
    """How a table is drawn. `groups` and `blocks` count the rows of each group and the columns of each year.

    `across` says where rules stand: "groups", "ends" (three lines), "rows", "frame"; `down`: "blocks", "none", "all",
    "label" (beside the labels only). `side` is how a group is named: "" (not), "side" (a column of its own),
    "letters" (one a line), "heading" (a row without figures). `years` puts a year over its columns.
    """

    groups: Sequence[int] = (4, 3)
    blocks: Sequence[int] = (2, 3)
    across: str = "groups"
    down: str = "blocks"
    side: str = ""
    align: str = "right"
    years: bool = False
    blanks: str = ""  # what is printed for a figure that is missing; "none" prints nothing
    wrapped: bool = False
    notes: bool = False
    brackets: bool = False  # a figure in brackets below each
    dashed: bool = False
    shaded: bool = False
    double: bool = False
    thin_areas: bool = False
    header_rule: bool = True
    size: float = 9
    pitch: float = 16
    width: float = 46
    label: float = 140
    seed: int = 1
    top: float = 120
    left: float = 60


@dataclass
class Drawn:
    """What was drawn: figures by (label of the row, name of the column), and the number of rows and columns."""

    figures: dict[tuple[str, str], str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    columns: int = 0
    bottom: float = 0.0


def draw(page: Any, layout: Layout) -> Drawn:
    """Draw a table, and say what is in it."""
    chance = random.Random(layout.seed)
    writer = pymupdf.TextWriter(page.rect)
    made = Drawn()
    side = 40.0 if layout.side in ("side", "letters") else 0.0
    x_label = layout.left + side
    x_first = x_label + layout.label * layout.size / 9
    count = sum(layout.blocks)
    xs = [x_first + layout.width * n for n in range(count + 1)]
    levels = 2 if layout.years else 1
    y = layout.top + 4 + layout.pitch * levels
    names = _columns(layout)
    _header(writer, layout, names, xs)
    ends, within = [y], set[float]()
    y += 2
    number = 0
    for group, rows in enumerate(layout.groups):
        first = y
        if layout.side == "heading":
            _text(writer, x_label + 2, y + layout.pitch - 5, f"<{GROUPS[group]}>", layout.size)
            y += layout.pitch
        for _ in range(rows):
            label = f"{NAMES[number % len(NAMES)]}{'가나다라마바사'[number // len(NAMES)]}"
            shown = f"{label}1)(전기비, %)" if layout.notes else label
            tall = 2 if layout.wrapped and number % 3 == 1 else 1
            base = y + layout.pitch - 5
            if tall == 2:
                half = 0.6 * layout.size
                _text(writer, x_label + 2, base + (layout.pitch / 2 - half), "계절조정", layout.size)
                _text(writer, x_label + 2, base + (layout.pitch / 2 + half), shown, layout.size)
                base += layout.pitch / 2
            else:
                _text(writer, x_label + 2 + (6 if layout.side == "heading" else 0), base, shown, layout.size)
            _figures(writer, layout, made, label, base, xs, names, chance)
            if layout.brackets:
                y += layout.pitch
            made.groups[label] = GROUPS[group]
            number += 1
            y += layout.pitch * tall
            if layout.across == "rows":
                ends.append(y + 1)
                within.add(y + 1)
        within.discard(y + 1)  # below a group the rule reaches over its name
        if layout.across == "groups" and group < len(layout.groups) - 1:
            ends.append(y + 1)
        if side:
            _side(writer, layout, GROUPS[group], first, y)
        y += 2
    ends.append(y)
    _rules(page, layout, ends, within, xs, (layout.left, x_label))
    writer.write_text(page)
    made.columns = count + 1 + bool(side)
    made.bottom = y
    return made


def _columns(layout: Layout) -> list[tuple[str, str]]:
    return [(f"{2021 + n}년", f"{k + 1}/4") for n, size in enumerate(layout.blocks) for k in range(size)]


def _header(writer: Any, layout: Layout, names: Sequence[tuple[str, str]], xs: Sequence[float]) -> None:
    y = layout.top + layout.pitch - 5
    if layout.years:
        for block, (a, b) in enumerate(pairwise([0, *accumulate(layout.blocks)])):
            year = f"{2021 + block}년"
            _text(writer, (xs[a] + xs[b] - FONT.text_length(year, layout.size)) / 2, y, year, layout.size)
        y += layout.pitch
    for (year, quarter), (x0, x1) in zip(names, pairwise(xs), strict=True):
        name = quarter if layout.years else f"{year[2:4]}.{quarter}"
        _aligned(writer, layout, x0, x1, y, name, layout.size)


def _figures(
    writer: Any,
    layout: Layout,
    made: Drawn,
    label: str,
    y: float,
    xs: Sequence[float],
    names: Sequence[tuple[str, str]],
    chance: random.Random,
) -> None:
    for (year, quarter), (x0, x1) in zip(names, pairwise(xs), strict=True):
        figure = f"{chance.choice(['', '', '-'])}{chance.uniform(0, chance.choice([9, 99, 999])):.1f}"
        if layout.blanks and chance.random() < 0.15:
            figure = "" if layout.blanks == "none" else layout.blanks
        if figure:
            _aligned(writer, layout, x0, x1, y, figure, layout.size)
        if layout.brackets and figure:
            below = f"({chance.uniform(0, 9):.2f})"
            _aligned(writer, layout, x0, x1, y + layout.pitch, below, layout.size)
        name = f"{year}{quarter}" if layout.years else f"{year[2:4]}.{quarter}"
        made.figures[label, name] = figure


def _aligned(writer: Any, layout: Layout, x0: float, x1: float, y: float, text: str, size: float) -> None:
    wide = FONT.text_length(text, size)
    if layout.align == "decimal":
        x = x0 + 0.6 * (x1 - x0) - FONT.text_length(text.split(".")[0], size)
    else:
        x = {"right": x1 - 3 - wide, "left": x0 + 4, "centre": (x0 + x1 - wide) / 2}[layout.align]
    _text(writer, x, y, text, size)


def _side(writer: Any, layout: Layout, name: str, top: float, bottom: float) -> None:
    if layout.side == "letters" and bottom - top > len(name) * 1.25 * layout.size:
        middle = (top + bottom) / 2 + 0.35 * layout.size
        for n, letter in enumerate(name):
            _text(
                writer, layout.left + 12, middle + (n - (len(name) - 1) / 2) * 1.25 * layout.size, letter, layout.size
            )
    else:
        _text(writer, layout.left + 4, (top + bottom) / 2 + 0.35 * layout.size, name, layout.size)


def _text(writer: Any, x: float, y: float, text: str, size: float) -> None:
    writer.append((x, y), text, font=FONT, fontsize=size)


def _rules(
    page: Any,
    layout: Layout,
    ends: Sequence[float],
    within: set[float],
    xs: Sequence[float],
    sides: tuple[float, float],
) -> None:
    x0, x1 = layout.left, xs[-1]
    for y in [layout.top, *(ends if layout.header_rule else ends[1:])]:
        inner = sides[1] if y in within else x0
        for shift in (0, 1.5) if layout.double else (0,):
            _line(page, layout, (inner, y + shift), (x1, y + shift))
    if layout.years and layout.down == "all":
        _line(page, layout, (xs[0], layout.top + layout.pitch), (x1, layout.top + layout.pitch))
    starts = [xs[n] for n in accumulate(layout.blocks[:-1])]
    down = {"blocks": starts, "none": [], "label": [xs[0]], "all": [*xs[:-1]]}[layout.down]
    if sides[1] > sides[0] and layout.down in ("blocks", "all"):
        down = [sides[1], *down]
    if layout.across == "frame":
        down = [*down, x0, x1]
    for x in down:
        below = layout.years and x in xs[1:-1] and x not in starts  # a year stands over it
        _line(page, layout, (x, layout.top + below * layout.pitch), (x, ends[-1]))
    if layout.shaded:
        page.draw_rect((x0, layout.top, x1, ends[0]), color=None, fill=(0.8, 0.9, 1), overlay=False)


def _line(page: Any, layout: Layout, a: tuple[float, float], b: tuple[float, float]) -> None:
    if layout.thin_areas:
        page.draw_rect((a[0], a[1], max(b[0], a[0] + 0.6), max(b[1], a[1] + 0.6)), color=None, fill=(0, 0, 0))
    elif layout.dashed:
        page.draw_line(a, b, width=0.5, dashes="[1 1.5] 0")
    else:
        page.draw_line(a, b, width=0.5)


def faults(drawn: Drawn, rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """What is wrong in a table as it was read: a figure that is not alone, in another row, or under another name."""
    grid = as_grid(rows)
    at = {(i, j): text for i, row in enumerate(grid) for j, text in enumerate(row)}
    first = next(
        (i for i, row in enumerate(grid) if any(label in cell for cell in row for label, _ in drawn.figures)), 0
    )
    for (label, name), figure in drawn.figures.items():
        line = next((i for i, row in enumerate(grid) if any(label in cell for cell in row)), None)
        if line is None:
            yield f"no row {label}"
            continue
        column = next((j for j in range(len(grid[0])) if name in _above(grid, first, j)), None)
        if column is None:
            yield f"no column {name}"
        elif at[line, column].split(" (")[0] != figure:
            yield f"{label} {name}: {at[line, column]!r} for {figure!r}"


def _above(grid: Sequence[Sequence[str]], first: int, column: int) -> str:
    return "".join(dict.fromkeys(row[column] for row in grid[:first] if row[column])).replace(" ", "")
