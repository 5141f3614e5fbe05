"""Pages whose text is written askew, turned upright: text layers of crooked scans, pages set at a slant.

Only what stands across the page's own direction, such as a watermark, is left askew. Directions are (cos, sin) of the
angle from the x axis, y downwards, as MuPDF gives them.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

LEAST = math.radians(0.5)  # a smaller slant is none
CROOKED = math.radians(15)  # more than any scan lies askew: a watermark does, or a page that is nothing but slanted


def straightened(lines: list[Any], width: float, height: float) -> list[Any]:
    """The lines of a page turned about its middle so that most of its text runs along the page's sides.

    Args:
        lines: as `get_text("rawdict")` gives them; they are not changed.
        width: of the page as stored, in points.
        height: of the page as stored, in points.
    """
    slants = [_slant(line["dir"]) for line in lines]
    if max(map(abs, slants), default=0.0) < LEAST:
        return lines
    slant = _usual(lines, slants)
    if abs(slant) < LEAST:
        return lines
    middle = (width / 2, height / 2)
    return [_turned(line, own, slant, middle) for line, own in zip(lines, slants, strict=True)]


def _slant(direction: Sequence[float]) -> float:
    """The angle to the nearest quarter turn, in radians."""
    if abs(direction[0]) > 0.99999 or abs(direction[1]) > 0.99999:
        return 0.0
    angle = math.atan2(direction[1], direction[0])
    return angle - round(angle / (math.pi / 2)) * math.pi / 2


def _usual(lines: Sequence[dict[str, Any]], slants: Sequence[float]) -> float:
    """The slant of most characters, a text that is printed again and again counted once.

    Beside upright letters, what leans more than a scan does is a watermark, however long.
    """
    weights: dict[int, int] = defaultdict(int)
    sums: dict[int, float] = defaultdict(float)
    seen: set[tuple[int, str]] = set()
    letters = False
    for line, slant in zip(lines, slants, strict=True):
        text = "".join(char["c"] for span in line["spans"] for char in span["chars"]).replace(" ", "")
        degree = round(math.degrees(slant))
        if (degree, text) not in seen:
            seen.add((degree, text))
            weights[degree] += len(text)
            sums[degree] += slant * len(text)
            letters = letters or (abs(slant) <= CROOKED and any(map(str.isalpha, text)))
    near = max(
        ([d - 1, d, d + 1] for d in weights), key=lambda degrees: sum(weights.get(degree, 0) for degree in degrees)
    )
    count = sum(weights[degree] for degree in near)
    slant = sum(sums.get(degree, 0.0) for degree in near) / count if count else 0.0
    if letters and (abs(slant) > CROOKED or 2 * count <= sum(weights.values())):
        return 0.0
    return slant


def _turned(line: dict[str, Any], own: float, slant: float, middle: tuple[float, float]) -> dict[str, Any]:
    cos, sin = math.cos(slant), math.sin(slant)
    x, y = line["dir"]
    if abs(own) < LEAST:  # a stamp on a crooked scan stands straight: it keeps its form
        return {**line, "spans": [_moved(span, cos, sin, middle) for span in line["spans"]]}
    spans = [_set_upright(span, (x, y), cos, sin, middle) for span in line["spans"]]
    return {**line, "dir": (x * cos + y * sin, y * cos - x * sin), "spans": spans}


def _moved(span: dict[str, Any], cos: float, sin: float, middle: tuple[float, float]) -> dict[str, Any]:
    chars = []
    for char in span["chars"]:
        x0, y0, x1, y1 = char["bbox"]
        x, y = _around((x0 + x1) / 2, (y0 + y1) / 2, cos, sin, middle)
        right, down = (x1 - x0) / 2, (y1 - y0) / 2
        chars.append({**char, "bbox": (x - right, y - down, x + right, y + down)})
    return {**span, "chars": chars}


def _set_upright(
    span: dict[str, Any], direction: tuple[float, float], cos: float, sin: float, middle: tuple[float, float]
) -> dict[str, Any]:
    """A span whose glyphs have the boxes that they have along their own baseline.

    MuPDF's boxes of slanted glyphs hold all four corners, which is too much to tell words apart by: a glyph's width is
    found from the box and the height of its font.
    """
    along, across = direction
    up, down = span["ascender"] * span["size"], span["descender"] * span["size"]
    chars = []
    for char in span["chars"]:
        x0, y0, x1, y1 = char["bbox"]
        if abs(along) >= abs(across):
            wide = (x1 - x0 - (up - down) * abs(across)) / abs(along)
        else:
            wide = (y1 - y0 - (up - down) * abs(along)) / abs(across)
        x, y = char["origin"]
        corners = [
            _around(x + s * along + t * across, y + s * across - t * along, cos, sin, middle)
            for s in (0.0, max(wide, 0.0))
            for t in (down, up)
        ]
        xs, ys = zip(*corners, strict=True)
        chars.append({**char, "bbox": (min(xs), min(ys), max(xs), max(ys))})
    return {**span, "chars": chars}


def _around(x: float, y: float, cos: float, sin: float, middle: tuple[float, float]) -> tuple[float, float]:
    """A point turned back by the slant, about the middle of the page."""
    x, y = x - middle[0], y - middle[1]
    return middle[0] + x * cos + y * sin, middle[1] + y * cos - x * sin
