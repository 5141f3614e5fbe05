"""What a section of a report says in figures: its key sentences, and the figures of its tables with their labels.

    key_sentences(["가온은 작년에 문을 열었다.", "매출액은 1,200억원으로 5.2% 늘었다."])  → ["매출액은 …"]
    figures_of([[구분 | 2023년], [매출액 | 1,200]])                                       → ("매출액 2023년", "1,200")

Chosen by rule and not by a model; every sentence and every figure is as it is written.
"""

import re
from collections.abc import Iterator, Sequence

from lineage.artifacts.document import TableCell

KEY_SENTENCES = 3
SENTENCE = re.compile(r"(?<=[다요음함임됨]\.)\s+|(?<=[!?。])\s+|\n+")
FIGURE = re.compile(r"\d[\d,.]*\s*(?:%p?|[조억만천백십]*원|[조억만천백십]+|배|개|명|건|주|포인트|bp|달러|위)?")
TABLE_NUMBER = re.compile(r"[△▵∆▲▼▽+(−–-]*\s*\d[\d,.]*\s*%?p?\)?")
YEAR = re.compile(r"(?:19|20)\d\d(?:년|\.\d+|/\d+|\s*\((?:안|E|P)\))?")


def key_sentences(paragraphs: Sequence[str]) -> list[str]:
    """The sentences with the most figures, at most three, in the order of the text."""
    sentences = [s for text in paragraphs for s in _sentences(text)]
    scored = [(len(FIGURE.findall(s)), -i, s) for i, s in enumerate(sentences) if 8 <= len(s) <= 160]
    best = sorted((row for row in scored if row[0]), reverse=True)[:KEY_SENTENCES]
    return [s for _, _, s in sorted(best, key=lambda row: -row[1])]


def figures_of(rows: Sequence[Sequence[TableCell]]) -> Iterator[tuple[str, str]]:
    """(label, figure as written) of a table's cells; the label is what stands left and above it."""
    grid = as_grid(rows)
    numeric = [[bool(TABLE_NUMBER.fullmatch(text)) and not YEAR.fullmatch(text) for text in row] for row in grid]
    first = next((i for i, row in enumerate(numeric) if any(row)), len(grid))
    for row, marks in zip(grid[first:], numeric[first:], strict=True):
        left = " ".join(dict.fromkeys(t for t, mark in zip(row, marks, strict=True) if t and not mark))
        for column, mark in enumerate(marks):
            if mark and (column == 0 or row[column] != row[column - 1] or marks[column - 1]):
                above = list(dict.fromkeys(grid[i][column] for i in range(first) if grid[i][column]))
                label = " ".join([left, *above]).strip()
                if label:
                    yield label[:60], row[column]


def as_grid(rows: Sequence[Sequence[TableCell]]) -> list[list[str]]:
    """A table with its merged cells written out in every place that they cover."""
    places: dict[tuple[int, int], str] = {}
    for at, row in enumerate(rows):
        column = 0
        for cell in row:
            while (at, column) in places:
                column += 1
            for i in range(at, min(at + cell.get("rowspan", 1), len(rows))):
                for j in range(column, column + cell.get("colspan", 1)):
                    places.setdefault((i, j), cell["text"])
    width = max((j for _, j in places), default=-1) + 1
    return [[places.get((i, j), "") for j in range(width)] for i in range(len(rows))]


def _sentences(text: str) -> list[str]:
    return [s.strip() for s in SENTENCE.split(text) if s.strip()]
