"""Lines of a page → what repeats at its edges, and the order of its columns.

Two columns are read one after the other; a table without rulings also has columns, but of short pieces,
and is read row by row: a label stays with its figures.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from statistics import median

from lineage.pdf.blocks import ENDED, HEADING
from lineage.pdf.text import Line, merge, rows

MOST_GUTTERS = 3  # places that are tried: a table without rulings has dozens
EDGE = 0.12  # of a page's height, top and bottom: where headers and footers stand
PAGE_NUMBER = re.compile(
    r"[-–—<\[(]\s*\d{1,4}(?:\s*/\s*\d{1,4})?\s*[-–—>\])]|\d{1,4}\s*/\s*\d{1,4}|(?:p|page)\.?\s*\d{1,4}|\d{1,4}\s*쪽",
    re.IGNORECASE,
)
# "12 | 시장 동향", "시장 동향 12", "- 12 -", but not the heading "1. 개요"
OUTER_NUMBER = re.compile(r"^[-–\s]*(\d{1,4})(?:\s*[|ㅣ·]\s*|\s+|[-–\s]*$)(?=\D|$)|(?:\s|[|ㅣ·])(\d{1,4})[-–\s]*$")


def furniture(pages: Sequence[tuple[float, Sequence[Line]]]) -> tuple[list[set[int]], list[str]]:
    """What repeats at the edges of pages.

    Args: pages: (height in points, lines) of each page.
    Returns: for each page the indices of its lines that are header, footer or page number, and their texts in
    order of first sight.
    """
    seen: dict[tuple[str, int, str], set[tuple[int, int]]] = defaultdict(set)
    for page, (height, lines) in enumerate(pages):
        for index, line in enumerate(lines):
            if EDGE * height < (line.box[1] + line.box[3]) / 2 < (1 - EDGE) * height:
                continue
            level = round(line.box[1] / 4)
            for text, offset in _readings(line.text, page):
                for near in (
                    level,
                    level + 1,
                ):  # half-steps, so that a hair's difference does not part two pages
                    seen[text, near, offset].add((page, index))
    needed = max(2, math.ceil(0.4 * len(pages)))
    removed: list[set[int]] = [set() for _ in pages]
    for places in seen.values():
        if len({page for page, _ in places}) >= needed:
            for page, index in places:
                removed[page].add(index)
    for page, (height, lines) in enumerate(pages):
        for index, line in enumerate(lines):
            at_edge = not EDGE * height / 2 < (line.box[1] + line.box[3]) / 2 < (1 - EDGE) * height
            if at_edge and PAGE_NUMBER.fullmatch(line.text):
                removed[page].add(index)
    found = [pages[page][1][index].text for page in range(len(pages)) for index in sorted(removed[page])]
    return removed, list(dict.fromkeys(found))


def _readings(text: str, page: int) -> Iterable[tuple[str, str]]:
    """A line as it stands, and without a number that counts pages, by one or (on spreads) by two a page."""
    yield text, ""
    for match in OUTER_NUMBER.finditer(text):
        number = int(match.group(1) or match.group(2))
        rest = (text[: match.start()] + text[match.end() :]).strip()
        yield rest, f"1:{number - page}"
        yield rest, f"2:{number - 2 * page}"


def reading_order(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines as columns in reading order; each column is a list of whole rows from top to bottom."""
    parted = gutter(lines)
    if parted is None:
        return _row_by_row(rows(lines)) if lines else []
    across: list[Line] = []
    beside: list[Line] = []
    for n in lines:
        (across if n.box[0] < parted - 2 and n.box[2] > parted + 2 else beside).append(n)
    across.sort(key=lambda n: n.box[1])
    ordered: list[list[Line]] = []
    for line in [*across, None]:
        limit = line.box[1] if line else math.inf
        band = [n for n in beside if (n.box[1] + n.box[3]) / 2 < limit]
        beside = [n for n in beside if (n.box[1] + n.box[3]) / 2 >= limit]
        for side in ([n for n in band if n.box[2] <= parted + 2], [n for n in band if n.box[2] > parted + 2]):
            ordered += reading_order(side)
        if line and ordered and across.index(line) and not band:
            ordered[-1].append(line)
        elif line:
            ordered.append([line])
    return ordered


def _row_by_row(found: Sequence[list[Line]]) -> list[list[Line]]:
    """Rows as one column, but for short passages in two columns inside it."""
    ordered: list[list[Line]] = [[]]
    at = 0
    while at < len(found):
        end, gutter = _passage(found, at)
        if end > at:
            inside = [line for row in found[at:end] for line in row]
            ordered += [[merge(row) for row in rows(n for n in inside if n.box[2] <= gutter)]]
            ordered += [[merge(row) for row in rows(n for n in inside if n.box[2] > gutter)], []]
            at = end
        else:
            ordered[-1].append(merge(found[at]))
            at += 1
    return [column for column in ordered if column]


def _passage(found: Sequence[list[Line]], start: int) -> tuple[int, float]:
    """Where two columns of prose that begin at row `start` end, and their gutter; else `start`."""
    if len(found[start]) != 2:
        return start, 0.0
    left, right = found[start][0].box[2], found[start][1].box[0]
    end = start
    for row in found[start:]:
        fits_left = max((n.box[2] for n in row if n.box[0] < (left + right) / 2), default=left)
        fits_right = min((n.box[0] for n in row if n.box[0] >= (left + right) / 2), default=right)
        if len(row) > 2 or max(left, fits_left) > min(right, fits_right) - row[0].size / 2:
            break
        left, right = max(left, fits_left), min(right, fits_right)
        end += 1
    while end > start and len(found[end - 1]) == 1 and found[end - 1][0].box[1] > found[end - 2][0].box[3] + 9:
        end -= 1  # what stands alone below both columns comes after them
    inside = [line for row in found[start:end] for line in row]
    sides = ([n for n in inside if n.box[2] <= left + 0.1], [n for n in inside if n.box[0] >= right - 0.1])
    headed = all(HEADING.match(n.text) and not ENDED.search(n.text) for n in found[start])
    return (end, (left + right) / 2) if all(_is_prose(side, headed) for side in sides) else (start, 0.0)


def _is_prose(lines: Sequence[Line], headed: bool) -> bool:
    """Whether lines are running text and no column of a table; less is asked under a heading."""
    text = "".join(n.text for n in lines)
    width = max((n.box[2] for n in lines), default=0) - min((n.box[0] for n in lines), default=0)
    full = sum(n.box[2] - n.box[0] > 0.7 * width for n in lines)
    digits = sum(map(str.isdigit, text))
    if headed:
        return len(lines) >= 2 and digits < 0.5 * len(text)
    return len(lines) >= 3 and full >= 2 and len(text) > 10 * len(lines) and digits < 0.3 * len(text)


def gutter(lines: Sequence[Line], depth: int = 2) -> float | None:
    """Where a text in columns is parted first, or None. Both sides must be filled with running lines.

    Of several places the one that the fewest lines cross is taken, then the one nearest to the middle; a side may
    itself hold columns, so that three uneven ones are parted one after the other.
    """
    if sum([len(n.text) > 10 for n in lines]) < 8:
        return None
    starts, ends = [n.box[0] for n in lines], [n.box[2] for n in lines]
    left, right = min(starts), max(ends)
    step = (right - left) / 100
    if step <= 0:
        return None
    begun, ended = [0] * 102, [0] * 102  # how many lines begin and end in each hundredth of the width
    for x in starts:
        begun[int((x + 2 - left) / step)] += 1
    for x in ends:
        ended[max(int((x - 2 - left) / step), 0) + 1] += 1
    before = list(zip(accumulate(begun), accumulate(ended), strict=True))
    if spread := _fold(lines, left, right, [begins - gone for begins, gone in before[40:61]]):
        return left + spread * step
    last, most = len(lines) - 4, 0.4 * len(lines)
    places = [
        (begins - gone, abs(at - 50), at)
        for at, (begins, gone) in enumerate(before[20:81], 20)
        if gone >= 4 and begins <= last and begins - gone <= most
    ]
    tried: set[tuple[int, int]] = set()
    for _, _, at in sorted(places):
        x = left + at * step
        first = [n for n, end in zip(lines, ends, strict=True) if end <= x + 2]
        second = [n for n, start in zip(lines, starts, strict=True) if start >= x - 2]
        if (len(first), len(second)) in tried or min(len(first), len(second)) < 4:
            continue
        tried.add((len(first), len(second)))
        if _share_height(first, second) and all(
            _is_column(side) or (depth and gutter(side, depth - 1)) for side in (first, second)
        ):
            return x
        if len(tried) == MOST_GUTTERS:
            break
    return None


def _fold(lines: Sequence[Line], left: float, right: float, over: Sequence[int]) -> int | None:
    """Where two pages printed side by side meet, in hundredths of the width: a wide blank band in the middle.

    `over` says how many lines cross each hundredth from the 40th to the 60th.
    """
    blank = [at for at, crossed in enumerate(over, 40) if crossed == 0]
    if len(blank) < 4 or blank[-1] - blank[0] >= len(blank):
        return None
    wide = right - left
    if wide < 1.2 * (max(n.box[3] for n in lines) - min(n.box[1] for n in lines)):
        return None
    fold = blank[len(blank) // 2]
    middle = left + wide * fold / 100
    long = [n.box[0] < middle for n in lines if len(n.text) > 20]
    return fold if 2 <= sum(long) <= len(long) - 2 else None  # both sides hold running text, so it is no table


def _is_column(lines: Sequence[Line]) -> bool:
    """Whether lines fill a column: most of them its width, or at least some with running text."""
    width = max([n.box[2] for n in lines]) - min([n.box[0] for n in lines])
    size = median([n.size for n in lines])
    wide = [n for n in lines if n.box[2] - n.box[0] > 0.5 * width]
    long = sum([n.box[2] - n.box[0] > 0.8 * width and len(n.text) > 20 for n in wide])
    return width > 9 * size and (2 * len(wide) > len(lines) or long >= 5)


def _share_height(first: Sequence[Line], second: Sequence[Line]) -> bool:
    top, bottom = min([n.box[1] for n in first]), max([n.box[3] for n in first])
    other_top, other_bottom = min([n.box[1] for n in second]), max([n.box[3] for n in second])
    shared = min(bottom, other_bottom) - max(top, other_top)
    return shared > 0.4 * min(bottom - top, other_bottom - other_top)
