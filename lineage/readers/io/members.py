"""One file in a folder or an archive: its name as it was meant, and whether it may be opened.

Names in archives are not to be trusted, and old Korean systems wrote them in CP949: `╟╤▒█.json` is `한글.json`.
"""

import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

MAX_BYTES = 4 << 30  # of one member, unpacked
MAX_RATIO = 200  # unpacked : packed. Korean JSON packs about 8 : 1, a bomb 1,000 : 1
RATIO_FROM = 16 << 20  # a small file may repeat itself as it likes
PART = re.compile(r"(?P<archive>.+\.zip)\.part(?P<number>\d{1,15})", re.IGNORECASE)
LITTER = re.compile(r"(^|/)(\.(?!\.?(?:/|$))[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Member:
    """One file: `name` is its path from the source's folder (`TL_1.zip/가/1.json` inside an archive)."""

    name: str
    open: Callable[[], IO[bytes]]

    @property
    def suffix(self) -> str:
        """The extension in lower case, with its dot."""
        return PurePosixPath(self.name).suffix.lower()


@dataclass
class Weight:
    """What an archive may unpack to, those inside it included."""

    packed: int
    unpacked: int = 0

    def adds_up_to_too_much(self, more: int) -> bool:
        """Add `more` bytes; whether that is more than honest files of this size hold."""
        self.unpacked += more
        return too_much(self.unpacked, self.packed)


def disk_name(path: Path | str) -> str:
    """The path in NFC; a name that is not UTF-8 is taken for CP949, as old Korean systems wrote it."""
    name = PurePosixPath(path).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        name = name.encode("utf-8", "surrogateescape").decode("cp949", "replace")
    return unicodedata.normalize("NFC", name)


def outside(name: str) -> str:
    """Why a path in an archive is not to be followed; "" where it stays inside."""
    path = PurePosixPath(name)
    away = path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name)
    return "an archive member whose path leaves the archive" if away else ""


def refusal(name: str, info: zipfile.ZipInfo, depth: int) -> str:
    """Why a zip's member is not opened, "" if it may be. `depth` counts the zips around its own."""
    if reason := outside(name):
        return reason
    if info.flag_bits & 0x1:
        return "an encrypted archive member"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "an archive member that is a link or no plain file"
    # zipfile reads no further than the size that is declared here, so a false one cannot grow past the limit.
    if info.file_size > MAX_BYTES or too_much(info.file_size, info.compress_size):
        return "an archive member that unpacks to too much"
    if name.lower().endswith(".tar") or (depth and name.lower().endswith(".zip")) or PART.fullmatch(name):
        return "an archive inside an archive"
    return ""


def too_much(unpacked: int, packed: int) -> bool:
    """Whether this many bytes from so few are a bomb."""
    return unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed


def member_name(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: UTF-8 where the archive says so, otherwise whatever its bytes read as."""
    name = info.orig_filename.partition("\0")[0]
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437")
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return unicodedata.normalize("NFC", name.replace("\\", "/"))
