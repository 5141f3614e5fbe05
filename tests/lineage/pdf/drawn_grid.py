"""A statistics table of any header, rules and alignment, drawn at once."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from tests.lineage.pdf.drawn import write

RULES = ("every cell", "columns", "labels", "frame", "three lines", "rows", "none")
SIZE, PITCH = 9, 15


def grid(
    page: Any,
    header: Sequence[Sequence[tuple[str, int, int]]],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    rules: str = "three lines",
    labels: int = 1,
    top: float = 100,
    left: float = 40,
) -> list[float]:
    """Draw a table and return its column edges.

    Args:
        page: where to.
        header: its levels, each the names with their first and last column, set in the middle.
        rows: the cells below; figures end at the right, a sign and two spaces before one stand at the left.
        widths: of the columns, in points.
        rules: one of RULES.
        labels: how many columns begin at the left.
        top: of the table, in points.
        left: of the table, in points.
    """
    xs = list(accumulate(widths, initial=left))
    ys = [top + PITCH * n for n in range(len(header) + len(rows) + 1)]
    for level, y in zip(header, ys, strict=False):
        for name, first, last in level:
            write(page, (xs[first] + xs[last + 1]) / 2, y + 11, name, SIZE, 0.5)
    for row, y in zip(rows, ys[len(header) :], strict=False):
        for column, text in enumerate(row):
            sign, _, figure = text.rpartition("  ")
            write(page, xs[column] + 4, y + 11, sign if column >= labels else figure, SIZE)
            if column >= labels:
                write(page, xs[column + 1] - 4, y + 11, figure, SIZE, 1)
    _rule(page, header, xs, ys, rules)
    return xs


def _rule(
    page: Any, header: Sequence[Sequence[tuple[str, int, int]]], xs: Sequence[float], ys: Sequence[float], rules: str
) -> None:
    ends = [ys[0], ys[len(header)], ys[-1]]
    every = [ys[0], *ys[len(header) :]]
    for y in {"every cell": every, "rows": every, "none": []}.get(rules, ends):
        page.draw_line((xs[0], y), (xs[-1], y))
    down = {"every cell": xs, "columns": xs[1:-1], "labels": xs[1:2], "frame": [xs[0], xs[-1]]}.get(rules, [])
    for x in down:
        at = xs.index(x)
        spanned = [n for n, level in enumerate(header, 1) if any(a < at <= b for _, a, b in level)]
        page.draw_line((x, ys[max(spanned, default=0)]), (x, ys[-1]))
    if rules in ("every cell", "columns"):
        for n, level in enumerate(header[:-1], 1):
            for _, first, last in level:
                if first:
                    page.draw_line((xs[first], ys[n]), (xs[last + 1], ys[n]))
