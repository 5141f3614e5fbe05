"""Several pieces of files read as if they were one, without writing that one.

AI Hub's downloads: TL_1.zip.part0 + TL_1.zip.part1073741824, each a file or a stretch of download.tar
"""

import io
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Piece:
    """`size` bytes of the file at `path`, from `start` on."""

    path: Path
    start: int
    size: int


def whole(path: Path) -> Piece:
    """The whole of a file."""
    return Piece(path, 0, path.stat().st_size)


class Joined(io.RawIOBase):
    """Pieces one after the other, as a file that can be read and sought in."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        """Open the files of `pieces`, in the order given; OSError where one is missing."""
        self.pieces = pieces
        with ExitStack() as stack:
            self.files = [stack.enter_context(piece.path.open("rb", buffering=0)) for piece in pieces]
            self.stack = stack.pop_all()
        self.starts = [0]
        for piece in pieces:
            self.starts.append(self.starts[-1] + piece.size)
        self.at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes: zip archives are read from their end."""
        return True

    def tell(self) -> int:
        """The position in bytes from the start of the first piece."""
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move as in any file; before the start is an OSError."""
        at = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.starts[-1]}[whence] + offset
        if at < 0:
            raise OSError(f"seek to {at}")
        self.at = at
        return at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the piece at the position, up to that piece's end; 0 at the very end."""
        for piece, file, start, stop in zip(self.pieces, self.files, self.starts, self.starts[1:], strict=False):
            if start <= self.at < stop:
                file.seek(piece.start + self.at - start)
                found = file.readinto(memoryview(buffer)[: stop - self.at]) or 0
                self.at += found
                return found
        return 0

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes, across the pieces' borders; all that is left when negative."""
        if size is None or size < 0:
            size = max(0, self.starts[-1] - self.at)
        found = bytearray(min(size, max(0, self.starts[-1] - self.at)))
        view, filled = memoryview(found), 0
        while filled < len(found) and (more := self.readinto(view[filled:])):
            filled += more
        return bytes(view[:filled])

    def close(self) -> None:
        """Close every file."""
        self.stack.close()
        super().close()
