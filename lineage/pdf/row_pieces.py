"""The rows of a table without rulings as pieces: lines cut where columns part, and signs put before their figures."""

import re

from lineage.pdf.cell_kinds import kind
from lineage.pdf.number_check import is_figure
from lineage.pdf.table_words import FAR
from lineage.pdf.text import GAP, Line, Run, merge, part, to_line, word_ends
from lineage.pdf.wide_gaps import FREE, LEADER

LETTERS = re.compile(r"[가-힣](?: [가-힣])*")  # 합    계
DASHES = frozenset("−-")
SIGNS = frozenset("△▲▽▼") | DASHES
Piece = tuple[Run | None, Line]


def apart(run: Run | None, line: Line) -> list[Piece]:
    """A line cut where more than a letter's width is left free or filled with dots: what stands in two columns."""
    if run is None or not (line.holes or LEADER.search(line.text)):
        return [(run, line)]
    parts: list[tuple[int, int]] = []
    last: float | None = None  # where what stands before ends, if no leader does
    for word in word_ends(run):
        for first, end in _without_leaders(run.text, *word):
            if first == end:
                last = None
                continue
            if last is None or run.boxes[first][0] - last >= FREE * run.sizes[first]:
                parts.append((first, end))
            else:
                parts[-1] = (parts[-1][0], end)
            last = max(box[2] for c, box in zip(run.text[first:end], run.boxes[first:end], strict=True) if c != " ")
    made = [(piece, to_line(piece)) for piece in (part(run, first, end) for first, end in parts)]
    found: list[Piece] = [(piece, text) for piece, text in made if text]
    return found if len(found) > 1 else [(run, line)]


def _without_leaders(text: str, first: int, end: int) -> list[tuple[int, int]]:
    """The parts of a word beside its leader dots, from `first` up to `end` of the text, with an empty one for dots."""
    made: list[tuple[int, int]] = []
    at = first
    for match in LEADER.finditer(text, first, end):
        if match.start() > at:
            made.append((at, match.start()))
        at = match.end()
        made.append((at, at))
    return [*made, (at, end)] if text[at:end].strip(" ") else made


def pieced(row: list[Line]) -> list[Line]:
    """A row in which a sign drawn far from its figure is one piece with it, and a word's letters set wide are one."""
    made: list[Line] = []
    for line in row:
        if made and _is_one(made[-1], line):
            made[-1] = merge([made[-1], line])._replace(holes=())
        else:
            made.append(line)
    return made


def _is_one(first: Line, second: Line) -> bool:
    """Whether two neighbours in a row are one piece. A dash a letter away is no sign, it is a cell without a value."""
    gap = (second.box[0] - first.box[2]) / second.size
    if first.text in SIGNS and is_figure(second.text):
        return gap < (1 if first.text in DASHES else FAR) and second.text[0].isdigit()
    if LETTERS.fullmatch(first.text) and LETTERS.fullmatch(second.text):
        return gap < 4
    return gap < (GAP if kind(first.text) and kind(second.text) else 0.4)
