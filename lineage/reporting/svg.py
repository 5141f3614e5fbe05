"""Small drawings as inline SVG: the tree's lanes, an interval, a loss curve.

Colours come from the page's CSS classes, so that one drawing serves light and dark. Numbers are written with
two decimals: the same figures give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

LANE, DOT = 26, 22  # pixels between two lanes, and from a row's top to its dot


@dataclass(frozen=True, slots=True)
class Lane:
    """Versions that continue one another: a vertical line from the first one's parent's row to the last."""

    column: int
    start: int  # the row of the parent that it leaves, or of the base
    rows: tuple[int, ...]  # where its own dots are
    parent_column: int


def lanes(parents: Mapping[str, str], root: str) -> list[Lane]:
    """Lay a tree out like a commit graph: row i is the i-th name of `parents`, preceded by the root as row 0.

    A node's line goes on to the child with the deepest subtree; other children get lanes, short ones near.
    """
    names = [root, *parents]
    row = {name: i for i, name in enumerate(names)}
    children: dict[str, list[str]] = {name: [] for name in names}
    for name, parent in parents.items():
        children[parent].append(name)

    def depth(name: str) -> int:
        return 1 + max((depth(child) for child in children[name]), default=0)

    def run(name: str) -> list[str]:
        return [name, *(run(max(children[name], key=depth)) if children[name] else [])]

    runs = [run(root)]
    for name in names:
        going_on = max(children[name], key=depth, default=None)
        runs += [run(child) for child in children[name] if child != going_on]
    column: dict[str, int] = {}
    taken: list[list[tuple[int, int]]] = []
    by_length = sorted(runs[1:], key=lambda r: row[r[-1]] - row[parents[r[0]]])
    for line in [runs[0], *by_length]:
        first, last = (0 if line[0] == root else row[parents[line[0]]]), row[line[-1]]
        free = [i for i, spans in enumerate(taken) if i and all(last < a or b < first for a, b in spans)]
        at = free[0] if free else len(taken)
        if at == len(taken):
            taken.append([])
        taken[at].append((first, last))
        column |= dict.fromkeys(line, at)
    return [
        Lane(
            column=column[line[0]],
            start=0 if line[0] == root else row[parents[line[0]]],
            rows=tuple(row[name] for name in line),
            parent_column=0 if line[0] == root else column[parents[line[0]]],
        )
        for line in runs
    ]


def width(tree: Sequence[Lane]) -> int:
    """Pixels that the lanes take beside the rows."""
    return LANE * (max(lane.column for lane in tree) + 1)


def tree_row(tree: Sequence[Lane], row: int, kind: str) -> Markup:
    """The piece of the tree beside one row. It stretches with the row's height: lines run to 100 %.

    kind: a CSS class for the dot, such as `built`, `missing` or `root`.
    """
    parts, dots = [], []
    for lane in tree:
        x = _x(lane.column)
        last = lane.rows[-1]
        if row in lane.rows:
            if row > 0:  # every row but the root's is reached from above
                parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="{DOT}"/>')
            if row < last:
                parts.append(f'<line x1="{x}" x2="{x}" y1="{DOT}" y2="100%"/>')
            dots.append(f'<circle class="{kind}" cx="{x}" cy="{DOT}" r="6"/>')
        elif lane.start < row < last:
            parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="100%"/>')
        elif row == lane.start and lane.column != lane.parent_column:
            parts.append(f'<path d="M{_x(lane.parent_column)} {DOT}H{x - 12}Q{x} {DOT} {x} {DOT + 12}"/>')
            parts.append(f'<line x1="{x}" x2="{x}" y1="{DOT + 12}" y2="100%"/>')
    return Markup(f'<svg class="lanes" aria-hidden="true">{"".join(parts + dots)}</svg>')


def _x(column: int) -> int:
    return column * LANE + LANE // 2


def interval(value: float, low: float, high: float, scale: tuple[float, float], verdict: str) -> Markup:
    """A difference and its interval on a common scale, with a line at zero; less is better and stands to the left.

    Args:
        value: the difference, in nats per supervised token on the page.
        low: where the interval begins, in the same unit.
        high: where it ends.
        scale: the least and the greatest end of all intervals of the page; widened to hold zero.
        verdict: improved, worse or unclear: the CSS class that colours it.
    """
    width, left, right = 240, min(scale[0], 0.0), max(scale[1], 0.0)
    span = (right - left) or 1.0

    def x(v: float) -> str:
        return f"{6 + (width - 12) * (v - left) / span:.2f}"

    return Markup(
        f'<svg class="interval {verdict}" viewBox="0 0 {width} 18" aria-hidden="true">'
        f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="18"/>'
        f'<line class="reach" x1="{x(low)}" x2="{x(high)}" y1="9" y2="9"/>'
        f'<circle cx="{x(value)}" cy="9" r="4"/></svg>'
    )


def loss_curve(steps: Sequence[float], losses: Sequence[float], top: float) -> Markup:
    """A loss curve; the axis runs from 0 to `top`, the same for every version that is compared."""
    width, height, foot, left = 260, 130, 18, 24
    last = max(steps[-1], 1.0)
    levels = range(0, int(top) + 1, max(1, ceil(top / 4)))

    def y(loss: float) -> str:
        return f"{6 + (height - foot - 6) * (1 - min(loss, top) / top):.2f}"

    def x(step: float) -> str:
        return f"{left + (width - left - 4) * step / last:.2f}"

    grid = "".join(
        f'<line class="grid" x1="{left}" x2="{width - 4}" y1="{y(v)}" y2="{y(v)}"/>'
        f'<text x="{left - 6}" y="{y(v)}" text-anchor="end" dominant-baseline="central">{v}</text>'
        for v in levels
    )
    points = " ".join(f"{x(step)},{y(loss)}" for step, loss in zip(steps, losses, strict=True))
    return Markup(
        f'<svg class="curve" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="loss from {losses[0]:.2f} to {losses[-1]:.2f} in {int(last)} steps">{grid}'
        f'<polyline points="{points}"/>'
        f'<text x="{left}" y="{height - 2}">0</text>'
        f'<text x="{width - 4}" y="{height - 2}" text-anchor="end">{int(last):,} steps</text></svg>'
    )
