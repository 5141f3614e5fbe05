"""What a page draws, taken in one pass: its runs of glyphs, and its lines and filled areas.

A page is interpreted once, which is most of what reading it costs: MuPDF hands over text and drawings together.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import itemgetter
from typing import Any

from lineage.pdf.comb_fields import closed
from lineage.pdf.drawn_signs import drawn_signs
from lineage.pdf.gaps import woven
from lineage.pdf.skew import straightened
from lineage.pdf.text import Box, Line, Run, around, to_line
from lineage.pdf.text_layer import text_layer
from lineage.pdf.visibility import NO_INK, SURE, WHITE_INK, Ink, Vector, turned, vectors

WHITE = 0xFFFFFF
TEXT, VECTOR = 0, 3  # kinds of blocks in MuPDF's structured text
MATH_FONT = re.compile(r"CMMI|CMSY|Math|STIX|XITS|Asana", re.IGNORECASE)
DINGBATS = {0x20 + n: 0x2700 + n for n in range(1, 0x5F)} | dict(  # a check mark is written as the code of a "3"
    zip(map(ord, "%*+Hlnstuw"), map(ord, "☎☛☞★●■▲▼◆◗"), strict=True)
)
FALSE_HANGUL = re.compile(r"[\ud400-\ud7ff]")
BLANK = re.compile(r"[^\S ]")
C, BBOX = itemgetter("c"), itemgetter("bbox")


@dataclass(frozen=True)
class PageText:
    """What a page shows, before order and furniture.

    `lines[i]` is `runs[i]` as text; `aside` are lines written across the others (a label on its side).
    `turn`: see `turned`; a page at a slant is given upright.
    `hidden` and `askew` count the characters left out: unseen ones, and watermarks.
    `layer` counts unseen ones that are the text of a picture, as OCR leaves it.
    `signs` counts what stands inside lines as a picture, with UNREAD in its place; `lone` what may be such a sign.
    """

    runs: tuple[Run, ...]
    lines: tuple[Line, ...]
    aside: tuple[Line, ...]
    vectors: tuple[Vector, ...]
    width: float
    height: float
    turn: int
    hidden: int
    askew: int
    layer: int = 0
    signs: int = 0
    lone: int = 0


def read_page(page: Any) -> PageText:
    """Take what a pymupdf page draws; unseen glyphs are left out and counted, but for the text layer of a scan."""
    import pymupdf

    flags = (
        pymupdf.TEXT_PRESERVE_WHITESPACE
        | pymupdf.TEXT_MEDIABOX_CLIP
        | pymupdf.TEXT_INHIBIT_SPACES
        | pymupdf.TEXT_COLLECT_VECTORS
        | pymupdf.TEXT_LAZY_VECTORS  # drawings do not cut lines of text into pieces
    )
    given = page.get_text("rawdict", flags=flags)
    blocks, width, height = given["blocks"], given["width"], given["height"]
    raw = [line for block in blocks if block["type"] == TEXT for line in block["lines"]]
    raw = straightened(raw, width, height)
    turns = [_turn(line["dir"]) for line in raw]
    turn = _main_turn(raw, turns)
    drawn = vectors((block for block in blocks if block["type"] == VECTOR), turn, width, height)
    shown: list[Run] = []
    unseen: list[Run] = []
    without_ink: list[Run] = []
    aside: list[Line] = []
    askew = 0
    ink: Ink | None = None
    for line, direction in zip(raw, turns, strict=True):
        run, doubtful = _run(line["spans"])
        if direction < 0:
            askew += len(run.text.replace(" ", ""))
            continue
        if direction != turn:
            upright = to_line(run._replace(boxes=[turned(box, direction, width, height) for box in run.boxes]))
            if upright and not doubtful:
                aside.append(upright._replace(box=around(turned(box, turn, width, height) for box in run.boxes)))
            continue
        if turn:
            run = run._replace(boxes=[turned(box, turn, width, height) for box in run.boxes])
        if doubtful:
            ink = ink or Ink(drawn, page, turn)
            each = zip(run.text, run.boxes, doubtful, strict=True)
            seen = [doubt == SURE or c == " " or ink.shows(box, doubt) for c, box, doubt in each]
            unseen.append(_part(run, [not one for one in seen]))
            without_ink.append(
                _part(run, [not one and doubt == NO_INK for one, doubt in zip(seen, doubtful, strict=True)])
            )
            run = _part(run, seen)
        shown.append(run)
    if turn in (1, 3):
        width, height = height, width
    hidden, layer = _letters(unseen), 0
    if hidden and not any(run.text.strip(" ") for run in shown):
        shown, layer, hidden = unseen, hidden, 0  # the text layer of a scan
    elif hidden and (found := text_layer(page, without_ink, shown, turn)):
        shown, layer = [*shown, *found], _letters(found)
        hidden -= layer
    if page.first_widget and not turn and not page.rotation:
        shown = closed(page, shown)
    pairs = woven([(run, line) for run in _once(shown) if (line := to_line(run))])
    found, lone = ([], 0) if layer else drawn_signs(page, pairs, drawn, turn)  # on a scan every letter is a picture
    signs = [(run, line) for run in found if (line := to_line(run))]
    if signs:
        pairs = woven([*pairs, *signs])
    runs, lines = tuple(run for run, _ in pairs), tuple(line for _, line in pairs)
    return PageText(
        runs, lines, tuple(aside), tuple(drawn), width, height, turn, hidden, askew, layer, len(signs), lone
    )


def _letters(runs: Sequence[Run]) -> int:
    return sum(len(run.text.replace(" ", "")) for run in runs)


def _run(spans: Sequence[dict[str, Any]]) -> tuple[Run, list[int]]:
    """The glyphs of a line; beside them, where any is doubtful, what is doubtful of each (0: nothing)."""
    text = ""
    boxes: list[Box] = []
    sizes: list[float] = []
    bold: list[bool] = []
    doubt: list[int] = []
    for span in spans:
        chars = span["chars"]
        font = span["font"]
        count = len(chars)
        piece = "".join(map(C, chars))
        text += _spelt(piece, font) if _has_own_codes(font) else piece
        boxes += map(BBOX, chars)
        sizes += [span["size"]] * count
        bold += [span["flags"] & 16 > 0 or "Bold" in font] * count
        doubt += [NO_INK if span["alpha"] == 0 else WHITE_INK if span["color"] == WHITE else SURE] * count
    if not text.isprintable():  # the only space that is printable is the plain one
        text = BLANK.sub(" ", text)
    return Run(text, boxes, sizes, bold), doubt if any(doubt) else []


@lru_cache(maxsize=1024)
def _has_own_codes(font: str) -> bool:
    return "ZapfDingbats" in font or MATH_FONT.search(font) is not None


def _spelt(piece: str, font: str) -> str:
    return piece.translate(DINGBATS) if "ZapfDingbats" in font else FALSE_HANGUL.sub(_real, piece)


def _part(run: Run, keep: Sequence[bool]) -> Run:
    return Run(
        "".join(compress(run.text, keep)),
        list(compress(run.boxes, keep)),
        list(compress(run.sizes, keep)),
        list(compress(run.bold, keep)),
    )


def _real(match: re.Match[str]) -> str:
    """Mathematical italics that a 16-bit ToUnicode cut to false Hangul (U+D4xx) get their letter back."""
    return unicodedata.normalize("NFKC", chr(ord(match[0]) + 0x10000))


@lru_cache(maxsize=1024)
def _turn(direction: tuple[float, float]) -> int:
    """Quarter turns of the reading direction: 0 right, 1 down, 2 left, 3 up, -1 askew."""
    x, y = direction
    if abs(x) > 0.98:
        return 0 if x > 0 else 2
    if abs(y) > 0.98:
        return 1 if y > 0 else 3
    return -1


def _main_turn(lines: Sequence[dict[str, Any]], turns: Sequence[int]) -> int:
    """The turn of most characters; `turns` are those of the lines."""
    if not any(turns):
        return 0
    count = [0, 0, 0, 0]
    for line, turn in zip(lines, turns, strict=True):
        if turn >= 0:
            count[turn] += sum(len(span["chars"]) for span in line["spans"])
    return count.index(max(count))


def _once(runs: Sequence[Run]) -> list[Run]:
    """Runs without glyphs that are drawn again, a hair aside: how print drivers make bold."""
    level: dict[tuple[str, int], list[Box]] = {}
    seen: set[str] = set()
    kept: list[Run] = []
    for run in runs:
        again = False
        if run.text.strip(" "):
            x0, y0, _, _ = run.boxes[0]
            if run.text in seen:
                near = 0.12 * run.sizes[0]
                places = [p for step in (-1, 0, 1) for p in level.get((run.text, int(y0 // 4) + step), ())]
                again = any(abs(p[0] - x0) < near and abs(p[1] - y0) < near for p in places)
            seen.add(run.text)
            level.setdefault((run.text, int(y0 // 4)), []).append(run.boxes[0])
        if not again:
            kept.append(run)
    return kept
