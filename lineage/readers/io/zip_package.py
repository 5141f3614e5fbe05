"""Documents that are zips of XML (.xlsx, .hwpx), opened so that a bomb cannot fill the memory or the disk.

with package(entry) as opened:      # a zipfile.ZipFile whose members were all weighed first
    opened.open("Contents/section0.xml")
"""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from lineage.readers.io.members import MAX_RATIO, Member, too_much

MAX_PART = 256 << 20  # one XML part, unpacked: parsers hold much of it at once
SPOOL = 16 << 20  # beyond it a copy lies on disk instead of in memory


class UnsafePackage(zipfile.BadZipFile):
    """A document that unpacks to too much, or is encrypted. As a BadZipFile it counts as a damaged file."""


@contextmanager
def package(entry: Member) -> Iterator[zipfile.ZipFile]:
    """The document's zip, readable in any order even when it lies inside an archive itself.

    Raises:
        UnsafePackage: a part unpacks to more than MAX_PART or MAX_RATIO times its size, or is encrypted.
        zipfile.BadZipFile: it is no zip.
    """
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as copy:
        with entry.open() as stream:
            shutil.copyfileobj(stream, copy)
        with zipfile.ZipFile(copy) as opened:
            for info in opened.infolist():
                if info.flag_bits & 0x1:
                    raise UnsafePackage(f"{info.filename} is encrypted: save the document without a password")
                # zipfile reads no further than the size declared here: a false one cannot grow past the limit.
                if info.file_size > MAX_PART or too_much(info.file_size, info.compress_size):
                    raise UnsafePackage(
                        f"{info.filename} unpacks to {info.file_size:,} bytes, more than {MAX_PART:,} "
                        f"or {MAX_RATIO} times its size"
                    )
            yield opened
