"""Minus signs that sheets set at the left side of a cell, with their figures at the right.

A dash that stands alone also says that there is no figure. Dashes are signs only where they have no column of their
own: between the column before and the figures' right end stands one name at most, and nothing but dashes and wide
figures stands where they do.
"""

from collections.abc import Sequence
from itertools import pairwise

from lineage.pdf.number_check import is_value
from lineage.pdf.table_words import APART, DASHES, FAR, Field, Level, centre, gap, phrases, put
from lineage.pdf.text import Line, rows

Pair = tuple[Line, Line]  # a dash and the figure at its right


def signed(fields: Sequence[Field]) -> list[Field]:
    """Boxes of a table in which a minus sign and its figure are one word."""
    dashed = [item for item in fields if any(not DASHES.isdisjoint(line.text) for line in item.lines)]
    if not any(_pair(level) for item in dashed for level in item.levels):
        return list(fields)
    signs = _signs(rows(word for item in fields for level in item.levels for word in level))
    return [
        Field(item.box, item.pieces, [_joined(level, signs) for level in item.levels])
        if any(word in signs for level in item.levels for word in level)
        else item
        for item in fields
    ]


def signed_rows(found: Sequence[list[Line]]) -> list[list[Line]]:
    """Rows of pieces in which a minus sign and its figure are one piece."""
    signs = _signs(found) if any(map(_pair, found)) else set()
    return [_joined(row, signs) for row in found] if signs else list(found)


def _pair(level: Level) -> list[Pair]:
    return [
        (sign, figure)
        for sign, figure in pairwise(level)
        if sign.text in DASHES and figure.text[0].isdigit() and is_value(figure.text)
        if APART < gap(sign, figure) < FAR
    ]


def _joined(level: Level, signs: set[Line]) -> Level:
    made: Level = []
    for word in level:
        if made and made[-1] in signs:
            made[-1] = put([made[-1], word])._replace(holes=())
        else:
            made.append(word)
    return made


def _signs(found: Sequence[Level]) -> set[Line]:
    """The dashes of a table that are signs of the figures at their right."""
    groups: list[list[Pair]] = []
    for pair in sorted((pair for level in found for pair in _pair(level)), key=lambda pair: pair[0].box[0]):
        if groups and pair[0].box[0] - groups[-1][0][0].box[0] <= 0.5 * pair[0].size:
            groups[-1].append(pair)
        else:
            groups.append([pair])
    sure = [group for group in groups if _are_signs(group, found, False)]
    first = [group for group in groups if sure and group not in sure and _are_signs(group, found, True)]
    return {sign for group in [*sure, *first] for sign, _ in group}


def _are_signs(group: Sequence[Pair], found: Sequence[Level], first: bool) -> bool:
    """Whether the dashes under each other are signs, and no column.

    `first` asks for the first column of a table with signs in others: the name of the labels may stand near it.
    """
    size = group[0][0].size
    right = max(figure.box[2] for _, figure in group)
    x0, x1 = min(sign.box[0] for sign, _ in group), max(sign.box[2] for sign, _ in group)
    if any(abs(figure.box[2] - right) > 0.5 * size for _, figure in group):
        return False
    data = [level for level in found if any(_ends_at(word, right) for word in level)]
    if len(data) <= len(group):
        return False  # no figure of the column is above zero: the dashes may be a column
    own = {sign for sign, _ in group}
    beside = [word for level in found if len(level) > 1 for word in level]  # no title over the table
    if any(word.box[0] < x1 and x0 < word.box[2] and word not in own and not _ends_at(word, right) for word in beside):
        return False
    left = max((word.box[2] for level in data for word in level if word.box[2] <= x0), default=0.0)
    names = [sum(left < centre(name) < right for name in phrases(level)) for level in found if level not in data]
    named = any(is_value(word.text) for level in data for word in level if word.box[2] <= x0)
    return bool(names) and (max(names) == 1 or (first and max(names) == 2 and not named))


def _ends_at(word: Line, right: float) -> bool:
    return abs(word.box[2] - right) <= 0.5 * word.size and is_value(word.text)
