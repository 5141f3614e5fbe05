"""A page as it is printed, to see whether there is ink where no letter is."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from lineage.pdf.text import Box

DPI, MOST_PIXELS = 144, 8_000_000
CONTRAST = 48  # of 255, from one pixel to the next: ink, and no shade of a ground


class PrintedPage:
    """A page drawn once in grey, upright as it is read. Annotations are not drawn."""

    def __init__(self, page: Any, turn: int) -> None:
        """Draw a pymupdf page whose text reads after `turn` quarter turns; see `visibility.turned`."""
        import pymupdf

        area = max(page.rect.width * page.rect.height, 1.0)
        self.scale = min(DPI / 72, (MOST_PIXELS / area) ** 0.5)
        matrix = pymupdf.Matrix(self.scale, self.scale)
        rotation = page.rotation
        page.set_rotation(-90 * turn % 360)
        try:
            drawn = page.get_pixmap(matrix=matrix, colorspace=pymupdf.csGRAY, alpha=False, annots=False)
        finally:
            page.set_rotation(rotation)
        self.samples, self.stride, self.width, self.height = drawn.samples, drawn.stride, drawn.width, drawn.height

    def ground(self, box: Box) -> int:
        """The commonest grey in a box in points, 0 to 255; white outside of the page."""
        found = Counter(value for _, row in self._rows(box) for value in row)
        return max(found, key=lambda grey: (found[grey], grey), default=255)

    def ink(self, box: Box, sides: tuple[float, ...]) -> tuple[float, float] | None:
        """From where to where there is ink in a box, in points, or None.

        Only changes from left to right count, so a line under the words is none.

        Args:
            box: x0, y0, x1, y1 in points of the page as it is read.
            sides: where grounds may begin or end, in points: a change over half the height there, or over all of it
                anywhere, is none.
        """
        changes: Counter[int] = Counter()
        height = 0
        for first, row in self._rows(box):
            height += 1
            changes.update(at for at, (a, b) in enumerate(pairwise(row), first) if abs(a - b) > CONTRAST)
        if sides:
            edges = [side * self.scale for side in sides]
            for at, count in list(changes.items()):
                if count >= (0.5 if any(abs(at + 0.5 - edge) <= 2 for edge in edges) else 0.9) * height:
                    del changes[at]
        if sum(changes.values()) < 2:
            return None
        return min(changes) / self.scale, (max(changes) + 2) / self.scale

    def _rows(self, box: Box) -> Iterator[tuple[int, bytes]]:
        """The pixels in a box in points, row by row, each with the number of its first."""
        x0, y0, x1, y1 = (value * self.scale for value in box)
        first, last = max(int(x0), 0), min(int(x1) + 1, self.width)
        for level in range(max(int(y0), 0), min(int(y1) + 1, self.height)):
            yield first, self.samples[level * self.stride + first : level * self.stride + last]
