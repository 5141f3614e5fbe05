"""The PDFs of a folder: which files they are, in which order, and what their documents are called.

data/raw/own/site_reports/2023/상장.pdf  →  PdfFile(file="2023/상장.pdf", name="2023__상장", sha256="9f…", path=…)
"""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lineage.pdf.admission import Limits, Refused, check_bytes

RESERVED = ("convert",)  # convert.json is the summary


@dataclass(frozen=True)
class PdfFile:
    """A PDF of the folder: where it lies, its name for people, its document's name.

    `sha256` is "" where it cannot be read; `refused` is what its size and first bytes say already; `stamp` is what the
    file system said when the hash was taken: size, time of change, inode.
    """

    path: Path
    file: str
    sha256: str
    refused: Refused | None
    stamp: tuple[int, int, int]
    name: str


def listed(raw: Path) -> tuple[list[Path], list[str]]:
    """The folder's PDFs in order of their names, and the names of what is something else; hidden files are neither.

    A link is not followed: it may lead round in circles, or to what nobody put here. One that is called .pdf is listed
    among the PDFs, to be refused by name; another is something else.
    """
    everything = [
        p
        for p in raw.rglob("*")
        if (p.is_symlink() or not p.is_dir()) and not any(s.startswith(".") for s in p.relative_to(raw).parts)
    ]
    pdfs = [p for p in everything if p.suffix.lower() == ".pdf"]
    others = sorted(_shown(p, raw) for p in everything if p.suffix.lower() != ".pdf")
    return sorted(pdfs, key=lambda p: (_shown(p, raw), os.fsencode(p))), others


def _shown(path: Path, raw: Path) -> str:
    """A file's name under its folder as text: composed Hangul, no broken bytes."""
    name = os.fsencode(path.relative_to(raw).as_posix()).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", name)


def papers(raw: Path, files: Sequence[Path], limits: Limits) -> Iterator[PdfFile]:
    """Give every file a document name: its path, with a piece of a hash where that is taken or too long."""
    taken = {name.casefold() for name in RESERVED}
    for path in files:
        file = _shown(path, raw)
        name = file[: -len(path.suffix)].replace("/", "__")
        if name.casefold() in taken or len(name.encode()) > 200:
            where = hashlib.sha256(os.fsencode(path.relative_to(raw))).hexdigest()[:8]
            name = name.encode()[:180].decode("utf-8", "ignore") + f"-{where}"
        taken.add(name.casefold())
        yield PdfFile(path, file, *looked_at(path, limits), name)


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """The stamp of a plain file; None of a link, a pipe or what is not there."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return _stamp(found) if stat.S_ISREG(found.st_mode) else None


def is_unchanged(paper: PdfFile, *, to_the_byte: bool = False) -> bool:
    """Whether a file is still what it was when it was hashed, by its stamp or by its bytes."""
    if stamp_of(paper.path) != paper.stamp:
        return False
    if not to_the_byte:
        return True
    try:
        with paper.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == paper.sha256
    except OSError:
        return False


def looked_at(path: Path, limits: Limits) -> tuple[str, Refused | None, tuple[int, int, int]]:
    """A file's hash, what its bytes are refused for, and its stamp; a link or a pipe is not opened."""
    nothing = (0, 0, 0)
    if path.is_symlink():
        return "", Refused("a link", "" if path.exists() else "it leads nowhere"), nothing
    try:
        if not path.is_file():
            return "", Refused("unreadable"), nothing
        with path.open("rb") as stream:
            stamp = _stamp(os.fstat(stream.fileno()))
            head = stream.read(1024)
            stream.seek(0)
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError:
        return "", Refused("unreadable"), nothing
    try:
        check_bytes(head, size, limits)
    except Refused as refused:
        return digest, refused, stamp
    return digest, None, stamp


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino
