"""Lines of a page → what repeats at its edges, the order of its columns, and blocks with a kind.

Two columns are read one after the other; a table without rulings also has columns, but of short pieces,
and is read row by row: a label stays with its figures.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from stages.pdf.text import Box, Line, join_wrapped, merge, rows

EDGE = 0.12  # of a page's height, top and bottom: where headers and footers stand
PAGE_NUMBER = re.compile(
    r"[-–—<\[(]\s*\d{1,4}(?:\s*/\s*\d{1,4})?\s*[-–—>\])]|\d{1,4}\s*/\s*\d{1,4}|(?:p|page)\.?\s*\d{1,4}|\d{1,4}\s*쪽",
    re.IGNORECASE,
)
# "12 | 시장 동향", "시장 동향 12", "- 12 -", but not the heading "1. 개요"
OUTER_NUMBER = re.compile(r"^[-–\s]*(\d{1,4})(?:\s*[|ㅣ·]\s*|\s+|[-–\s]*$)(?=\D|$)|(?:\s|[|ㅣ·])(\d{1,4})[-–\s]*$")
CAPTION = re.compile(
    r"[<\[〈【(]?\s*(?:표|그림|도표|도|Table|Figure|Fig\.)\s*[ⅠⅡⅢⅣⅤIVX\d][\d.\-–]*|\(\s*단위\s*[:：]", re.I
)
NOTE = re.compile(r"(?:※|주\s*\d*\s*[):：]|자료\s*[:：]|출처\s*[:：]|\*{1,3}\s*(?=[^\s*])|\d{1,2}\)\s)")
BULLET = re.compile(
    r"(?:[○●◦•▣∙·‧▪■□◆◇▶►▷❏❑❍➢✓✔\uf000-\uf0ff\U000f02b1-\U000f0fff]|[-–—oㅇO]\s|[①-⑮]|[㉠-㉭]|\(?\d{1,2}[.)]\s|\(?[가-하][.)]\s)"
)
CHAPTER = re.compile(
    r"제\s*\d+\s*[편장절관](?=\s|$)|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+\s*[.．]?\s|[IVX]{1,4}\.\s|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+\D"
)
HEADING = re.compile(rf"(?:{CHAPTER.pattern}|제\s*\d+\s*조|\d{{1,2}}\.?\s+\D|[가-하]\.\s)")
ENDED = re.compile(r"[.!?。][\"'”’)」』]*$")


class Block(NamedTuple):
    """A piece of the page as the reader meets it. `lines` is empty for a table, `table` is None for text."""

    kind: str
    box: Box
    text: str
    table: Any = None
    size: float = 0.0


def furniture(pages: Sequence[tuple[float, Sequence[Line]]]) -> tuple[list[set[int]], list[str]]:
    """What repeats at the edges of pages.

    Args: pages: (height in points, lines) of each page.
    Returns: for each page the indices of its lines that are header, footer or page number, and their texts in
    order of first sight.
    """
    seen: dict[tuple[str, int, int | None], set[tuple[int, int]]] = defaultdict(set)
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


def _readings(text: str, page: int) -> Iterable[tuple[str, int | None]]:
    """A line as it stands, and without a number that counts pages: (rest, number − page)."""
    yield text, None
    for match in OUTER_NUMBER.finditer(text):
        number = int(match.group(1) or match.group(2))
        yield (text[: match.start()] + text[match.end() :]).strip(), number - page


def reading_order(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines as columns in reading order; each column is a list of whole rows from top to bottom."""
    gutter = _gutter(lines)
    if gutter is None:
        return _row_by_row(rows(lines)) if lines else []
    across = sorted((n for n in lines if n.box[0] < gutter - 2 and n.box[2] > gutter + 2), key=lambda n: n.box[1])
    beside = [n for n in lines if n not in across]
    ordered: list[list[Line]] = []
    for line in [*across, None]:
        limit = line.box[1] if line else math.inf
        band = [n for n in beside if (n.box[1] + n.box[3]) / 2 < limit]
        beside = [n for n in beside if (n.box[1] + n.box[3]) / 2 >= limit]
        for side in ([n for n in band if n.box[2] <= gutter + 2], [n for n in band if n.box[2] > gutter + 2]):
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


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where a text in two columns is parted, or None. Both sides must be filled with running lines."""
    if len(lines) < 8:
        return None
    left, right = min(n.box[0] for n in lines), max(n.box[2] for n in lines)
    best: tuple[int, float, float] | None = None
    for step in range(26, 75):
        x = left + (right - left) * step / 100
        first = [n for n in lines if n.box[2] <= x + 2]
        second = [n for n in lines if n.box[0] >= x - 2]
        crossing = len(lines) - len(first) - len(second)
        if min(len(first), len(second)) < 4 or crossing > 0.4 * len(lines):
            continue
        if not (_is_column(first) and _is_column(second) and _share_height(first, second)):
            continue
        off_centre = abs(step - 50)
        if best is None or (crossing, off_centre) < best[:2]:
            best = (crossing, off_centre, x)
    return best[2] if best else None


def _is_column(lines: Sequence[Line]) -> bool:
    width = max(n.box[2] for n in lines) - min(n.box[0] for n in lines)
    return width > 9 * lines[0].size and median(n.box[2] - n.box[0] for n in lines) > 0.5 * width


def _share_height(first: Sequence[Line], second: Sequence[Line]) -> bool:
    a, b = (
        (min(n.box[1] for n in first), max(n.box[3] for n in first)),
        (min(n.box[1] for n in second), max(n.box[3] for n in second)),
    )
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared > 0.4 * min(a[1] - a[0], b[1] - b[0])


def body_size(lines: Iterable[Line]) -> float:
    """The font size, in points, that most letters have."""
    count: Counter[float] = Counter()
    for line in lines:
        count[round(line.size * 2) / 2] += len(line.text)
    return min(count, key=lambda size: (-count[size], size)) if count else 10.0


def to_blocks(columns: Sequence[Sequence[Line]], body: float) -> list[Block]:
    """Rows of each column joined to headings, paragraphs, lists, captions and notes."""
    blocks = []
    for column in columns:
        right = max((line.box[2] for line in column), default=0.0)
        gaps = sorted(b.box[1] - a.box[3] for a, b in pairwise(column) if 0 < b.box[1] - a.box[3] < 2 * a.size)
        leading = gaps[len(gaps) // 3] if gaps else 0.0  # between the lines of a paragraph, in points
        group: list[Line] = []
        for line in column:
            if group and _starts(group, line, right, leading):
                blocks.append(_block(group, right, body))
                group = []
            group.append(line)
        if group:
            blocks.append(_block(group, right, body))
    return blocks


def _starts(group: Sequence[Line], line: Line, right: float, leading: float) -> bool:
    """Whether a line begins a block of its own."""
    last = group[-1]
    gap = line.box[1] - last.box[3]
    if gap > leading + 0.45 * min(line.size, last.size) or gap < -2 * line.size:
        return True
    if abs(line.size - last.size) > 0.12 * last.size or line.bold != last.bold:
        return True
    if any(mark.match(line.text) for mark in (CAPTION, NOTE, BULLET, CHAPTER)):
        return True
    if CAPTION.match(group[0].text) or (CHAPTER.match(last.text) and right - last.box[2] > 1.5 * last.size):
        return True
    room = right - last.box[2]
    if ENDED.search(last.text) and room > 2 * last.size:
        return True
    return bool(ENDED.search(last.text)) and line.box[0] - min(n.box[0] for n in group) > 0.8 * line.size


def _kind(lines: Sequence[Line], body: float) -> str:
    text = lines[0].text
    if CAPTION.match(text) and len(lines) <= 2:
        return "caption"
    if NOTE.match(text):
        return "note"
    whole = sum(len(n.text) for n in lines)
    sentence = bool(ENDED.search(lines[-1].text)) or bool(re.search(r"[다음함임]\.?$", lines[-1].text) and whole > 30)
    has_word = bool(re.search(r"[가-힣A-Za-z一-鿿]{2}", text.replace(" ", "")))
    if len(lines) <= 4 and lines[0].size >= 1.15 * body and whole <= 80 and has_word and not sentence:
        return "heading"
    if len(lines) <= 2 and whole <= 80 and has_word and not sentence:
        if lines[0].bold and whole <= 50 and lines[0].size > 0.95 * body:
            return "heading"
        if HEADING.match(text) and whole <= 40 and len(lines) == 1:
            return "heading"
    return "list" if BULLET.match(text) else "paragraph"


def _block(lines: Sequence[Line], right: float, body: float) -> Block:
    text, last = "", None
    for line in lines:
        room = right - last.box[2] if last else 0.0
        text = join_wrapped(text, line.text, room, line.size, bool(last and last.spaced))
        last = line
    boxes = [n.box for n in lines]
    box = (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )
    return Block(_kind(lines, body), box, text, None, lines[0].size)
