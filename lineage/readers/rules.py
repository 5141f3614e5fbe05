"""Rulebooks by article: one file a rulebook (enforcement rules, listing and business regulations).

    가온시장 업무규정 시행세칙
    제1장 총칙
    제1조(목적) 이 세칙은 …
    제2조(호가의 단위) ① 호가는 … <개정 2024.1.1>
    부칙 <2024.1.1>
    제1조(시행일) 이 세칙은 …

Text (.txt) or HWPX, which also gives the annexes (별표·별지) with their tables; in a text file these are rejected by
name, since a table that became text lost its columns. How a rulebook is taken apart is told in text/rulebook.py, what
shows that it was extracted badly in text/rulebook_checks.py. Two editions of a rulebook share their groups, article by
article, and differ in their as-of dates.

    python -m stages.ingest rules
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from lineage.readers.io.archives import entries
from lineage.readers.io.members import Member
from lineage.readers.io.tabular import DAMAGE
from lineage.readers.io.text_stream import text_of
from lineage.readers.text import annexes, hwpx
from lineage.readers.text.normalize import clean
from lineage.readers.text.rulebook import Article, Rulebook, book_name, holds_from, parse
from lineage.readers.text.rulebook_checks import faults, is_amendment, lost_start, missing
from lineage.records.record import Form, Record, Rejected, qa

FORMS: tuple[Form, ...] = ("prompt_answer", "record")
OWN_RECORD = True  # an article by its number, title and text
AMENDMENT = (
    "an amendment's table of old and new",
    "half of it is void: give the rulebook as it reads after the amendment",
)
PEEK = 4 << 20  # characters of a JSON document in which an amendment's heads are looked for


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record an article in each of the forms asked for: its text, or {"조", "제목", "내용"} as JSON.

    A file that comes out with fewer than two articles, or with most of them missing, was extracted badly and is
    rejected whole; an article that may hold others is rejected by itself.
    """
    for entry in entries(folder):
        if isinstance(entry, Rejected):
            yield entry
            continue
        try:
            yield from _file(entry, forms)
        except DAMAGE as error:
            yield Rejected({"file": entry.name}, "a damaged file", str(error))


def _file(entry: Member, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    here = {"file": entry.name}
    if entry.suffix == ".txt":
        with text_of(entry) as stream:
            yield from _rulebook(entry, clean(stream.read()).split("\n"), forms)
    elif entry.suffix == ".hwpx":
        yield from _document(entry, forms)
    elif entry.suffix == ".hwp":
        yield Rejected(here, "an HWP 5 file", hwpx.SAVE_AS)
    elif entry.suffix == ".json" and _holds_amendment(entry):
        yield Rejected(here, *AMENDMENT)
    else:
        yield Rejected(here, "not a .txt or .hwpx file", "save the rulebook as text, one article a line, or as HWPX")


def _holds_amendment(entry: Member) -> bool:
    """Whether a converted document, whose lines lie in JSON texts, is a table of old and new."""
    with text_of(entry) as stream:
        said = stream.read(PEEK)
    lines = [piece for text in said.split('"') for line in text.split("\\n") for piece in [clean(line)] if piece]
    return is_amendment(lines)


def _document(entry: Member, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """A HWPX: a rulebook with its annexes, or annexes alone."""
    blocks = hwpx.blocks(entry)
    body, found = annexes.divide(blocks)
    book = parse([clean(line) for line in body])
    named, annex = annexes.named_by_file(entry.name)
    whole = len(book.articles) >= 2 or not (found or annex)
    if whole:
        yield from _rulebook(entry, body, forms)
    elif not found:  # the file's name is the only heading
        found = [annexes.Annex(annex, blocks)]
    elif body:
        said = " / ".join(body)
        yield Rejected({"file": entry.name}, "lines before an annex", f"{len(body)} lines: {said:.120}")
    name = _name(book, entry) if whole else named
    for one in found:
        yield from annexes.records(one, name, book.as_of, {"file": entry.name}, forms)


def _rulebook(entry: Member, lines: Sequence[str], forms: Sequence[str]) -> Iterator[Record | Rejected]:
    here = {"file": entry.name}
    if is_amendment(lines):
        yield Rejected(here, *AMENDMENT)
        return
    book = parse(lines)
    name = _name(book, entry)
    if len(book.articles) < 2:
        found = f"{len(book.articles)} found in {len(lines)} lines"
        yield Rejected(here, "a rulebook with fewer than two articles", f"{found}: extract it again, an article a line")
        return
    if len(lost := missing(book)) > sum(1 for article in book.articles if not article.part):
        numbers = ", ".join(f"제{n}조" for n in lost[:5])
        yield Rejected(here, "a rulebook with most of its articles missing", f"{numbers} …: extract it again")
        return
    yield from lost_start(book, here)
    wrong = faults(book)
    for article in book.articles:
        chapter = {"chapter": article.chapter} if article.chapter else {}
        edition = {"edition": book.as_of} if book.as_of else {}
        origin = here | {"article": article.name} | chapter | edition
        if article.name in wrong:
            yield Rejected(origin, *wrong[article.name])
        elif not article.text or article.text.startswith(("삭제", "<삭제")):
            reason = "a deleted article" if article.text else "an article without text"
            yield Rejected(
                origin | {"book": name}, reason, "nothing to learn; if it has text in the rulebook, extract it again"
            )
        else:
            yield from _records(name, article, holds_from(article, book), origin, forms)
    for line in book.annexes:
        yield Rejected(here | {"annex": line[:60]}, "an annex", "its table lost its columns here: add it as HWPX")
    if book.outside:
        said = " / ".join(book.outside)
        yield Rejected(here, "lines outside of any article", f"{len(book.outside)} lines: {said:.120}")


def _name(book: Rulebook, entry: Member) -> str:
    return book.name or book_name(PurePosixPath(entry.name).stem)


def _records(book: str, article: Article, as_of: str, origin: dict[str, Any], forms: Sequence[str]) -> Iterator[Record]:
    title = f"({article.title})" if article.title else ""
    prompt, group = f"{book} {article.name}{title}의 내용은 무엇입니까?", f"{book} {article.name}"
    if "prompt_answer" in forms:
        yield qa(prompt, article.text, group=group, origin=origin, as_of=as_of)
    if "record" in forms:
        fields = {"조": article.name, "제목": article.title, "내용": article.text}
        answer = json.dumps(fields, ensure_ascii=False)
        yield qa(prompt, answer, group=group, origin=origin, form="record", as_of=as_of)
