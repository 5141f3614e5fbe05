"""A file as text, whatever it is encoded in: UTF-8 with or without a mark, UTF-16 (Excel's), CP949 (Korean Excel's).

CP949 gives a syllable for nearly every pair of bytes, so a text in another encoding comes out of it unnoticed:
Windows' "company’s" as "company뭩", Chinese as syllables among characters. Such a file is refused.

with text_of(entry) as text:
    …   # str, its line ends as they stand in the file
"""

import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE, getincrementaldecoder
from typing import TextIO

from lineage.readers.io.members import Member

OTHER_ENCODING = "it is neither UTF-8, UTF-16 nor Korean CP949: save it as UTF-8"
RARE = re.compile(rb"[\x81-\xc6][A-Za-z\x81-\xa0]|[\x81-\xa0][\xa1-\xfe]")  # syllables that CP949 adds to KS X 1001
PAIR = re.compile(rb"[\x81-\xfe][A-Za-z\x81-\xfe]")
CHARACTER, SYLLABLE = "[\u4e00-\u9fff\uf900-\ufaff]", "[가-힣]"
BEHIND = re.compile(f"(?<={CHARACTER}){SYLLABLE}")
# What Korean puts behind a Chinese character.
PARTICLE = re.compile("[이다의는을를가에고은로서하지한기도과와인적된등및상법률]")
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # of a character beyond U+FFFF, written as two escapes


def text_of(entry: Member, errors: str = "strict") -> TextIO:
    """The file as text: UTF-8 with or without a mark, UTF-16, or CP949, Korean Excel's.

    Raises:
        UnicodeError: it is none of these; also while reading, at a damaged byte, unless `errors` says otherwise.
    """
    return io.TextIOWrapper(entry.open(), encoding=_encoding(entry), errors=errors, newline="")


def _encoding(entry: Member) -> str:
    """Told by the first megabyte that is not all ASCII; what follows it can only be damage."""
    decoder = getincrementaldecoder("utf-8")()
    with entry.open() as stream:
        block = stream.read(1 << 20)
        if block.startswith((BOM_UTF32_LE, BOM_UTF32_BE)):
            return "utf-32"
        if block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return "utf-16"
        if unmarked := _utf_16_without_a_mark(block):
            return unmarked
        while block:
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                before = error.object[: error.start]
                korean = len(before) - len(before.decode("ascii", "ignore"))
                if korean > 64:  # so much is never UTF-8 by chance: a byte is damaged
                    return "utf-8-sig"
                if not _may_be_korean(block):
                    raise UnicodeError(OTHER_ENCODING) from error
                return "cp949"
            if not block.isascii():
                break
            block = stream.read(1 << 20)
    return "utf-8-sig"


def _may_be_korean(block: bytes) -> bool:
    """Whether bytes that CP949 reads are Korean: few rare syllables, and particles behind the Chinese characters."""
    pairs, rare = len(PAIR.findall(block)), len(RARE.findall(block))
    if rare > 1 + pairs / 5 or (rare and rare == pairs):
        return False
    found = block.decode("cp949", "ignore")
    behind = BEHIND.findall(found)
    chinese = len(re.findall(CHARACTER, found)) > len(re.findall(SYLLABLE, found)) / 4 and len(behind) > 1
    return not chinese or len(PARTICLE.findall("".join(behind))) > len(behind) / 3


def _utf_16_without_a_mark(block: bytes) -> str:
    """UTF-16 by the zero bytes of its spaces, digits and line ends, most on one side (가 has one too); "" for none."""
    if len(block) > 1 and 0 in block[:2]:
        return "utf-16-be" if block[0] == 0 else "utf-16-le"
    zeros, first = block.count(0), block[::2].count(0)
    if len(block) < 32 or zeros < len(block) / 50 or 0.25 < first / zeros < 0.75:
        return ""
    return "utf-16-be" if first > zeros / 2 else "utf-16-le"


def damage_in(text: str) -> str:
    """What is wrong with a text that was decoded with `surrogateescape`; "" if nothing."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        near = text[max(0, error.start - 20) : error.start + 20]
        return f"half a character, or a byte that is none, in {near!a}"
    return ""


class Watched:
    """A text that notes whether half a character has come by: looking at every row would cost more than reading it."""

    def __init__(self, text: TextIO) -> None:
        self.text, self.damaged, self.end = text, False, ""

    def read(self, size: int = -1, /) -> str:
        """Read on, as of any text."""
        found = self.text.read(size)
        near, self.end = self.end + found, found[-5:]
        self.damaged = self.damaged or bool(damage_in(found) or ("\\u" in near and HALF.search(near)))
        return found
