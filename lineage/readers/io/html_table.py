"""An HTML table as lines of text, "구분 | 2022년 | 2023년": a line a row, merged cells in every place.

Read with the standard library's parser, which runs nothing and fetches nothing. A text without HTML stays as it is,
and what only looks like a tag (`<개정 2024.1.1>`, `<A사>`) stays in the text.
"""

import re
from html.parser import HTMLParser

MAX_SPAN = 100  # what a browser would allow is 1,000 columns and 65,534 rows: enough to fill a disk
MAX_REPEATED = 1 << 20  # characters that merged cells may add to a table: more is no table but a bomb
NAMES = (
    "a abbr article aside b base big blockquote body br button caption center code col colgroup dd del details div dl "
    "dt em figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins label li "
    "link main mark math meta nav noscript ol option p pre q s samp script section select small source span strike "
    "strong style sub summary sup svg table tbody td template textarea tfoot th thead title tr tt u ul var video"
)
TAGS = frozenset(NAMES.split())
MARKUP = re.compile(rf"</?(?:{NAMES.replace(' ', '|')})(?:\s[^<>]*)?/?>|&(?:[a-z]{{2,8}}|#\w{{1,7}});", re.IGNORECASE)
TABLE = re.compile(r"<(?:table|tr|td|th)(?:\s[^<>]*)?>", re.IGNORECASE)


def is_table(text: str) -> bool:
    """Whether an HTML table, or a part of one, is in the text."""
    return TABLE.search(text) is not None


def render(html: str) -> str:
    """The table's rows, and any text around it, as lines; a text without HTML as it is."""
    if not MARKUP.search(html):
        return html
    reader = _Reader()
    reader.feed(html.replace("<![", "&lt;!["))  # the one thing that the parser gives up at
    reader.close()
    reader.end_row()
    reader.end_text()
    return "\n".join(line for line in reader.lines if line.strip(" |"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.words: list[str] = []  # text of the open cell, or between the tables
        self.cells: list[str] | None = None  # the open row
        self.cell: tuple[int, int] | None = None  # (columns, rows) of the open cell
        self.hanging: dict[int, tuple[int, str]] = {}  # column → (rows left, text) of cells that reach down
        self.skipping = 0
        self.inner = 0  # tables open inside the open cell: their text is the cell's
        self.repeated = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.handle_data(self.get_starttag_text() or "")
        elif tag in ("script", "style"):
            self.skipping += 1
        elif tag == "table" and self.cell:
            self.inner += 1
        elif self.inner:
            self.words.append(" ")
        elif tag in ("td", "th"):
            self.end_cell()
            self.end_text()
            self.cells = [] if self.cells is None else self.cells
            spans = dict(attrs)
            self.cell = _span(spans.get("colspan")), _span(spans.get("rowspan"))
        elif tag == "tr":
            self.end_row()
            self.cells = []
        elif tag == "table":
            self.end_row()
            self.hanging = {}
        elif tag in ("br", "p", "div", "li"):
            self.words.append(" " if self.cell else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag not in TAGS:
            self.handle_data(f"</{tag}>")
        elif tag in ("script", "style"):
            self.skipping = max(0, self.skipping - 1)
        elif self.inner:
            self.inner -= tag == "table"
            self.words.append(" ")
        elif tag in ("td", "th"):
            self.end_cell()
        elif tag in ("tr", "table"):
            self.end_row()
            if tag == "table":
                self.hanging = {}
        elif tag in ("caption", "p", "div"):
            self.words.append(" " if self.cell else "\n")

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            self.words.append(data)

    def end_text(self) -> None:
        if self.cell is None:
            self.lines += [" ".join(line.split()) for line in "".join(self.words).split("\n")]
            self.words = []

    def end_cell(self) -> None:
        if self.cell is None or self.cells is None:
            return
        said, (columns, rows) = " ".join("".join(self.words).split()), self.cell
        self._fill()
        self.repeated += (len(said) + 3) * (columns * rows - 1)
        if self.repeated > MAX_REPEATED:
            columns = rows = 1
        for _ in range(columns):
            if rows > 1:  # this row included: _fill counts it off at the end
                self.hanging[len(self.cells)] = (rows, said)
            self.cells.append(said)
        self.cell, self.words = None, []

    def end_row(self) -> None:
        self.end_cell()
        self.end_text()
        if self.cells is None:
            return
        self._fill()
        for column in sorted(self.hanging):
            if column > len(self.cells):
                self.cells += [""] * (column - len(self.cells))
            if column == len(self.cells):
                self.cells.append(self.hanging[column][1])
        self.hanging = {c: (left - 1, said) for c, (left, said) in self.hanging.items() if left > 1}
        self.lines.append(" | ".join(self.cells))
        self.cells = None

    def _fill(self) -> None:
        """Put in the cells that reach down from above, up to the next free column."""
        assert self.cells is not None
        while len(self.cells) in self.hanging:
            self.cells.append(self.hanging[len(self.cells)][1])


def _span(said: str | None) -> int:
    digits = (said or "").strip()
    return min(max(int(digits), 1), MAX_SPAN) if digits.isdecimal() and len(digits) < 9 else 1
