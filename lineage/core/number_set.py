"""A set of 64-bit numbers that are spread evenly, as hashes are: 12 to 24 bytes each, where Python's set takes 80."""

from array import array

FULL = 2 / 3  # of the cells; then there are made twice as many


class NumberSet:
    """Whole numbers from 0 to 2⁶⁴ - 1."""

    def __init__(self) -> None:
        self._cells = array("Q", [0]) * 1024  # a number, or 0, stands in the first free cell from its own on
        self._count = 0
        self._zero = False

    def __len__(self) -> int:
        return self._count + self._zero

    def add(self, number: int) -> bool:
        """Put a number into the set; False if it was there."""
        if not number:
            new, self._zero = not self._zero, True
            return new
        if not self._put(number):
            return False
        self._count += 1
        if self._count > FULL * len(self._cells):
            old, self._cells = self._cells, array("Q", [0]) * (2 * len(self._cells))
            for cell in old:
                if cell:
                    self._put(cell)
        return True

    def _put(self, number: int) -> bool:
        cells, last = self._cells, len(self._cells) - 1
        at = number & last
        while found := cells[at]:
            if found == number:
                return False
            at = (at + 1) & last
        cells[at] = number
        return True
