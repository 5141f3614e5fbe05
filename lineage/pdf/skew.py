"""Pages whose text is written askew, turned upright: text layers of crooked scans, pages set at a slant.

Only what stands across the page's own direction, such as a watermark, is left askew. Directions are (cos, sin) of the
angle from the x axis, y downwards, as MuPDF gives them.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
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
    if all(abs(_slant(direction)) < LEAST for direction in {line["dir"] for line in lines}):
        return lines
    slants = [_slant(line["dir"]) for line in lines]
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
    """A line with the boxes that its glyphs have along its own baseline.

    MuPDF's boxes of slanted glyphs hold all four corners, which is too much to tell words apart by. A stamp that stands
    straight on a crooked page keeps its form.
    """
    cos, sin = math.cos(slant), math.sin(slant)
    x, y = line["dir"]
    if abs(own) >= LEAST:
        x, y = x * cos + y * sin, y * cos - x * sin
    spans = []
    for span in line["spans"]:
        sizes = _sizes(span["chars"], *line["dir"]) if abs(own) >= LEAST else [_extent(c) for c in span["chars"]]
        chars = []
        for char, (wide, high) in zip(span["chars"], sizes, strict=True):
            x0, y0, x1, y1 = char["bbox"]
            right, down = (x0 + x1) / 2 - middle[0], (y0 + y1) / 2 - middle[1]
            mid_x, mid_y = middle[0] + right * cos + down * sin, middle[1] + down * cos - right * sin
            half_x, half_y = (wide / 2, high / 2) if abs(own) < LEAST or abs(x) >= abs(y) else (high / 2, wide / 2)
            chars.append({**char, "bbox": (mid_x - half_x, mid_y - half_y, mid_x + half_x, mid_y + half_y)})
        spans.append({**span, "chars": chars})
    return {**line, "dir": (x, y), "spans": spans}


def _extent(char: dict[str, Any]) -> tuple[float, float]:
    x0, y0, x1, y1 = char["bbox"]
    return x1 - x0, y1 - y0


def _sizes(chars: Sequence[dict[str, Any]], along: float, across: float) -> list[tuple[float, float]]:
    """The width and height of glyphs on a slanted baseline, found from the boxes around their corners.

    A box is `wide * |along| + high * |across|` by `wide * |across| + high * |along|`. At 45 degrees both are the same;
    there the glyphs of a span, which are equally high, are taken to stand close to each other.
    """
    c, s = abs(along), abs(across)
    boxes = [_extent(char) for char in chars]
    if abs(c * c - s * s) > 0.01:
        return [((w * c - h * s) / (c * c - s * s), (h * c - w * s) / (c * c - s * s)) for w, h in boxes]
    steps = [math.dist(a["origin"], b["origin"]) for a, b in pairwise(chars)]
    high = median(
        (w / c - step for (w, _), step in zip(boxes, steps, strict=False)) if steps else [boxes[0][0] / c / 2]
    )
    return [(max(w / c - high, 0.0), high) for w, _ in boxes]
