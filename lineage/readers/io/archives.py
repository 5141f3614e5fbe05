"""The files of a source's folder and those inside its archives, as streams.

AI Hub's archives, as they are downloaded:

    download.tar                                          what its download tool saves: the files below, uncompressed
    TL_1.zip.part0, TL_1.zip.part1073741824, …            named by their number or by their first byte; joined
    TL_1.zip                                              one JSON inside, or thousands, or zips of them
    ╟╤▒█.json                                             a name in EUC-KR that zip tools show as CP437; NFD from a Mac

Nothing is unpacked: tars and parts are read where they lie. Only a zip inside a zip is copied aside, one at a time,
because a packed file cannot be read from its end. What is encrypted, climbs out of its folder, is a link, lies deeper
than that or unpacks to suspiciously much is refused by name, and the rest is read.
"""

import io
import lzma
import os
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from lineage.core.errors import LineageError
from lineage.readers.io.members import (
    LITTER,
    MAX_RATIO,
    PART,
    RATIO_FROM,
    Member,
    Weight,
    disk_name,
    member_name,
    outside,
    refusal,
)
from lineage.readers.io.multipart import Joined, Piece, whole
from lineage.records.record import Rejected

UNREADABLE = (  # what zipfile and tarfile say of files that are damaged, or that they cannot read
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, NotImplementedError, OverflowError, RuntimeError),
)
TWICE = "a name given twice"
RELINK = "dvc config cache.type reflink,copy && dvc checkout --relink"
BY_HAND = "it was not opened; unpack it by hand if you trust it"


def entries(folder: Path) -> Iterator[Member | Rejected]:
    """All files in name order, archives opened. An entry can be read only before the next one is asked for.

    A link is not followed, whether it leads to a file, to a folder or nowhere.

    Files that systems leave behind (`.DS_Store`, `__MACOSX/`, `Thumbs.db`, names with a leading dot) hold no
    rows and are passed over.

    Raises:
        LineageError: the folder, or one inside it, cannot be listed.
    """
    found = []
    for path in _walk(folder):
        name = disk_name(path.relative_to(folder))
        if path.is_symlink():
            if not LITTER.search(name):
                yield Rejected({"file": name}, "a link that was not followed", _remedy(path))
        elif path.is_file():
            found.append((name, whole(path)))
        else:
            yield Rejected({"file": name}, "no plain file", "put a file in its place, or remove it")
    yield from _files("", found)


def _remedy(link: Path) -> str:
    """What to do about a link: outside of the folder it would read what nobody put here, at home it reads twice."""
    if not link.exists():
        return f"it leads nowhere ({disk_name(link.readlink())}): put the file itself here, or remove it"
    return f"put the file itself here: cp -rL. Where DVC made the link: {RELINK}"


def _files(place: str, found: Iterable[tuple[str, Piece]]) -> Iterator[Member | Rejected]:
    """The files among `found`, and what is in the archives among them. `place` is "" or that of a tar, with a slash."""
    plain: dict[str, Piece] = {}
    archives: dict[str, dict[int, Piece]] = {}
    for name, piece in found:
        if LITTER.search(name):
            continue
        part = PART.fullmatch(name)
        number = int(part["number"]) if part else -1
        if part or name.lower().endswith(".zip"):
            into = archives.setdefault(part["archive"] if part else name, {})
            twice, into[number] = number in into, piece
        else:
            twice, plain[name] = name in plain, piece
        if twice:
            yield Rejected({"file": place + name}, TWICE, "the last one was read; give the other a name of its own")
    for name in sorted(plain.keys() | archives.keys()):
        full = place + name
        if name in archives:
            yield from _archive(full, archives[name])
        elif not place and name.lower().endswith(".tar"):
            yield from _tar(full, plain[name])
        else:
            yield Member(full, lambda piece=plain[name]: _stream([piece]))  # type: ignore[misc]


def _walk(folder: Path) -> Iterator[Path]:
    """Files, and the links to folders, which os.walk does not enter: a link may lead round in circles."""
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders.sort()
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        yield from (Path(parent) / name for name in sorted(files + linked))


def _refuse(error: OSError) -> None:
    raise LineageError(f"{error.filename}: cannot be listed ({error.strerror}); mend its permissions") from error


def _stream(pieces: list[Piece]) -> IO[bytes]:
    return io.BufferedReader(Joined(pieces), 1 << 16)


def _tar(name: str, piece: Piece) -> Iterator[Member | Rejected]:
    """What is in an uncompressed tar, read where it lies."""
    found: list[tuple[str, Piece]] = []
    try:
        with Joined([piece]) as stream, tarfile.open(fileobj=stream, mode="r:", encoding="utf-8") as tar:
            last = -1
            while member := tar.next():
                if member.offset <= last or member.size < 0:  # a forged header sends tarfile round in circles
                    raise tarfile.ReadError(f"the header at byte {member.offset} points backwards")
                last, tar.members = member.offset, []  # type: ignore[attr-defined]
                inner = disk_name(member.name)
                if member.isdir():
                    continue
                plain = member.isreg() and not member.issparse()
                if reason := outside(inner) or ("" if plain else "an archive member that is a link or no plain file"):
                    yield Rejected({"file": f"{name}/{inner}"}, reason, BY_HAND)
                elif member.offset_data + member.size > piece.size:
                    raise tarfile.ReadError(f"it ends inside {inner}")
                else:
                    found.append((inner, Piece(piece.path, piece.start + member.offset_data, member.size)))
    except UNREADABLE as error:
        yield Rejected({"file": name}, "a damaged archive", f"{error}: download it again")
    yield from _files(f"{name}/", found)


def _archive(name: str, parts: dict[int, Piece]) -> Iterator[Member | Rejected]:
    """What is in a zip, whole (number −1) or in parts."""
    here = {"file": name}
    if -1 in parts and len(parts) > 1:
        yield Rejected(here, "an archive beside its own parts", "keep the .zip or its .part files, not both")
        parts = {-1: parts[-1]}
    pieces = [parts[number] for number in sorted(parts)]
    if missing := _missing(parts):
        yield Rejected(here, "an archive with a part missing", f"{missing}: download it into the same folder")
        return
    weight = Weight(sum(piece.size for piece in pieces))
    yield from _members(name, lambda: _stream(pieces), weight)


def _missing(parts: dict[int, Piece]) -> str:
    """The first gap between parts that are numbered 0, 1, 2 … or 1, 2, 3 …, or named by their first byte."""
    numbers = sorted(parts)
    if numbers in ([-1], list(range(len(numbers))), list(range(1, len(numbers) + 1))):
        return ""
    start = 0
    for number in numbers:
        if number != start:
            break
        start += parts[number].size
    else:
        return ""
    if numbers[-1] >= 1000:  # bytes: AI Hub cuts at gigabytes
        return f".part{start} is not there"
    return f".part{next(n for n in range(min(1, numbers[0]), numbers[-1]) if n not in parts)} is not there"


def _members(
    archive: str, source: Callable[[], IO[bytes]], weight: Weight, depth: int = 0
) -> Iterator[Member | Rejected]:
    here = {"file": archive}
    try:
        with source() as stream, zipfile.ZipFile(stream) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
            if weight.adds_up_to_too_much(sum(info.file_size for info in infos)):
                yield Rejected(here, "an archive that unpacks to too much", f"more than {MAX_RATIO} times its size")
                return
            named: dict[str, zipfile.ZipInfo] = {}
            for info in infos:
                name = member_name(info)
                if name in named:
                    yield Rejected({"file": f"{archive}/{name}"}, TWICE, "the last of them was read")
                named[name] = info
            for name, info in sorted(named.items()):
                full = f"{archive}/{name}"
                if LITTER.search(name) or name.endswith("/"):
                    continue
                if reason := refusal(name, info, depth):
                    yield Rejected({"file": full}, reason, BY_HAND)
                elif name.lower().endswith(".zip"):
                    yield from _members(full, lambda info=info: _copy(opened, info), weight, depth + 1)  # type: ignore[misc]
                else:
                    yield Member(full, lambda info=info: opened.open(info))  # type: ignore[misc]
    except UNREADABLE as error:
        yield Rejected(here, "a damaged archive", f"{error}: download it again, with all of its .part files")


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """A member as a file that can be read from its end; a large one is laid into the system's temporary folder."""
    copy = tempfile.SpooledTemporaryFile(max_size=RATIO_FROM)  # noqa: SIM115 - the caller closes it
    with archive.open(info) as stream:
        shutil.copyfileobj(stream, copy)
    return copy
