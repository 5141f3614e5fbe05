"""What stands in a cell box, as words on levels: what a table that is ruled only in part is taken apart by."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from lineage.pdf.number_check import is_value
from lineage.pdf.text import GAP, Box, Line, Run, around, part, rows, to_line, word_ends

APART = 0.5  # of the font size: what stands further apart is not read as one text
FIGURED = frozenset("0123456789%")  # ends of figures that are no numbers of a list
ROWS = 3  # of figures under each other, at least
MOST = 60  # slots: more would take long
OFF = 0.35  # of a slot's width: what is further off does not stand in its middle
SIGNS = frozenset("△▵∆▲▽▼−–-+±")
TRIANGLES = SIGNS - frozenset("−–-+±")  # never a value by themselves
FAR = 8.0  # of the font size: sheets set a sign at the left side of a cell and its figure at the right
UNFINISHED = (".", "/", "~", "∼", "～", ",", ":")  # 2024. 1. 15
DASHES = frozenset("−–-")
THIN = 0.35  # of the font size: the space between thousands
THOUSANDS, THOUSAND = re.compile(r"[△▵∆▲▼▽+(−–-]*\s?[1-9]\d{0,2}(?: \d{3})*"), re.compile(r"\d{3}(?:\.\d+)?[)%]*")
Piece = tuple[Run | None, Line]  # a line with its glyphs, if it may be taken apart
Span = tuple[float, float]
Level = list[Line]  # words that stand beside each other, from left to right


@dataclass(frozen=True)
class Field:
    """A box of a table and what stands in it: its lines as they are drawn, with their glyphs where these are known.

    `levels` are its words by level, `given` or, as that takes its time, made of the glyphs when they are asked for.
    """

    box: Box
    pieces: Sequence[Piece]
    given: list[Level] | None = None

    @cached_property
    def lines(self) -> list[Line]:
        """The lines in the order in which they are drawn."""
        return [line for _, line in self.pieces]

    @cached_property
    def levels(self) -> list[Level]:
        """The words, level by level from the top, and from left to right."""
        return levels(self.pieces) if self.given is None else self.given

    @cached_property
    def figured(self) -> int:
        """How many lines end in a figure."""
        return sum(is_value(line.text.rpartition(" ")[2]) for line in self.lines)

    @property
    def doubtful(self) -> bool:
        """Whether rows or columns of figures can stand in it, as far as its lines show that at a glance."""
        several = len(self.lines) > 1 or any(" " in line.text for line in self.lines)
        return several and self.figured > 0 and self.figured >= 0.3 * len(self.lines)


def worded(box: Box, found: list[Level]) -> Field:
    """A box with words that stood in another before."""
    return Field(box, [(None, put(level)) for level in found], found)


def cut(item: Field, ends: Sequence[float], rows: Sequence[float]) -> list[Field]:
    """A box cut at heights; one with a single text that is beside none of the rows stays whole and reaches over all.

    Args: item: the box; ends: where to cut, in points from the top; rows: the heights of the rows beside it.
    """
    if not ends or not item.levels:
        return [item]
    first = item.levels[0][0]
    if len(item.levels) == 1 and not any(abs(middle(first) - at) < 0.35 * first.size for at in rows):
        return [item]
    x0, y0, x1, y1 = item.box
    return [
        Field(
            (x0, top, x1, bottom),
            [(run, line) for run, line in item.pieces if top <= middle(line) < bottom],
            [level for level in item.levels if top <= middle(level[0]) < bottom],
        )
        for top, bottom in pairwise([y0, *ends, y1])
    ]


def levels(pieces: Iterable[Piece]) -> list[Level]:
    """The words of a box by level, top to bottom; a figure is one word with its sign and its bracket."""
    return [_whole(level) for level in rows(word for piece in pieces for word in _words(*piece))]


def _words(run: Run | None, line: Line) -> list[Line]:
    if run is None or " " not in line.text:
        return [line]
    made = [word for first, end in word_ends(run) if (word := to_line(part(run, first, end)))]
    return [word._replace(spaced=True) for word in made[:-1]] + made[-1:]


def _whole(level: Level) -> Level:
    made: Level = []
    for word in level:
        if made and _belongs(made[-1], word):
            made[-1] = put([made[-1], word])
        else:
            made.append(word)
    return made


def put(level: Sequence[Line]) -> Line:
    """Words of a level as one line."""
    text = level[0].text
    for left, right in pairwise(level):
        text += (" " if left.spaced or gap(left, right) >= GAP else "") + right.text
    longest = max(level, key=lambda word: len(word.text))
    return Line(text, around(w.box for w in level), longest.size, all(w.bold for w in level), level[-1].spaced)


def middle(line: Line) -> float:
    """The height of a line's middle on the page, in points from the top."""
    return (line.box[1] + line.box[3]) / 2


def centre(word: Line) -> float:
    """Where the middle of a text stands, in points from the left of the page."""
    return (word.box[0] + word.box[2]) / 2


def _belongs(left: Line, right: Line) -> bool:
    """Whether two words are one figure: a sign and its figure, a figure and what is in brackets beside it, a date."""
    room = gap(left, right)
    if left.text in SIGNS:
        most = FAR if left.text in TRIANGLES else APART if left.text in DASHES else 1.5
        return room < most and right.text[0].isdigit()
    if left.spaced and room < THIN and THOUSANDS.fullmatch(left.text) and THOUSAND.fullmatch(right.text):
        return True
    if room > APART or not is_value(left.text):
        return False
    if left.text.endswith(UNFINISHED) and right.text[0].isdigit():
        return True
    return right.text[0] in "([" and is_value(right.text)


def gap(left: Line, right: Line) -> float:
    """What is free between two words of a level, as a share of the font size."""
    return (right.box[0] - left.box[2]) / (min(left.size, right.size) or 1.0)


def phrases(level: Sequence[Line]) -> list[Line]:
    """The words of a level put together where they are one text: what is named by figures stays apart."""
    made: list[list[Line]] = []
    for word in level:
        named = made and any(c.isdigit() for c in made[-1][-1].text) and any(c.isdigit() for c in word.text)
        if made and gap(made[-1][-1], word) < APART and not named:
            made[-1].append(word)
        else:
            made.append([word])
    return [put(group) for group in made]


def figures(level: Sequence[Line]) -> list[Line]:
    """The words of a level that are figures by themselves, and no part of the text beside them."""
    last = len(level) - 1
    return [
        word
        for n, word in enumerate(level)
        if is_value(word.text)
        and (n == 0 or is_value(level[n - 1].text) or gap(level[n - 1], word) >= APART)
        and (n == last or is_value(level[n + 1].text) or gap(word, level[n + 1]) >= APART)
    ]


def unparted(item: Field) -> int:
    """How many figures stand in a cell as rows or columns that were not parted; 0 for prose and for single figures."""
    if not item.doubtful:
        return _between_texts(item)
    rows = [row for level in item.levels if (row := columnar(level))]
    under = [row for row in rows[1:] if not all(word.text[0] in "([" for word in row)]
    if not (under or any(map(_is_row, rows))) or len(rows) < 0.6 * len(item.levels):
        return _between_texts(item)
    return sum(map(len, rows))


def _between_texts(item: Field) -> int:
    """How many figures stand under each other among texts, clearly apart from these, as in columns beside remarks."""
    if len(item.lines) < ROWS or not any(c.isdigit() for line in item.lines for c in line.text):
        return 0
    apart = [found for level in item.levels if len(level) > 1 and (found := _far(level))]
    words = [word for found in apart for word in found]
    ends = [sum(abs(word.box[2] - other.box[2]) <= 0.5 * word.size for other in words) for word in words[:MOST]]
    return len(words) if max(ends, default=0) >= max(ROWS, 0.4 * len(words)) else 0


def _far(level: Level) -> list[Line]:
    """The figures of a level that have more room at their sides than words of a text."""
    rooms = [FAR, *(gap(a, b) for a, b in pairwise(level)), FAR]
    return [
        word
        for word, before, after in zip(level, rooms, rooms[1:], strict=False)
        if word.text[-1] in FIGURED and before >= 2 * APART and after >= 1.5 * APART and is_value(word.text)
    ]


def _is_row(row: Level) -> bool:
    """Whether the figures of a level are several, and not one with what is in brackets beside it."""
    return len(row) > 2 or (len(row) == 2 and row[1].text[0] not in "([" and gap(*row) >= 2 * APART)


def columnar(level: Level) -> list[Line]:
    """The figures of a level, if they stand apart from the text at their sides, as in columns, or alone."""
    found = figures(level)
    if len(found) == len(level):
        return found
    alone = {id(word) for word in found}
    near = any(gap(a, b) < 2 * APART for a, b in pairwise(level) if (id(a) in alone) != (id(b) in alone))
    return [] if near else found


def spread(found: Sequence[Level]) -> str:
    """The text of a cell that was not parted: a line a level, and ` | ` between what stands apart."""
    lines = []
    for level in found:
        text = level[0].text
        for left, right in pairwise(level):
            apart = gap(left, right) >= APART or (is_value(left.text) and is_value(right.text))
            text += (" | " if apart else " ") + right.text
        lines.append(text)
    return "\n".join(lines)


def tile(slots: Sequence[Span], marks: Sequence[float], every: bool = False) -> list[tuple[int, int]] | None:
    """Which neighbouring slots each mark stands in the middle of: how a year is set over its quarters.

    Args:
        slots: the extents of columns (or rows), in points, in order.
        marks: the middles of the texts over (or beside) them, in order.
        every: whether no slot may be left out.

    Returns: (first, last) slot of each mark, leaving out as few slots as can be; None where a mark is in the middle
    of none.
    """
    if max(len(slots), len(marks)) > MOST:
        return None
    best: dict[int, tuple[float, list[tuple[int, int]]]] = {0: (0.0, [])}  # by the number of slots that are behind
    for mark in marks:
        reached: dict[int, tuple[float, list[tuple[int, int]]]] = {}
        for behind, (cost, taken) in best.items():
            for first in range(behind, min(behind + 1, len(slots)) if every else len(slots)):
                for last in range(first, len(slots)):
                    a, b = slots[first], slots[last]
                    off = abs((a[0] + b[1]) / 2 - mark) / min(a[1] - a[0], b[1] - b[0])
                    total = cost + off + first - behind
                    if off <= OFF and (last + 1 not in reached or total < reached[last + 1][0]):
                        reached[last + 1] = total, [*taken, (first, last)]
        best = reached
    ends = [(cost + len(slots) - behind, taken) for behind, (cost, taken) in best.items()]
    return min((end for end in ends if not every or end[1][-1][1] == len(slots) - 1), default=(0.0, None))[1]
