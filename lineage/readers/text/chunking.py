"""A long section in parts, cut where a reader would cut it: between paragraphs, rows and sentences.

    split([TextPart(("첫 문단이다.",)), TextPart(("(단위: 원)", "구분 | 금액", "현금 | 1,200", …), head=2)])
    → ["첫 문단이다.\\n(단위: 원)\\n구분 | 금액\\n현금 | 1,200", "(단위: 원)\\n구분 | 금액\\n…"]

A figure is never cut. A table that goes on in the next part repeats its head there, the unit above it included:
a figure without its unit and its column says nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LIMIT = 2000  # characters of a part: some 1,000 tokens, so that a row of 2,048 holds one with its prompt
SENTENCE_END = re.compile(r"(?<=[가-힣)\]」』”\"]\.)\s+")
UNIT = re.compile(r"^[\s(\[<※*|]*(?:금액\s*)?단위\s*[:：]")


@dataclass(frozen=True, slots=True)
class TextPart:
    """A paragraph (one line) or a table (a line a row). `head` lines are repeated where a table is continued."""

    lines: tuple[str, ...]
    head: int = 0


def table(text: str) -> TextPart:
    """The block of a rendered table: its first row is its head, and so is what stands above it as a unit."""
    lines = tuple(text.split("\n"))
    above = sum(1 for line in lines[:2] if UNIT.match(line))
    return TextPart(lines, above + 1)


def split(blocks: Sequence[TextPart], limit: int = LIMIT) -> list[str]:
    """The blocks' text in parts of up to `limit` characters; a row or sentence that is longer stays whole."""
    found: list[str] = []
    open_lines: list[str] = []
    size = 0
    for block in _with_units(blocks):
        for piece in _pieces(block, limit):
            length = sum(len(line) + 1 for line in piece)
            if open_lines and size + length > limit:
                found.append("\n".join(open_lines))
                open_lines, size = [], 0
            open_lines += piece
            size += length
    return [*found, "\n".join(open_lines)] if open_lines else found


def _with_units(blocks: Sequence[TextPart]) -> Iterator[TextPart]:
    """A unit that stands above a table ("(단위: 백만원)", often a table of its own) becomes part of its head."""
    above: tuple[str, ...] = ()
    for block in blocks:
        if len(block.lines) == 1 and UNIT.match(block.lines[0]):
            above += block.lines
        elif above and block.head:
            yield TextPart(above + block.lines, len(above) + block.head)
            above = ()
        else:
            if above:
                yield TextPart(above)
            above = ()
            yield block
    if above:
        yield TextPart(above)


def _pieces(block: TextPart, limit: int) -> Iterator[tuple[str, ...]]:
    """The block whole if it fits a part; otherwise by rows under the repeated head, or by sentences."""
    if sum(len(line) + 1 for line in block.lines) <= limit:
        yield block.lines
        return
    if not block.head:
        for line in block.lines:
            yield from ((piece,) for piece in _sentences(line, limit))
        return
    head, rows = block.lines[: block.head], block.lines[block.head :]
    room = limit - sum(len(line) + 1 for line in head)
    some: list[str] = []
    for row in rows:
        if some and sum(len(line) + 1 for line in some) + len(row) + 1 > room:
            yield (*head, *some)
            some = []
        some.append(row)
    yield (*head, *some)


def _sentences(line: str, limit: int) -> Iterator[str]:
    said = ""
    for sentence in SENTENCE_END.split(line):
        if said and len(said) + len(sentence) + 1 > limit:
            yield said
            said = ""
        said = f"{said} {sentence}" if said else sentence
    yield said
