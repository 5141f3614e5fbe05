"""What is compared of each row, made once for a file's content: columns of numbers on disk, never whole in memory.

248 bytes a row in `.state/signatures`: its place in its file, three keys, and a MinHash signature (Broder 1997; by
`rensa`, 60 times as fast as datasketch), of which the lowest bytes of 64 values and 18 bands of 7 are kept. The keys of
bands include the figures: rows with other figures never meet.
"""

import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256, sha256_of
from lineage.core.paths import STATE
from lineage.dedup import text_similarity
from lineage.dedup.text_similarity import Text

BANDS, BAND_ROWS = 18, 7  # a pair of similarity 0.8 meets with 98 %, one of 0.5 with 13 %
SKETCH = 64  # bytes
BATCH = 1000
BLOCK = 1 << 17  # rows of a column that are read at once
COLUMNS = {
    "at": np.dtype("u8"),  # the line's place in its file, in bytes
    "exact": np.dtype("u8"),
    "near": np.dtype("u8"),
    "near_rest": np.dtype("u8"),  # with `near`, 128 bits: of 100 million rows two that differ share them once in 10²²
    "sketch": np.dtype(("u1", (SKETCH,))),
    **{f"band{band}": np.dtype("u8") for band in range(BANDS)},
}


@dataclass(frozen=True, slots=True)
class SignedRows:
    """Some rows of one source: the number of the first, the source's number, and columns by name."""

    first: int
    source: int
    columns: dict[str, np.ndarray]

    @property
    def rows(self) -> np.ndarray:
        """The rows' numbers."""
        return np.arange(self.first, self.first + len(next(iter(self.columns.values()))), dtype=np.uint64)


class Signatures:
    """The columns of several files of records; a row's number counts through all of them."""

    def __init__(self, files: Sequence[Path]) -> None:
        self.folders = [_signed(file) for file in files]
        self.counts = [(folder / "at.bin").stat().st_size // COLUMNS["at"].itemsize for folder in self.folders]
        self.firsts = np.cumsum([0, *self.counts])[:-1].tolist()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.counts)

    def sources(self, rows: np.ndarray) -> np.ndarray:
        """The number of the file that each row is in."""
        return np.searchsorted(self.firsts, rows, side="right") - 1

    def source(self, row: int) -> int:
        """The number of the file that a row is in."""
        return bisect_right(self.firsts, row) - 1

    def blocks(self, *names: str) -> Iterator[SignedRows]:
        """Columns of all rows, in order."""
        for source, (first, count) in enumerate(zip(self.firsts, self.counts, strict=True)):
            for start in range(0, count, BLOCK):
                columns = {name: self._read(name, source, start, min(BLOCK, count - start)) for name in names}
                yield SignedRows(first + start, source, columns)

    def sketches(self, rows: np.ndarray) -> np.ndarray:
        """One byte of each of 64 MinHash values of some rows, uint8 [rows, 64]; the share of equal ones estimates
        similarity."""
        order = np.argsort(rows)
        sources = self.sources(rows)[order].tolist()
        with ExitStack() as stack:
            files = {s: stack.enter_context(self._file("sketch", s).open("rb")).fileno() for s in set(sources)}
            found = b"".join(
                os.pread(files[source], SKETCH, (row - self.firsts[source]) * SKETCH)
                for source, row in zip(sources, rows[order].tolist(), strict=True)
            )
        sketches = np.empty((len(rows), SKETCH), np.uint8)
        sketches[order] = np.frombuffer(found, np.uint8).reshape(-1, SKETCH)
        return sketches

    def _file(self, name: str, source: int) -> Path:
        return self.folders[source] / f"{name}.bin"

    def _read(self, name: str, source: int, start: int, count: int) -> np.ndarray:
        kind = COLUMNS[name]
        return np.fromfile(self._file(name, source), kind, count, offset=start * kind.itemsize)


def _signed(file: Path) -> Path:
    """The folder with the columns of a file."""
    from rensa import RMinHash

    code = [code_identity(__name__), RMinHash.ALGORITHM_VERSION]
    cached = STATE / "signatures" / sha256_of([sha256(file), code])
    if not (cached / "at.bin").is_file():
        with appearing(cached) as (out,), ExitStack() as stack:
            columns = {name: stack.enter_context((out / f"{name}.bin").open("wb")) for name in COLUMNS}
            for batch in _batches(file):
                for name, column in _sign(batch).items():
                    column.tofile(columns[name])
    return cached


def _batches(file: Path) -> Iterator[list[tuple[int, tuple[Text, ...]]]]:
    batch, at = [], 0
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                turns = json.loads(line)["turns"]
                batch.append((at, text_similarity.read_turns(turns)))
            except (ValueError, KeyError, TypeError) as error:
                raise LineageError(
                    f"{file}:{number}: not a record ({error}); run `dvc repro` to make it again"
                ) from error
            at += len(line)
            if len(batch) == BATCH:
                yield batch
                batch = []
    if batch:
        yield batch


def _sign(batch: Sequence[tuple[int, tuple[Text, ...]]]) -> dict[str, np.ndarray]:
    from rensa import RMinHash

    near = np.array([text_similarity.near_digest(texts) for _, texts in batch], dtype=np.uint64)
    skeletons = [[token for text in texts for token in text.skeleton] for _, texts in batch]
    hashes, offsets = text_similarity.shingle_hashes(skeletons, text_similarity.SHINGLE, whole=False)
    digest = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, BANDS * BAND_ROWS, 1).to_rows()
    signature = np.array(digest, dtype=np.uint64)
    figures = [
        text_similarity.token_id("\0".join(f for text in texts for f in (*text.figures, "\2"))) for _, texts in batch
    ]
    columns: dict[str, np.ndarray] = {
        "at": np.array([at for at, _ in batch], dtype=np.uint64),
        "exact": np.array([text_similarity.exact_key(texts) for _, texts in batch], dtype=np.uint64),
        "near": np.ascontiguousarray(near[:, 0]),
        "near_rest": np.ascontiguousarray(near[:, 1]),
        "sketch": signature[:, :SKETCH].astype(np.uint8),  # its lowest byte
    }
    for band in range(BANDS):
        key = np.array(figures, dtype=np.uint64) + np.uint64(band)
        for place in range(band * BAND_ROWS, (band + 1) * BAND_ROWS):
            key = key * np.uint64(0x9E3779B97F4A7C15) + signature[:, place]
        columns[f"band{band}"] = key ^ (key >> np.uint64(29))
    return columns
