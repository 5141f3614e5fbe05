"""How much of what a person reads a converter gives.

- strings: texts that stand in the converted text, every run of white space one space;
- strings, strictly: those that stand in one block or cell, character for character;
- absent: texts that must stand in no block, and do not;
- order: pairs whose first text is read before the second;
- lines, spaces: reference lines whose letters are found; 2·right / (2·right + wrong + missing) of the spaces in them;
- cells: figures in one cell of their own, where their row and their column meet;
- sizes: tables of so many rows × columns;
- furniture: running heads and page numbers that are not among the text;
- refused, reasons, kept: files refused as they should be, for the right reason; files that were not refused wrongly;
- collapsed: figures in tables that stand in cells with six figures or more; runs: those in cells of little but figures.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.fidelity.cells import best_grid, cells_found
from benchmarks.fidelity.converted import Converted, Grid
from benchmarks.fidelity.facts import PERHAPS, Facts
from benchmarks.fidelity.letters import bare, bare_and_spaces, collapsed, everywhere, holds_line, normal

FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
MANY = 6  # figures in one cell are no figure of a table
MEASURES = (
    "strings",
    "strings, strictly",
    "absent",
    "order",
    "lines",
    "spaces",
    "cells",
    "sizes",
    "furniture",
    "refused",
    "reasons",
    "kept",
    "collapsed",
    "runs",
)
FEWER_IS_BETTER = ("collapsed", "runs")
OTHER_WORDS = {"encrypted": r"encrypt|password"}  # of other converters for a reason


@dataclass
class Score:
    """For each measure what was right and of how many, and what was missed."""

    counts: dict[str, tuple[int, int]] = field(default_factory=lambda: dict.fromkeys(MEASURES, (0, 0)))
    misses: list[tuple[str, str]] = field(default_factory=list)

    def add(self, measure: str, right: int, of: int) -> None:
        """Count more of a measure."""
        before = self.counts[measure]
        self.counts[measure] = before[0] + right, before[1] + of

    def judge(self, measure: str, right: bool, fact: str) -> None:
        """Count one fact, and keep it if it was missed."""
        self.add(measure, int(right), 1)
        if not right:
            self.misses.append((measure, fact))

    def share(self, measure: str) -> float | None:
        """Right of all, or None where nothing was asked."""
        right, of = self.counts[measure]
        return right / of if of else None


def score(facts: Facts, converted: Converted) -> Score:
    """A converter's result for one file beside the facts."""
    made = Score()
    if facts.refused == PERHAPS and converted.refusal is not None:
        return made
    if facts.refused not in (None, PERHAPS):
        made.judge("refused", converted.refusal is not None, facts.refused)
        pattern = OTHER_WORDS.get(facts.refused, re.escape(facts.refused))
        named = bool(re.search(pattern, converted.refusal or "", re.I))
        made.judge("reasons", named, f"{facts.refused}: {_said(converted)}")
        return made
    if facts.refused is None:
        made.judge("kept", converted.refusal is None, _said(converted))
    _score_text(made, facts, converted)
    _score_tables(made, facts, converted.tables)
    for text in facts.furniture:
        made.judge("furniture", converted.refusal is None and not holds_line(converted.blocks, text), text)
    return made


def total(scores: Iterable[Score]) -> Score:
    """The sum over files; what was missed stays with them."""
    made = Score()
    for one in scores:
        for measure, (right, of) in one.counts.items():
            made.add(measure, right, of)
    return made


def _said(converted: Converted) -> str:
    return converted.refusal or "converted"


def _score_text(made: Score, facts: Facts, converted: Converted) -> None:
    text = "\n".join(converted.blocks)
    blocks = [normal(block) for block in converted.blocks]
    for one in facts.strings:
        made.judge("strings", collapsed(one) in collapsed(text), one)
        made.judge("strings, strictly", any(normal(one) in block for block in blocks), one)
    for one in facts.absent:
        made.judge("absent", not any(bare(one) in bare(block) for block in blocks), one)
    for first, second in facts.order:
        made.judge("order", _before(bare(first), bare(second), bare(text)), f"{first} < {second}")
    letters, spaces = bare_and_spaces(text)
    for line in facts.lines:
        _score_spaces(made, line, letters, spaces)


def _before(first: str, second: str, text: str) -> bool:
    begin, end = text.find(first), text.rfind(second)
    return begin >= 0 and begin + len(first) <= end


def _score_spaces(made: Score, line: str, letters: str, spaces: set[int]) -> None:
    """The spaces within one line, at the place of its letters where they are most alike."""
    sought, wanted = bare_and_spaces(line)
    wanted -= {0}
    found = [{s - place for s in spaces if place < s < place + len(sought)} for place in everywhere(sought, letters)]
    best = min(found, key=lambda given: len(given ^ wanted), default=None)
    made.judge("lines", best is not None, line)
    right = len(wanted & best) if best is not None else 0
    other = len(wanted ^ best) if best is not None else len(wanted)
    made.add("spaces", 2 * right, 2 * right + other)
    if best is not None and other:
        made.misses.append(("spaces", f"{line} ← {_spaced(sought, best)}"))


def _spaced(letters: str, spaces: set[int]) -> str:
    return "".join(" " * (i in spaces) + letter for i, letter in enumerate(letters))


def _score_tables(made: Score, facts: Facts, grids: tuple[Grid, ...]) -> None:
    for number, table in enumerate(facts.tables, 1):
        for cell, right in zip(table.cells, cells_found(table, grids), strict=True):
            made.judge("cells", right, f"table {number}: {' | '.join(map(str, cell))}")
        if table.rows:
            best = best_grid(table, grids)
            size = (best.rows, best.columns) if best else None
            said = f"{size[0]} × {size[1]}" if size else "no table"
            fact = f"table {number}: {table.rows} × {table.columns}: {said}"
            made.judge("sizes", size == (table.rows, table.columns), fact)
    figures, many, runs = 0, 0, 0
    for count, share in _figures(grids):
        figures += count
        many += count * (count >= MANY)
        runs += count * (count >= MANY and share > 0.5)
    made.add("collapsed", many, figures)
    made.add("runs", runs, figures)


def _figures(grids: Iterable[Grid]) -> Iterator[tuple[int, float]]:
    """For each cell its figures, and the share of its characters that they make."""
    for grid in grids:
        for cell in grid.cells:
            found = FIGURE.findall(cell.text)
            yield len(found), sum(map(len, found)) / max(1, len(bare(cell.text)))
