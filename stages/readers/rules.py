"""Rulebooks by article: one text file a rulebook (enforcement rules, listing and business regulations).

    가온시장 업무규정 시행세칙
    제1장 총칙
    제1조(목적) 이 세칙은 …
    제2조(호가의 단위) ① 호가는 … <개정 2024.1.1>
    부칙 <2024.1.1>
    제1조(시행일) 이 세칙은 …

A line that opens with 제N조(제목) begins an article if its number goes up; a reference that opens a wrapped
line, "제2조(호가의 단위)에 따라", does not. Headings of 장·절·관 end an article, 부칙 counts anew, annexes
(별표·별지) are rejected by name, since they hold forms and tables.

    python -m stages.ingest rules
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from lineage.record import Record, Rejected, qa
from stages.readers.archives import Entry, entries
from stages.readers.clean import clean, one_line
from stages.readers.files import DAMAGE, text_of

ARTICLE = re.compile(
    r"제\s?(?P<number>\d+)조(?:의\s?(?P<branch>\d+))?"
    r"\s?(?:\((?P<title>[^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)|(?=\s*(?:삭제|<삭제)))"
    r"(?!\s*(?:및|또는|내지|각\s?호|부터|까지)|[에의를을은는과와로제가,」ㆍ·])\s*(?P<text>.*)"
)
LEVELS = "편장절관"
HEADING = re.compile(r"제\s?\d+(?:의\d+)?\s?(?P<level>[편장절관])(?:의\d+)?(?:\s|$)")
ADDENDUM = re.compile(r"부\s*칙(?!\s*제\s?\d+조)(?P<date>\s*[<(〈\[（].*?[>)〉\]）])?\s*(?P<text>.*)")
ANNEX = re.compile(
    r"[\[<【〔(]?\s*(?:별표|별지|별첨|서식)(?:\s?제?\s?\d+[^에의를을은는과와\s]*)?\s*(?:[\]>】〕)].*|서식.*|$)"
)


@dataclass
class Article:
    """An article: 제3조의2, its title, the headings over it, its lines as written."""

    name: str
    title: str
    chapter: str
    lines: list[str]


@dataclass
class Rulebook:
    """What a file came out as. `name` is its first line, unless a chapter or an article opens it."""

    name: str = ""
    articles: list[Article] = field(default_factory=list)
    annexes: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def read(folder: Path, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    """One record an article in each of the forms asked for: its text, or {"조", "제목", "내용"} as JSON.

    A file that comes out with fewer than two articles was extracted badly and is rejected whole.
    """
    for entry in entries(folder):
        if isinstance(entry, Rejected):
            yield entry
        elif entry.suffix != ".txt":
            yield Rejected({"file": entry.name}, "not a .txt file", "save the rulebook as text, one article a line")
        else:
            yield from _rulebook(entry, forms)


def _rulebook(entry: Entry, forms: Sequence[str]) -> Iterator[Record | Rejected]:
    try:
        with text_of(entry) as stream:
            lines = clean(stream.read()).split("\n")
    except DAMAGE as error:
        yield Rejected({"file": entry.name}, "a damaged file", str(error))
        return
    book = parse(lines)
    name = book.name or PurePosixPath(entry.name).stem
    if len(book.articles) < 2:
        found = f"{len(book.articles)} found in {len(lines)} lines"
        yield Rejected(
            {"file": entry.name},
            "a rulebook with fewer than two articles",
            f"{found}: extract it again, an article a line",
        )
        return
    for article in book.articles:
        origin = {"file": entry.name, "article": article.name}
        text = "\n".join(article.lines).strip()
        if not text or text.startswith(("삭제", "<삭제")):
            reason = "a deleted article" if text else "an article without text"
            yield Rejected(origin, reason, "nothing to learn; if it has text in the rulebook, extract it again")
            continue
        chapter = {"chapter": article.chapter} if article.chapter else {}
        yield from _records(name, article, text, origin | chapter, forms)
    for line in book.annexes:
        yield Rejected({"file": entry.name, "annex": line[:60]}, "an annex", "its tables and forms are not read")
    if book.outside:
        said = " / ".join(book.outside)
        yield Rejected({"file": entry.name}, "lines outside of any article", f"{len(book.outside)} lines: {said:.120}")


def _records(book: str, article: Article, text: str, origin: dict[str, Any], forms: Sequence[str]) -> Iterator[Record]:
    title = f"({article.title})" if article.title else ""
    prompt, group = f"{book} {article.name}{title}의 내용은 무엇입니까?", f"{book} {article.name}"
    if "prompt_answer" in forms:
        yield qa(prompt, text, group=group, origin=origin)
    if "record" in forms:
        fields = {"조": article.name, "제목": article.title, "내용": text}
        yield qa(prompt, json.dumps(fields, ensure_ascii=False), group=group, origin=origin, form="record")


def parse(lines: Sequence[str]) -> Rulebook:
    """A rulebook from its lines; a body that was extracted badly comes out with few articles or none."""
    book = Rulebook()
    headings: dict[str, str] = {}  # the open 편, 장, 절, 관
    part, undated = "", 0
    last = (0, 0)
    into: list[str] = book.outside  # where a line without a heading of its own belongs
    for line in lines:
        bare = line.strip()
        found = ARTICLE.match(bare)
        number = (int(found["number"]), int(found["branch"] or 0)) if found else last
        if found and number > last:
            name = f"{part}제{number[0]}조" + (f"의{number[1]}" if number[1] else "")
            into = [found["text"]]
            book.articles.append(Article(name, one_line(found["title"] or ""), " ".join(headings.values()), into))
            last = number
        elif heading := HEADING.match(bare):
            above = LEVELS[: LEVELS.index(heading["level"])]
            headings = {level: said for level, said in headings.items() if level in above}
            headings[heading["level"]] = one_line(bare)
            into = book.outside
        elif (addendum := ADDENDUM.fullmatch(bare)) and (book.articles or book.name):
            undated += not addendum["date"]
            name = "부칙" + (one_line(addendum["date"] or "") or (f"({undated})" if undated > 1 else ""))
            part, headings, last = f"{name} ", {}, (0, 0)
            # An addendum may have no articles of its own, only a sentence: it is one itself.
            into = [addendum["text"]]
            book.articles.append(Article(name, "", "", into))
        elif ANNEX.fullmatch(bare):
            book.annexes.append(bare)
            into = []
        elif bare and not book.name and not book.articles and not headings:
            book.name = one_line(bare)
        elif bare or into is not book.outside:
            into.append(line)
    book.articles = [a for a in book.articles if "조" in a.name or any(line.strip() for line in a.lines)]
    return book
