"""The sentences of a reference that can stand in a question of their own, and its tables.

    "② 거래소는 접수한 날부터 5일 이내에 결과를 알려야 한다. <개정 2024.1.1>"
    → "거래소는 접수한 날부터 5일 이내에 결과를 알려야 한다."

Lines that a page has wrapped are joined first; list marks before a sentence and amendment tags behind it are left out.
"""

import re
from dataclasses import dataclass

MARK = re.compile(r"^(?:[①-⑳]|\(?\d{1,2}[.)](?!\d)|\(?[가-하][.)]|[-–•◦·○●□■▪▶※ㅇ]|<표 \d+>)\s*")
TAIL = re.compile(r"\s*[<〈\[(](?:개정|신설|삭제|본조신설|전문개정|제목개정|종전)[^<>\[\]()]*[>〉\])]\s*$")
END = re.compile(r"(?<=[다요음함임됨것]\.)\s+")
CLOSED = re.compile(r"[.!?:;>〉\])]$")
WRAPPED = 30  # characters: a shorter line without a full stop is a heading or an item, not a wrapped one
LENGTHS = (14, 180)  # characters of a sentence that is asked about
UNIT_LINE = re.compile(r"단위\s*[:：]\s*(?P<unit>[^)\]\n|]{1,20})")


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """Rows of cells as text; `unit` is the one that the reference states, "십억원", "" for none, None for several."""

    rows: tuple[tuple[str, ...], ...]
    unit: str | None


def sentences(text: str) -> list[str]:
    """Whole sentences, each a part of `flat(text)`, without table rows, marks and tags; none twice."""
    found: list[str] = []
    for line in _joined(text):
        for piece in END.split(line):
            sentence = TAIL.sub("", MARK.sub("", piece.strip())).strip()
            if sentence.endswith((".", "다")) and LENGTHS[0] <= len(sentence) <= LENGTHS[1]:
                found.append(sentence)
    return list(dict.fromkeys(found))


def flat(text: str) -> str:
    """A text on one line: what "stands in the reference word for word" is judged by."""
    return " ".join(text.split())


def tables(text: str) -> list[ReferenceTable]:
    """Runs of at least two lines of as many cells, "구분 | 2022년 | 2023년"."""
    found: list[ReferenceTable] = []
    rows: list[tuple[str, ...]] = []
    stated = {match["unit"].strip() for match in UNIT_LINE.finditer(text)}
    unit = None if len(stated) > 1 else next(iter(stated), "")
    for line in [*text.split("\n"), ""]:
        cells = tuple(cell.strip() for cell in line.split(" | ")) if " | " in line else ()
        if cells and (not rows or len(cells) == len(rows[0])):
            rows.append(cells)
            continue
        if len(rows) > 1:
            found.append(ReferenceTable(tuple(rows), unit))
        rows = [cells] if cells else []
    return found


def _joined(text: str) -> list[str]:
    lines: list[str] = []
    open_line = False
    for line in (line.strip() for line in text.split("\n")):
        if not line or " | " in line:
            open_line = False
        elif open_line and not MARK.match(line):
            lines[-1] += f" {line}"
            open_line = not CLOSED.search(line)
        else:
            lines.append(line)
            open_line = len(line) >= WRAPPED and not CLOSED.search(line)
    return lines
