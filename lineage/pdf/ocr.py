"""A scanned page → lines of text, by Tesseract with Korean. Off unless `papers.<source>.ocr: true` in params.yaml.

    apt-get install tesseract-ocr tesseract-ocr-kor

The program is run, not PyMuPDF's own binding: on pages of six Korean reports, rasterised, both get 0.91 of the letters,
but the program 0.82 of the words against 0.48 (the binding loses the spaces) in half the time. `kor+eng` gets 0.77 of
the figures, `kor` alone 0.71: what was read by OCR has wrong figures in it, and says so. Columns are put in order by
us, hence `--psm 4` (one column). A word in Tesseract's TSV:

    level page block par line word  left   top  width  height  conf   text
    5     1    2     1   3    4     1204   733  96     41      91.2   개정

Its Korean "words" are often single syllables, so the spaces are taken from its plain text of the same run.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from lineage.core.errors import LineageError
from lineage.pdf.text import Line, clean

LANGUAGES = ("kor", "eng")
INSTALL = "apt-get install tesseract-ocr tesseract-ocr-kor"
SECONDS = 60  # for a page
DPI, MOST_PIXELS = 300, 25_000_000  # a larger page than A3 is drawn more coarsely
LEAST_SURE = 40.0  # per cent: lines below are logos, stamps and drawings taken for letters


@dataclass(frozen=True)
class Recognised:
    """What OCR read on a page: lines in points from its top left, how sure it is (0 to 1), words left out."""

    lines: tuple[Line, ...]
    sure: float
    doubtful: int


class OcrWord(NamedTuple):
    """One word of the TSV, box in pixels, `conf` in per cent."""

    line: tuple[str, str, str]
    x0: int
    y0: int
    x1: int
    y1: int
    conf: float
    text: str


def require_tesseract() -> str:
    """What reads the pages, by content: "tesseract 5.3.0 kor=1f… eng=7d…". Raises: LineageError where it is missing."""
    program = shutil.which("tesseract")
    if program is None:
        raise LineageError(
            f"papers.<source>.ocr: true needs Tesseract with Korean, not installed here: {INSTALL}, or set ocr: false"
        )
    listed = _output(program, "--list-langs")
    found = re.search(r'"(.+)"', listed)
    missing = [name for name in LANGUAGES if name not in listed.split()]
    if missing or found is None:
        raise LineageError(
            f"papers.<source>.ocr: true needs Tesseract's {', '.join(missing or LANGUAGES)}, not installed here: "
            f"{INSTALL}, or set ocr: false"
        )
    data = [(name, Path(found[1], f"{name}.traineddata")) for name in LANGUAGES]
    hashes = [f"{name}={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}" for name, path in data]
    return " ".join([_output(program, "--version").splitlines()[0], *hashes])


def recognise(page: Any) -> Recognised | None:
    """Read the picture of a pymupdf page; None where Tesseract gives up on it. Raises: subprocess.TimeoutExpired."""
    import pymupdf

    area = max(page.rect.width * page.rect.height, 1.0)
    dpi = max(1, min(DPI, int(72 * (MOST_PIXELS / area) ** 0.5)))
    picture = page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY, alpha=False).tobytes("pgm")
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch, "page")
        command = ["tesseract", "stdin", str(base), "-l", "+".join(LANGUAGES), "--psm", "4", "--dpi", str(dpi)]
        both = ["-c", "tessedit_create_tsv=1", "-c", "tessedit_create_txt=1"]
        made = subprocess.run([*command, *both], input=picture, capture_output=True, timeout=SECONDS)
        if made.returncode != 0:
            return None
        tsv, text = (base.with_suffix(end).read_text(encoding="utf-8", errors="replace") for end in (".tsv", ".txt"))
    return to_lines(tsv, text, dpi)


def to_lines(tsv: str, text: str, dpi: int) -> Recognised:
    """Tesseract's TSV and text → lines; a line of words that stand far apart is one line for each column."""
    points = 72 / dpi
    spaced = {"".join(line.split()): line for line in text.splitlines()}
    lines: list[Line] = []
    weights: list[tuple[int, float]] = []
    doubtful = 0
    for _, group in groupby(_words(tsv), key=lambda word: word.line):
        pieces = list(_pieces(list(group)))
        letters = [sum(len(word.text) for word in piece) for piece in pieces]
        whole = "".join(word.text for piece in pieces for word in piece)
        for piece, count, said in zip(pieces, letters, _cut(spaced.get(whole, whole), letters), strict=True):
            conf = sum(len(word.text) * word.conf for word in piece) / count
            if conf < LEAST_SURE or not clean(said):
                doubtful += len(piece)
                continue
            box = (
                min(word.x0 for word in piece) * points,
                min(word.y0 for word in piece) * points,
                max(word.x1 for word in piece) * points,
                max(word.y1 for word in piece) * points,
            )
            lines.append(Line(clean(said), box, median(word.y1 - word.y0 for word in piece) * points, False))
            weights.append((count, conf / 100))
    total = sum(count for count, _ in weights)
    sure = sum(count * conf for count, conf in weights) / total if total else 0.0
    return Recognised(tuple(_levelled(lines)), min(sure, 1.0), doubtful)


def _words(tsv: str) -> Iterator[OcrWord]:
    for row in tsv.splitlines():
        cells = row.split("\t", 11)
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            left, top, width, height = map(int, cells[6:10])
            line = (cells[2], cells[3], cells[4])
            yield OcrWord(line, left, top, left + width, top + height, float(cells[10]), cells[11].strip())


def _pieces(words: list[OcrWord]) -> Iterator[list[OcrWord]]:
    tall = median(word.y1 - word.y0 for word in words)
    piece: list[OcrWord] = []
    for word in words:
        if piece and word.x0 - piece[-1].x1 > 2.5 * tall:
            yield piece
            piece = []
        piece.append(word)
    yield piece


def _cut(text: str, letters: Sequence[int]) -> Iterator[str]:
    """Parts of a text with so many letters each, spaces not counted."""
    at = 0
    for count in letters:
        start = at
        while count and at < len(text):
            count -= not text[at].isspace()
            at += 1
        yield text[start:at]


def _levelled(lines: list[Line]) -> Iterator[Line]:
    """Lines with a steady size: boxes of read letters vary by a fifth, which would make headings of body text."""
    usual = median(line.size for line in lines) if lines else 0.0
    for line in lines:
        yield line._replace(size=usual) if abs(line.size - usual) < 0.3 * usual else line


def _output(*command: str) -> str:
    made = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    return made.stdout or made.stderr  # Tesseract 4 lists its languages on stderr
