"""Lines in reading order → blocks with a kind: headings, paragraphs, lists, captions and notes."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from lineage.pdf.cell_kinds import kind
from lineage.pdf.line_joins import join_wrapped
from lineage.pdf.text import Box, Line, around
from lineage.pdf.wide_gaps import LEADER

CAPTION = re.compile(
    r"[<\[〈【(]?\s*(?:표|그림|도표|도|Table|Figure|Fig\.)\s*[ⅠⅡⅢⅣⅤIVX\d][\d.\-–]*|\(\s*단위\s*[:：]", re.I
)
NOTE = re.compile(r"(?:※|주\s*\d*\s*[):：]|자료\s*[:：]|출처\s*[:：]|\*{1,3}\s*(?=[^\s*]))")
FOOTNOTE = re.compile(r"(?:\d{1,3}\)|\*+|†|‡|[주註]\s*\d*\))\s*\S")  # where it is smaller than the body
BULLET = re.compile(
    r"(?:[○●◦•▣∙·‧▪■□◆◇▶►▷▸▹‣▫❏❑❍➢➤✓✔\uf000-\uf0ff\U000f02b1-\U000f0fff]|[-–—oㅇO]\s|[①-⑮]|[㉠-㉭]|\(?\d{1,2}[.)]\s|\(?[가-하][.)]\s)"
)
CHAPTER = re.compile(
    r"제\s*\d+\s*[편장절관](?=\s|$)|[ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]+\s*[.．]?\s|[IVX]{1,4}\.\s|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+\D"
)
BEGINS = re.compile(rf"(?i:{CAPTION.pattern})|{NOTE.pattern}|{BULLET.pattern}|{CHAPTER.pattern}")  # a block of its own
HEADING = re.compile(rf"(?:{CHAPTER.pattern}|제\s*\d+\s*조|\d{{1,2}}\.?\s+\D|[가-하]\.\s)")
ENDED = re.compile(r"[.!?。][\"'”’)」』]*$")
APART = 2.0  # of the font size: no justified line leaves that much between two words
FIGURE_LAST = re.compile(r"(?:^| )(?:[△▲▽▼(\[−–-]{0,2} ?\d[\d.,]*[%)\]]{0,2}|[-–−])$")  # how rows of figures end
BARE = re.compile(r"[(△▲▽▼+−–'’‘-]*\d[\d.,]*[%)]*(?: [(△▲▽▼+−–'’‘-]*\d[\d.,]*[%)]*)*")  # figures and nothing else


class Block(NamedTuple):
    """A piece of the page as the reader meets it. `text` is empty for a table, `table` is None for text."""

    kind: str
    box: Box
    text: str
    table: Any = None
    size: float = 0.0


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
    if BEGINS.match(line.text) or _parts_rows(group, line, right):
        return True
    if CAPTION.match(group[0].text) or (CHAPTER.match(last.text) and right - last.box[2] > 1.5 * last.size):
        return True
    room = right - last.box[2]
    if ENDED.search(last.text) and room > 2 * last.size:
        return True
    return bool(ENDED.search(last.text)) and line.box[0] - min(n.box[0] for n in group) > 0.8 * line.size


def _parts_rows(group: Sequence[Line], line: Line, right: float) -> bool:
    """Whether one of two lines is a row of a table or of a chart's labels, which goes on in no other line."""
    last = group[-1]
    if LEADER.search(last.text) or _ends_in_column(last) or _ends_in_column(line):
        return True
    if last.holes and line.holes and abs(last.holes[-1][1] - line.holes[-1][1]) < 0.5 * line.size:
        return min(_longest(last), _longest(line)) < 12
    if last.blank > APART and line.box[0] > last.holes[-1][1] - line.size:
        return False  # a text beside a label, wrapped
    if _is_row(last) or _is_row(line):
        return True
    bare = BARE.fullmatch(last.text) or BARE.fullmatch(line.text)
    if not bare and not FIGURE_LAST.search(last.text):
        return False
    room = 0.0 if any(_are_flush(last, other) for other in (*group[-2:-1], line)) else right - last.box[2]
    if bare:
        return room > 2 * last.size or len(last.text) < 10 or bool(ENDED.search(last.text))
    first = line.text.split(" ", 1)[0]
    wide = sum(1.0 if c >= "\u1100" else 0.55 for c in first) * line.size
    return room > wide + 0.5 * line.size  # it was not broken for want of room


def _are_flush(last: Line, other: Line) -> bool:
    """Whether two long lines end on one edge: the text is set narrower than others of its column."""
    return abs(last.box[2] - other.box[2]) < 0.5 * last.size and last.box[2] - last.box[0] > 15 * last.size


def _ends_in_column(line: Line) -> bool:
    """Whether a line ends in a figure that stands apart from what is left of it."""
    if not line.holes:
        return False
    last = line.text.rsplit(" ", 1)[-1]
    start, end = line.parts[-1]
    return bool(kind(last)) and end - start < (0.8 * len(last) + 0.6) * line.size


def _is_row(line: Line) -> bool:
    """Whether a line is pieces that stand apart; one of prose may have a hole, for a picture or a name."""
    return line.blank > APART and (_longest(line) < 10 or bool(FIGURE_LAST.search(line.text)))


def _longest(line: Line) -> float:
    """How wide the widest part of a line is, in font sizes."""
    return max(b - a for a, b in line.parts) / (line.size or 1.0)


def _kind(lines: Sequence[Line], body: float) -> str:
    text = lines[0].text
    if FOOTNOTE.match(text) and lines[0].size < 0.93 * body:
        return "note"
    if CAPTION.match(text) and len(lines) <= 2:
        return "caption"
    if NOTE.match(text):
        return "note"
    whole = sum(len(n.text) for n in lines)
    sentence = bool(ENDED.search(lines[-1].text)) or bool(re.search(r"[다음함임]\.?$", lines[-1].text) and whole > 30)
    has_word = bool(re.search(r"[가-힣A-Za-z一-鿿]{2}", text.replace(" ", "")))
    if len(lines) <= 4 and lines[0].size >= 1.15 * body and whole <= 80 and has_word and not sentence:
        return "heading"
    row = lines[0].blank > APART or bool(LEADER.search(text))
    if len(lines) <= 2 and whole <= 80 and has_word and not sentence and not row:
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
    return Block(_kind(lines, body), around(n.box for n in lines), text, None, lines[0].size)
