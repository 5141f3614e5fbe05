"""What became of every PDF, kept by content: for one machine, or for all that share the folder.

    .state/documents/1c07…/9f/9f86….json    an entry, as `cache_entry` writes it, of the file with this SHA-256
    .state/documents/1c07…/partial/         entries that are being written, each under a name of its own

An entry is there whole or not at all, by a rename, so nobody holds a lock: two that convert the same bytes at the same
time write the same entry, one over the other. The first folder is named by what shapes a document beside the file
(`converter_version`), so that what other code has made is never met; what depends on the limits of params.yaml is not
kept, nor what may be the machine's fault. It is a speed-up only: whoever misses an entry converts the file.
"""

import hashlib
import platform
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from lineage.core.code_identity import code_identity
from lineage.pdf.admission import Limits, Refused
from lineage.pdf.cache_entry import CachedDocument, keep_refusal, kept
from lineage.pdf.ocr import require_tesseract

AGAIN = ("timed out", "crashed", "out of memory")  # may be the machine's fault
NOT_KEPT = (*AGAIN, "too many pages", "unreadable")  # nor the limits' verdict, nor a file that was lost meanwhile
ENTRY = re.compile("[0-9a-f]{64}")
STALE = 86_400  # seconds after which what is half written belongs to a process that was killed


@dataclass(frozen=True, slots=True)
class DocumentCache:
    """The entries of one converter. folder: named by it."""

    folder: Path

    def find(self, sha256: str) -> CachedDocument | None:
        """The entry of the file with this hash, or None."""
        return kept(self._place(sha256), sha256)

    def partial(self) -> Path:
        """A file to write an entry to."""
        return self._partials / f"{uuid4().hex}.json"

    def take(self, partial: Path, sha256: str) -> None:
        """Let an entry that was written appear."""
        place = self._place(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(place)

    def refuse(self, sha256: str, refused: Refused) -> None:
        """Keep why a file has no document, if every machine would find the same."""
        if refused.reason not in NOT_KEPT:
            partial = self.partial()
            keep_refusal(partial, sha256, refused)
            self.take(partial, sha256)

    def sweep(self) -> None:
        """Remove what killed processes left half written; whose clock is right is not asked, but the folder's own."""
        mark = self.partial()
        mark.touch()
        now = mark.stat().st_mtime
        mark.unlink()
        for left in self._partials.iterdir():
            with suppress(FileNotFoundError):  # its writer has let it appear, or another one swept
                if now - left.stat().st_mtime > STALE:
                    left.unlink()

    @property
    def _partials(self) -> Path:
        return self.folder / "partial"

    def _place(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / f"{sha256}.json"


def open_cache(root: Path, limits: Limits) -> DocumentCache:
    """The part of a cache that this converter takes from and gives to.

    Raises:
        LineageError: Tesseract is missing where `limits.ocr` asks for it.
    """
    cache = DocumentCache(root / converter_version(limits))
    (cache.folder / "partial").mkdir(parents=True, exist_ok=True)
    cache.sweep()
    return cache


def entries_of(root: Path, sha256: str = "") -> list[Path]:
    """The entries of a document, by whatever converter, half written ones too; without a hash, those of all."""
    found = [path for path in sorted(root.glob(f"*/??/{sha256 or '*'}.json")) if ENTRY.fullmatch(path.stem)]
    for half in sorted(root.glob("*/partial/*.json")):
        with suppress(FileNotFoundError):  # it has become whole
            found += [half] if sha256.encode() in half.read_bytes()[:100] else []
    return found


def forget(root: Path, sha256: str = "") -> int:
    """Remove these entries; how many there were. Nothing else that lies in the folder is touched."""
    found = entries_of(root, sha256)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def converter_version(limits: Limits) -> str:
    """Names what shapes a document besides the file: the code that a worker runs, the PDF reader, the letters' tables
    of this Python, the kind of processor; Tesseract, if it is asked for.
    """
    shaping = [version("pymupdf"), code_identity("lineage.pdf.worker"), unicodedata.unidata_version, platform.machine()]
    if limits.ocr:
        shaping.append(require_tesseract())
    return hashlib.sha256("\n".join(shaping).encode()).hexdigest()[:16]
