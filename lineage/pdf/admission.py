"""What is not converted, why, and what to do about it: no text is better than wrong text.

A file is refused before it is opened (size, first bytes), when it is opened (encrypted, damaged, pages) or
when its text has been read (none, or not text at all: fonts that do not say which letters they draw).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lineage.pdf.character_codes import misread, no_text
from lineage.pdf.fonts import Unread

REMEDIES = {
    "withdrawn": "its sha256 stands under papers.<source>.withdrawn in params.yaml: take it out there to use it again",
    "a link": "links are not followed: put the file itself here (cp -L); where DVC made the link: "
    "dvc config cache.type reflink,copy && dvc checkout --relink",
    "unreadable": "it may not be read, or is no plain file: mend its permissions, or copy the file here",
    "not a PDF": "open it in a browser: it is probably a web page or another format; save the real PDF",
    "empty": "the file has no bytes: download it again",
    "damaged": "download it again, or open it in a viewer and print it to a new PDF",
    "encrypted": "open it as its owner may, save or print a copy without protection and put that in its place",
    "too large": "raise papers.<source>.max_megabytes in params.yaml, or split the file",
    "too many pages": "raise papers.<source>.max_pages in params.yaml, or split the file",
    "no text layer": "its pages are pictures: set papers.<source>.ocr: true in params.yaml, or get the original",
    "undecodable fonts": "its letters have no names: set papers.<source>.ocr: true in params.yaml, or get the original",
    "figures are pictures": "set papers.<source>.ocr: true in params.yaml, or get the original, not printed to a PDF",
    "duplicate": "the same bytes came before under another name: remove one of the two",
    "timed out": "raise papers.<source>.seconds in params.yaml, or print the file to a new PDF",
    "out of memory": "it unpacks to gigabytes: print it to a new PDF, or split it",
    "crashed": "it brought the PDF reader down twice: print it to a new PDF",
}


class Refused(Exception):
    """A file that is not converted. `reason` is a key of REMEDIES, `detail` says what was seen."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Limits:
    """What a file may cost: its size, its pages, and seconds (one more for every page that was read).

    `ocr` says whether pages without a text layer are read by Tesseract.
    """

    max_megabytes: float
    max_pages: int
    seconds: float
    ocr: bool = False


def check_bytes(head: bytes, size: int, limits: Limits) -> None:
    """Refuse by the first KiB and the size in bytes, before anything is opened."""
    if size == 0:
        raise Refused("empty")
    if size > limits.max_megabytes * 1_000_000:
        raise Refused("too large", f"{size / 1e6:.1f} MB, allowed are {limits.max_megabytes:g}")
    if b"%PDF-" not in head[:1024]:
        raise Refused("not a PDF", f"it begins with {head[:12]!r}")


def quality(text: str) -> float:
    """The share of characters, 0 to 1, that stand for a letter or a sign at all."""
    letters = len("".join(text.split()))
    return 1.0 - no_text(text) / letters if letters else 0.0


def has_text_layer(text: str, pictured: bool) -> bool:
    """Whether a page's text is its own: not missing, not a stamp on a scan, not letters from fonts without names."""
    count = len("".join(text.split()))
    if count < 30:
        return count > 0 and not pictured
    return quality(text) >= 0.7 and not misread(text)


def check_text(pages: Sequence[str], pictured: Sequence[bool], unread: Sequence[Unread] = ()) -> float:
    """Refuse a document whose text is missing or is no text; returns its quality.

    Args: pages: raw text of each page; pictured: whether a page shows a picture over most of it; unread: what its
    fonts do not tell of each page.
    """
    text = "".join(pages)
    count = len("".join(text.split()))
    lost = sum(page.lost for page in unread)
    shown = sum(max(page.shown, len(said)) for page, said in zip(unread, pages, strict=True)) if unread else 0
    if lost and lost * 10 >= shown * 3:
        found = max(unread, key=lambda page: page.lost).why
        raise Refused("undecodable fonts", str(Unread(shown, lost, found)))
    if count == 0 or (count < 10 * len(pages) and all(pictured)):
        raise Refused("no text layer", f"{count} characters on {len(pages)} pages")
    if why := misread(text):
        raise Refused("undecodable fonts", why)
    share = 1 - lost / shown if unread else quality(text)
    if share < 0.7:
        raise Refused("undecodable fonts", f"{no_text(text):,} of {count:,} characters are no text")
    return share
