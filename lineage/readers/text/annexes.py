"""Annexes of rulebooks (별표·별지), out of HWPX documents: their tables keep their rows and columns.

    rules/가온시장 업무규정.txt
    rules/가온시장 업무규정_별표1.hwpx      the file's name says whose annex it is; or a folder of the rulebook's name
    rules/가온시장 업무규정.hwpx            or the whole rulebook, its annexes behind it

A record asks for an annex by its rulebook, its number and its title; long ones come in parts.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from lineage.readers.text.chunking import TextPart, split
from lineage.readers.text.normalize import one_line
from lineage.readers.text.rulebook import ANNEX, TAIL, book_name, last_change
from lineage.records.record import Record, Rejected, qa

FILE = re.compile(r"(?P<book>.*?)[\s_\-–·,.\[(【<]*(?P<annex>(?:별\s?[표지첨]|서식).*)")
NUMBER = re.compile(r"(?P<kind>별\s?[표지첨]|서식)(?:\s?제?\s?(?P<number>\d+(?:\s?의\s?\d+)?(?:-\d+)?)\s?호?)?")


@dataclass
class Annex:
    """[별표 1] 수수료율표(제8조 관련): its heading as written, and what stands under it."""

    heading: str
    blocks: list[TextPart] = field(default_factory=list)

    @property
    def label(self) -> str:
        """별표 1: the same in every edition, however its heading is written."""
        found = NUMBER.search(self.heading)
        if not found:
            return self.heading
        number = re.sub(r"\s", "", found["number"] or "")
        return one_line(f"{found['kind'].replace(' ', '')} {number}")

    @property
    def title(self) -> str:
        """[별표 1] 수수료율표(제8조 관련): without the days of its changes, with its name from the line below."""
        said = one_line(TAIL.sub("", self.heading))
        bare = NUMBER.sub("", said).strip(" []<>()【】〔〕")
        first = self.blocks[0] if self.blocks else None
        if bare or not first or first.head or len(first.lines[0]) > 80:
            return said
        return one_line(f"{said} {TAIL.sub('', first.lines[0])}")


def divide(blocks: Sequence[TextPart]) -> tuple[list[str], list[Annex]]:
    """(the lines before the first annex, the annexes) of a document."""
    body: list[str] = []
    annexes: list[Annex] = []
    for block in blocks:
        if len(block.lines) == 1 and ANNEX.fullmatch(block.lines[0].strip()):
            annexes.append(Annex(block.lines[0].strip()))
        elif annexes:
            annexes[-1].blocks.append(block)
        else:
            body += block.lines
    return body, annexes


def named_by_file(name: str) -> tuple[str, str]:
    """(rulebook, annex) as a file's name and folder say: "업무규정_별표1.hwpx" → ("업무규정", "별표1")."""
    path = PurePosixPath(unicodedata.normalize("NFC", name))
    found = FILE.fullmatch(path.stem)
    folder = path.parent.name.removesuffix(".zip")
    book = book_name(found["book"]) if found else ""
    return book or book_name(folder), one_line(found["annex"]) if found else ""


def records(
    annex: Annex, book: str, as_of: str, here: dict[str, Any], forms: Sequence[str]
) -> Iterator[Record | Rejected]:
    """The annex's parts as records of one group, or the Rejected that says what is missing.

    Args:
        annex: the annex.
        book: its rulebook's name; empty if nothing says whose it is, and then it is rejected.
        as_of: the day of the rulebook (2024-07-01) where the annex itself names none; may be empty.
        here: the origin of its file, {"file": "…"}.
        forms: that params.yaml asks of the source; only "prompt_answer" gives records.
    """
    origin = here | {"annex": one_line(annex.heading)[:60]}
    if not annex.blocks:
        yield Rejected(origin, "an annex without text", "it is empty or a picture; nothing to learn")
        return
    if not book:
        yield Rejected(origin, "an annex without its rulebook's name", "name the file <rulebook>_별표1.hwpx")
        return
    own = last_change("\n".join((annex.heading, *annex.blocks[0].lines)))
    parts = split(annex.blocks)
    ask = f"{book} {annex.title}의 내용은 무엇입니까?"
    for number, part in enumerate(parts, 1):
        if "prompt_answer" in forms:
            yield qa(
                f"{ask} ({number}/{len(parts)})" if len(parts) > 1 else ask,
                part,
                group=f"{book} {annex.label}",
                origin=origin | ({"part": number} if len(parts) > 1 else {}),
                measure="none",
                as_of=own or as_of,
            )
