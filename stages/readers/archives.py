"""The files of a source's folder and those inside its zip archives, as streams: nothing is unpacked to disk.

AI Hub's archives, as they are downloaded: `TL_1.zip`, or `TL_1.zip.part0`, `TL_1.zip.part1073741824`, … to be
joined in the order of their numbers; member names in EUC-KR that zip tools show as CP437 (`╟╤▒█.json`); NFD
names from a Mac; one JSON inside, or thousands.

A member that is encrypted, that climbs out of its folder, that is a link, or that unpacks to suspiciously
much is refused by name, and the rest is read.
"""

import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from lineage.record import Rejected

MAX_BYTES = 4 << 30  # of one member, unpacked
MAX_RATIO = 200  # unpacked : packed. Korean JSON packs about 8 : 1, a bomb 1,000 : 1
RATIO_FROM = 16 << 20  # a small file may repeat itself as it likes
PART = re.compile(r"(?P<archive>.+\.zip)\.part(?P<number>\d+)", re.IGNORECASE)
LITTER = re.compile(r"(^|/)(\.(?!\.?(?:/|$))[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: `name` is its path from the source's folder (`TL_1.zip/가/1.json` inside an archive)."""

    name: str
    open: Callable[[], IO[bytes]]

    @property
    def suffix(self) -> str:
        """The extension in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()


def entries(folder: Path) -> Iterator[Entry | Rejected]:
    """All files in name order, archives opened. An entry can be read only before the next one is asked for.

    Files that systems leave behind (`.DS_Store`, `__MACOSX/`, `Thumbs.db`, names with a leading dot) hold no
    rows and are passed over.
    """
    archives: dict[str, list[tuple[int, Path]]] = {}
    plain: dict[str, Path] = {}
    for path in _walk(folder):
        name = _disk_name(path.relative_to(folder))
        if LITTER.search(name):
            continue
        if part := PART.fullmatch(name):
            archives.setdefault(part["archive"], []).append((int(part["number"]), path))
        elif name.lower().endswith(".zip"):
            archives.setdefault(name, []).append((-1, path))
        else:
            plain[name] = path
    for name in sorted(plain.keys() | archives.keys()):
        if name in plain:
            yield Entry(name, lambda path=plain[name]: path.open("rb"))  # type: ignore[misc]
        else:
            yield from _members(name, [path for _, path in sorted(archives[name])])


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(parent) / file for file in sorted(files))


def _disk_name(path: Path) -> str:
    """The path in NFC; a name that is not UTF-8 is taken for CP949, as old Korean systems wrote it."""
    name = path.as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("cp949", "replace")
    return unicodedata.normalize("NFC", name)


def _members(archive: str, paths: list[Path]) -> Iterator[Entry | Rejected]:
    here = {"file": archive}
    if len(paths) > 1 and paths[0].suffix.lower() == ".zip":
        yield Rejected(here, "an archive beside its own parts", "keep the .zip or its .part files, not both")
        paths = paths[:1]
    try:
        with Joined(paths) as joined, zipfile.ZipFile(joined) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
            if _too_much(sum(i.file_size for i in infos), sum(path.stat().st_size for path in paths)):
                yield Rejected(here, "an archive that unpacks to too much", f"more than {MAX_RATIO} times its size")
                return
            named = sorted(((_member_name(info), info) for info in infos), key=lambda pair: pair[0])
            for name, info in named:
                full = f"{archive}/{name}"
                if LITTER.search(name):
                    continue
                if reason := _refusal(name, info):
                    yield Rejected({"file": full}, reason, "it was not opened; unpack it by hand if you trust it")
                else:
                    yield Entry(full, lambda info=info: opened.open(info))  # type: ignore[misc]
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        yield Rejected(here, "a damaged archive", f"{error}: download it again, with all of its .part files")


def _refusal(name: str, info: zipfile.ZipInfo) -> str | None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        return "an archive member whose path leaves the archive"
    if info.flag_bits & 0x1:
        return "an encrypted archive member"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "an archive member that is a link"
    # zipfile reads no further than the size that is declared here, so a false one cannot grow past the limit.
    if info.file_size > MAX_BYTES or _too_much(info.file_size, info.compress_size):
        return "an archive member that unpacks to too much"
    if path.suffix.lower() == ".zip":
        return "an archive inside an archive"
    return None


def _too_much(unpacked: int, packed: int) -> bool:
    return unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed


def _member_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: UTF-8 where the archive says so, otherwise whatever its bytes read as."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437")
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


class Joined(io.RawIOBase):
    """Files read one after the other as if they were one, without writing that one."""

    def __init__(self, paths: list[Path]) -> None:
        """Open `paths` in the order given."""
        self.parts = [path.open("rb") for path in paths]
        self.starts = [0]
        for path in paths:
            self.starts.append(self.starts[-1] + path.stat().st_size)
        self.at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes: zip archives are read from their end."""
        return True

    def tell(self) -> int:
        """The position in bytes from the start of the first file."""
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as in any file; before the start is an OSError."""
        at = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.starts[-1]}[whence] + offset
        if at < 0:
            raise OSError(f"seek to {at}")
        self.at = at
        return at

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, across the files' borders; all that is left when negative."""
        end = self.starts[-1] if size is None or size < 0 else min(self.at + size, self.starts[-1])
        found = []
        for part, start, stop in zip(self.parts, self.starts, self.starts[1:], strict=False):
            if start < end and stop > self.at:
                part.seek(self.at - start)
                found.append(part.read(min(end, stop) - self.at))
                self.at += len(found[-1])
        return b"".join(found)

    def close(self) -> None:
        """Close every file."""
        for part in self.parts:
            part.close()
        super().close()
