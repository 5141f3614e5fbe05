"""The rows of a table without rulings as pieces: lines cut where columns part, and signs put before their figures."""

import re

from lineage.pdf.cell_kinds import kind
from lineage.pdf.number_check import is_figure
from lineage.pdf.table_words import FAR
from lineage.pdf.text import GAP, Glyph, Line, Run, merge, to_line, to_run, words
from lineage.pdf.wide_gaps import FREE, LEADER

LETTERS = re.compile(r"[가-힣](?: [가-힣])*")  # 합    계
DASHES = frozenset("−-")
SIGNS = frozenset("△▲▽▼") | DASHES
Piece = tuple[Run | None, Line]


def apart(run: Run | None, line: Line) -> list[Piece]:
    """A line cut where more than a letter's width is left free or filled with dots: what stands in two columns."""
    if run is None or not (line.holes or LEADER.search(line.text)):
        return [(run, line)]
    parts: list[list[Glyph]] = [[]]
    last: float | None = None
    for word in words(run):
        for glyphs in _without_leaders(word):
            if not glyphs:
                last = None
                continue
            if parts[-1] and (last is None or glyphs[0].x0 - last >= FREE * glyphs[0].size):
                parts.append([])
            parts[-1] += glyphs
            last = max(glyph.x1 for glyph in glyphs if glyph.c != " ")
    made = [(part, to_line(part)) for part in map(to_run, parts) if part.text]
    found: list[Piece] = [(part, piece) for part, piece in made if piece]
    return found if len(found) > 1 else [(run, line)]


def _without_leaders(word: list[Glyph]) -> list[list[Glyph]]:
    """A word as the parts beside its leader dots, with [] for the dots."""
    text = "".join(glyph.c for glyph in word)
    made: list[list[Glyph]] = []
    at = 0
    for match in LEADER.finditer(text):
        made += [word[at : match.start()], []] if match.start() > at else [[]]
        at = match.end()
    rest = word[at:]
    return [*made, rest] if any(glyph.c != " " for glyph in rest) else made


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
