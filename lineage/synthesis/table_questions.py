"""Number questions: a figure of a table, asked by what stands left of it and above it.

    구분 | 2022년 | 2023년
    매출액 | 1,234 | 1,300        …에 따르면 2023년의 매출액은 얼마입니까? (단위: 억원) → 1,300

The answer is the cell, verbatim with its sign. Options are other figures of the same table; where it has too few,
the question is open. A table without a name is shown before the question.
"""

import re
from collections.abc import Iterator

from lineage.synthesis.passages import ReferenceTable, tables
from lineage.synthesis.proposal import Proposal, Reference, draws

NUMBER = re.compile(r"[△▵∆▲▼▽+(−–-]*\s*\d[\d,]*(?:\.\d+)?\s*(?:%p?|[십백천만억조]*원|배|명|개|건|주)?\)?")
YEAR = re.compile(r"(?:19|20)\d\d(?:년|\.\d+|/\d+|\s*\([안EP]\))?")
PERIOD = re.compile(r"(?:19|20)\d\d|\d+\s?(?:분기|월|기)|전기|당기|상반기|하반기")
OWN_UNIT = re.compile(
    r"[(（%]|[율률]|비중|배수|직원|인원|건수|주식수|주가"
)  # labels whose figures are not in the table's unit
NAMED = "{name}에 따르면 {what} 얼마입니까?"
SHOWN = "표에서 {what} 얼마입니까?"
OTHERS = 3


def table_questions(reference: Reference, seed: int) -> Iterator[Proposal]:
    """One for every figure of the text's tables that has a label of its own in its row and its column."""
    for table in tables(reference.text):
        if table.unit is None:  # which of them is this table's cannot be told
            continue
        found = list(_labelled(table))
        for row, column, figure in found:
            chance = draws(seed, reference.record, row, column)
            others = sorted({f for r, c, f in found if f != figure and (r == row or c == column)})
            options = (figure, *chance.sample(others, OTHERS)) if len(others) >= OTHERS else ()
            first, second = (column, row) if PERIOD.search(column) else (row, column)
            what = f"{first}의 {second}{topic(second)}"
            asked = (NAMED if reference.name else SHOWN).format(name=reference.name, what=what)
            bare = figure[-1].isdecimal() and not OWN_UNIT.search(f"{row} {column}")
            asked += f" (단위: {table.unit})" if table.unit and bare else ""
            yield Proposal(asked, figure, options=options, correct=0 if options else None, shown=not reference.name)


def topic(word: str) -> str:
    """은 or 는, by how a word ends; 은(는) after what is not Hangul."""
    if not "가" <= word[-1:] <= "힣":
        return "은(는)"
    return "은" if (ord(word[-1]) - ord("가")) % 28 else "는"


def _labelled(table: ReferenceTable) -> Iterator[tuple[str, str, str]]:
    """(label of the row, label of the column, figure) of each cell whose two labels name no other cell."""
    head, *body = table.rows
    if any(_is_figure(cell) for cell in head[1:]) or not all(head[1:]):
        return
    labels = [row[0] for row in body]
    for row in body:
        for column, figure in list(zip(head, row, strict=True))[1:]:
            single = labels.count(row[0]) == 1 and head.count(column) == 1
            if single and row[0] and not _is_figure(row[0]) and _is_figure(figure):
                yield row[0], column, figure


def _is_figure(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell)) and not YEAR.fullmatch(cell)
