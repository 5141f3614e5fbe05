"""Tables with rules across but none down, as in journals: a rule above and below the header, one at the end.

Rules of one width lie under each other for many reasons, such as above and below a page. What stands between two of
them is a part of a table only where most of its levels are a label with figures that stand apart.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf

from lineage.pdf.number_check import is_value
from lineage.pdf.table_words import Field, Piece, columnar, middle
from lineage.pdf.text import Box

LEVELS, HEADER = 3, 4  # levels of figures of a table, at least; levels of a header, at most


def between_rules(stack: Sequence[Box], pieces: Sequence[Piece]) -> list[list[Box]]:
    """The runs of boxes that hold a table, each with the box of its header.

    Args:
        stack: boxes between rules of one width, top to bottom.
        pieces: the lines of the page.
    """
    x0, top, x1, bottom = stack[0][0], stack[0][1], stack[0][2], stack[-1][3]
    near = [
        (run, line) for run, line in pieces if top < middle(line) < bottom and line.box[2] > x0 and line.box[0] < x1
    ]
    if sum(any(map(str.isdigit, line.text)) for _, line in near) < LEVELS or _is_struck(stack, near):
        return []
    fields = [Field(box, [(r, n) for r, n in near if box[1] < middle(n) <= box[3]]) for box in stack]
    rows, starts = zip(*map(_rows, fields), strict=True)
    first = min(starts)
    named = [bool(item.lines) and all(line.box[2] < first for line in item.lines) for item in fields]
    found: list[list[Box]] = []
    start = 0
    while start < len(stack):
        end = start
        while end < len(stack) and (rows[end] or (end > start and named[end])):
            end += 1
        if sum(rows[start:end]) >= LEVELS:
            header = _header(fields, named, start, first)
            found.append(list(stack[start if header is None else header : end]))
        start = max(end, start + 1)
    return found


def _header(fields: Sequence[Field], named: Sequence[bool], start: int, first: float) -> int | None:
    """The box of the header over a table; headings of groups may stand between it and the first figures.

    Args: fields: all boxes; named: of each, whether it holds labels alone; start: of the table; first: where figures
    begin, in points from the left.
    """
    at = start - 1
    while at > 0 and named[at] and len(fields[at].levels) == 1:
        at -= 1
    heads = at >= 0 and any(line.box[2] > first for line in fields[at].lines)
    at = at if heads else start - 1
    return at if at >= 0 and 0 < len(fields[at].levels) <= HEADER else None


def _is_struck(stack: Sequence[Box], pieces: Sequence[Piece]) -> bool:
    """Whether a rule goes through the middle of a text, as the grid of a chart does."""
    rules = [box[1] for box in stack[1:]]
    return any(abs(middle(line) - y) < 0.15 * line.size for _, line in pieces for y in rules)


def _rows(item: Field) -> tuple[int, float]:
    """How many levels are a label with figures, or figures alone, and where figures begin, in points from the left.

    None (0, inf) where they are not most of a box.
    """
    rows = [(level, columnar(level)) for level in item.levels] if item.doubtful else []
    first = min((last[0].box[0] for _, last in rows if last), default=inf)
    plain = sum(any(word.text[0] not in "([" for word in last) for _, last in rows)
    labels = sum(level[0].box[0] < first and not is_value(level[0].text) for level, _ in rows)
    others = sum(not last and level[-1].box[2] > first for level, last in rows)
    return (plain, first) if plain and labels >= 0.5 * plain and plain >= 1.5 * others else (0, inf)


def is_tabular(fields: Sequence[Field]) -> bool:
    """Whether boxes that were parted have figures in at least two columns."""
    columns = {
        item.box[0]
        for item in fields
        if item.levels and all(len(level) == 1 and is_value(level[0].text) for level in item.levels)
    }
    return len(columns) > 1


def stacks(edges: Sequence[tuple[float, float, float]], most: float) -> list[list[Box]]:
    """Boxes between rules that lie under each other and are equally wide.

    Args:
        edges: of rules, each with its level and its ends at the left and right, in points.
        most: how far the ends of rules may be apart, in points.
    """
    groups: list[list[tuple[float, float, float]]] = []
    for y, x0, x1 in sorted(edges):
        for group in groups:
            if abs(group[0][1] - x0) <= most and abs(group[0][2] - x1) <= most:
                group.append((y, x0, x1))
                break
        else:
            groups.append([(y, x0, x1)])
    found = [
        [(min(n[1] for n in g) - 2, a[0], max(n[2] for n in g) + 2, b[0]) for a, b in pairwise(g) if b[0] - a[0] > 5.5]
        for g in groups
    ]
    return [stack for stack in found if stack]  # a double rule has nothing between its lines
