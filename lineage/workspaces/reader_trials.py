"""Which reader reads some files: every one of them is tried on the first rows.

try_readers([Path("qa/a.jsonl"), Path("qa/b.csv")], Path("qa"))
    [ReaderTrial("prompt_response", "prompt_answer", read=300, rejected=0, unread=("score",)), …]   # the best first
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lineage.config.schema import Source
from lineage.core.errors import LineageError
from lineage.readers import reader, reader_names
from lineage.readers.io.unread import UnreadColumns
from lineage.records.record import Form, Record

LOOKED_AT = 300  # rows, by each reader
USUAL = ("prompt_response", "instructions", "questions", "pairs")  # of readers that read a file alike, these go first
HALF = 0.5  # of the rows must be read: a reader that rejects most was not made for them
GLANCE = 20  # rows of each single file
NOT_RAW = ("generated", "reports")  # what they read is made by stages


@dataclass(frozen=True, slots=True)
class ReaderTrial:
    """What one reader made of the first rows. unread: columns that hold something and go into no record."""

    reader: str
    form: Form
    read: int
    rejected: int
    unread: tuple[str, ...] = ()
    why: str = ""

    @property
    def share(self) -> float:
        """Of what was looked at, how much is read, 0..1."""
        return self.read / max(1, self.read + self.rejected)

    @property
    def whole(self) -> bool:
        """Everything that was looked at is read."""
        return bool(self.read) and not self.rejected


def try_readers(files: Sequence[Path], root: Path) -> list[ReaderTrial]:
    """The readers that read something of the files, the best first: most rows, then fewest columns left, then usual.

    files: below `root`, by which a reader sees their names. They are read where they lie; nothing is changed.
    """
    with _alone(files, root) as folder:
        trials = [_by(name, folder, LOOKED_AT) for name in reader_names() if name not in NOT_RAW]
    return sorted((one for one in trials if one.read), key=_worth)


def reads(name: str, file: Path, root: Path) -> bool:
    """Whether a reader reads anything of a file that lies among others."""
    with _alone([file], root) as folder:
        return _by(name, folder, GLANCE).share >= HALF


@contextmanager
def _alone(files: Sequence[Path], root: Path) -> Iterator[Path]:
    """A folder of these files alone, under the names that they have below `root`."""
    with tempfile.TemporaryDirectory(prefix="lineage-look-") as scratch:
        for file in files:
            there = Path(scratch, file.relative_to(root))
            there.parent.mkdir(parents=True, exist_ok=True)
            _same(file, there)
        yield Path(scratch)


def _worth(one: ReaderTrial) -> tuple[float, int, int, str]:
    usual = USUAL.index(one.reader) if one.reader in USUAL else len(USUAL)
    return (-round(one.share, 2), len(one.unread), usual, one.reader)


def _by(name: str, folder: Path, most: int) -> ReaderTrial:
    found = reader(name)
    form: Form = "prompt_answer" if "prompt_answer" in found.forms else found.forms[0]
    source = Source(title=name, input="raw", reader=name, forms=(form,), heldout=0.0, licence="unstated")
    unread, read, rejected, why = UnreadColumns(), 0, 0, ""
    try:
        for one in islice(found.found_in(folder, source, unread), most):
            if isinstance(one, Record):
                read += 1
            else:
                rejected += one.rows
                why = why or one.reason
    except LineageError as error:  # a file without the reader's columns: the source would fail as a whole
        rejected, why = rejected + max(1, read), str(error)
    return ReaderTrial(name, form, read, rejected, tuple(sorted(unread.rows)), why)


def _same(file: Path, there: Path) -> None:
    """The same file under another name, without its bytes where the disk allows it."""
    try:
        os.link(file, there)
    except OSError:
        shutil.copyfile(file, there)
