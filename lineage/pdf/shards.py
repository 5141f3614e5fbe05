"""A shard of a folder of PDFs, converted into the cache: `lineage convert site_reports --shard 3/16`.

A file belongs to the shard that its bytes say, whatever it is called and whoever asks, so that all machines agree
without a word. Only the cache is written; the stage `convert@<source>` takes the documents from there, and converts
what no shard has. Run again, or beside another run of the same shard, it comes to the same.
"""

import re
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from lineage.core.errors import LineageError
from lineage.pdf.admission import Limits
from lineage.pdf.at_once import convert_files
from lineage.pdf.cache_entry import CachedDocument
from lineage.pdf.convert import EVERY, already_known, must_be_there
from lineage.pdf.document_cache import AGAIN, open_cache
from lineage.pdf.folder import PdfFile, listed, papers
from lineage.pdf.shard_files import files_of_shard


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts, number 1 to `of`."""

    number: int
    of: int

    def holds(self, sha256: str) -> bool:
        """Whether the file with this hash is in it; one without a hash, since it cannot be read, is in none."""
        return bool(sha256) and int(sha256, 16) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(slots=True)
class ShardCounts:
    """What became of a shard's files.

    files: all of them. converted: now. cached: whose document was there. quarantined: by reason. left: by reason, those
    that the stage tries again: what may be the fault of this machine is kept nowhere.
    """

    files: int = 0
    converted: int = 0
    cached: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def settled(self) -> int:
        """Files of which this run knows what became of them."""
        return self.converted + self.cached + self.quarantined.total() + self.left.total()

    def refuse(self, reason: str) -> None:
        """Count a file that has no document."""
        counter = self.left if reason in (*AGAIN, "unreadable") else self.quarantined
        counter[reason] += 1


def shard_of(text: str) -> Shard:
    """`3/16` as a shard.

    Raises:
        LineageError: it is none.
    """
    if (found := re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)) and 1 <= int(found[1]) <= int(found[2]):
        return Shard(int(found[1]), int(found[2]))
    raise LineageError(f"--shard {text}: no shard; 3/16 is the third of sixteen, from 1/16 to 16/16")


def convert_shard(
    raw: Path, limits: Limits, cache: Path, shard: Shard, workers: int, withdrawn: Collection[str] = ()
) -> ShardCounts:
    """Convert the files of one shard that the cache does not have.

    Args:
        raw: the folder of all PDFs.
        limits: what a file may cost.
        cache: gets the documents.
        shard: which files.
        workers: how many are converted at a time.
        withdrawn: SHA-256 sums of files that are not converted.

    Raises:
        LineageError: `raw` is missing, or Tesseract where `limits.ocr` asks for it.
    """
    must_be_there(raw)
    known = open_cache(cache, limits)
    files, _ = listed(raw)
    counts, first = ShardCounts(), dict[str, str]()
    begun = told = time.monotonic()
    seen = 0

    def tell() -> None:
        nonlocal told
        if (now := time.monotonic()) - told > EVERY and counts.settled:
            told = now
            whole = max(counts.settled, counts.files + round((len(files) - seen) / shard.of))  # the rest is unread
            left = (now - begun) / counts.settled * (whole - counts.settled) / 60
            print(f"  {counts.settled} of {whole} files, about {left:.0f} minutes left", flush=True)

    def unknown() -> Iterator[PdfFile]:
        nonlocal seen
        for looked_at, mine in files_of_shard(raw, files, cache, str(shard), shard.holds):
            seen += looked_at
            for paper in papers(raw, mine, limits):
                if not shard.holds(paper.sha256):
                    continue  # it was changed since its hash was remembered
                counts.files += 1
                found = already_known(paper, limits, known, withdrawn, first)
                if found is None:
                    yield paper
                elif isinstance(found, CachedDocument):
                    counts.cached += 1
                else:
                    counts.refuse(found.reason)
                tell()

    with closing(convert_files(unknown(), limits, known, workers)) as converted:
        for _, refused in converted:
            if refused is None:
                counts.converted += 1
            else:
                counts.refuse(refused.reason)
            tell()
    return counts


def told_in_words(counts: ShardCounts) -> str:
    """One line: what became of the files."""
    parts = [f"{counts.converted} converted", f"{counts.cached} taken from the cache"]
    parts += [f"{counts.quarantined.total()} quarantined"]
    parts += [f"{counts.left.total()} left to the stage"] if counts.left else []
    return f"{counts.files} files, {', '.join(parts)}"
