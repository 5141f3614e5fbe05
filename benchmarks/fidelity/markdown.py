"""The Markdown of pymupdf4llm as blocks and tables: the text without the marks."""

import html
import re

from benchmarks.fidelity.converted import Converted, Grid, plain_grid

TAG = re.compile(r"<!--.*?-->|</?(?:sup|sub|mark|u|b|i|s|del|strong|em|span|a)\b[^<>]*>")
BREAK = re.compile(r"<br\s*/?>")
MARKS = re.compile(r"\*\*|~~|`")
SLANTED = re.compile(r"(?<![\w\\])_(\S(?:[^\n]*?\S)?)_(?!\w)")
BEGIN = re.compile(r"^\s*(?:#{1,6}\s+|>\s+|[-*+]\s+(?=\S))")
RULE = re.compile(r"^\|(?:\s*:?-{3,}:?\s*\|)+\s*$")
FENCE = re.compile(r"^\s*```")
PICTURE = re.compile(r"^\s*(?:!\[[^\]]*\]\([^)]*\)|\*\*==> picture .*<==\*\*|-{3,})\s*$")
PIPE = re.compile(r"(?<!\\)\|")


def from_markdown(text: str) -> Converted:
    """Blocks are parted by empty lines; a table's cells are blocks too, where it stands."""
    blocks: list[str] = []
    tables: list[Grid] = []
    for piece in re.split(r"\n\s*\n", text):
        lines = [line for line in piece.splitlines() if not FENCE.match(line) and not PICTURE.match(line)]
        paragraph: list[str] = []
        rows: list[list[str | None]] = []
        for line in [*lines, ""]:
            if line.lstrip().startswith("|"):
                if not RULE.match(line.strip()):
                    rows.append(_cells(line.strip()))
                continue
            if rows:
                blocks += [cell for row in rows for cell in row if cell]
                tables.append(plain_grid(rows))
                rows = []
            paragraph.append(unmarked(BEGIN.sub("", line)))
        blocks.append("\n".join(paragraph).strip())
    return Converted(tuple(filter(None, blocks)), tuple(tables))


def unmarked(text: str) -> str:
    """A text without marks of emphasis, tags, escapes and entities; `<br>` is a line's end."""
    bare = SLANTED.sub(r"\1", MARKS.sub("", TAG.sub("", BREAK.sub("\n", text))))
    return html.unescape(re.sub(r"\\([\\`*_{}\[\]()#+\-.!|<>~$])", r"\1", bare))


def _cells(line: str) -> list[str | None]:
    """The cells of a row, which begins and ends with a bar."""
    return [unmarked(cell).strip() for cell in PIPE.split(line.removesuffix("|").removeprefix("|"))]
