"""A rulebook's text taken apart: articles, addenda, annexes, and the days from which they hold.

    가온시장 업무규정 시행세칙                      the name, without what tells editions apart
    [시행 2024. 1. 1.]                              the day from which the edition holds
    제1장 총칙
    제1조(목적) 이 세칙은 …
    제2조(호가의 단위) ① 호가는 … <개정 2024.7.1>    this article holds from 2024-07-01
    제3조부터 제5조까지 삭제 <2020.1.1>
    부칙 <2024.1.1>
    제1조(시행일) 이 세칙은 2024년 1월 1일부터 시행한다.

A line that opens with 제N조(제목) begins an article if its number goes up; a reference that opens a wrapped
line, "제2조(호가의 단위)에 따라", does not. Headings of 장·절·관 end an article, 부칙 counts anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lineage.readers.text.dates import days
from lineage.readers.text.normalize import one_line

PARTICLE = r"(?!\s*(?:및|또는|내지|각\s?호|부터|까지)|[에의를을은는과와로제가,」ㆍ·])"
ARTICLE = re.compile(
    r"제\s?(?P<number>\d+)조(?:의\s?(?P<branch>\d+))?"
    r"\s?(?:\((?P<title>[^()\n]*(?:\([^()\n]*\)[^()\n]*)*)\)|(?=\s*(?:삭제|<삭제)))" + PARTICLE + r"\s*(?P<text>.*)"
)
DELETED_RANGE = re.compile(
    r"제\s?(?P<first>\d+)조(?:의\s?\d+)?\s?(?:부터|내지|[~∼～-])\s?제\s?(?P<last>\d+)조(?:의\s?\d+)?(?:까지)?[은는]?\s*"
    r"(?P<text>삭\s*제\s*(?:[<〈\[(].*)?|[<〈]\s*삭\s*제.*)"
)
LEVELS = "편장절관"
HEADING = re.compile(r"제\s?\d+(?:의\d+)?\s?(?P<level>[편장절관])(?:의\d+)?(?:\s|$)")
ADDENDUM = re.compile(r"부\s*칙(?!\s*제\s?\d+조)(?P<date>\s*[<(〈\[（].*?[>)〉\]）])?\s*(?P<text>.*)")
ANNEX = re.compile(
    r"[\[<【〔(]?\s*(?:별표|별지|별첨|서식)(?:\s?제?\s?\d+[^에의를을은는과와\s]*)?\s*(?:[\]>】〕)].*|서식.*|$)"
)
EDITION = re.compile(  # what a name says about its edition: "(2024. 1. 1. 시행)", "[일부개정]", "_20240101"
    r"\s*[\[(（<【〈][^\[\](（）)<>]*(?:시행|개정|제정|(?:19|20)\d{2}\s?[.\-년])[^\[\](（）)<>]*[\])）>】〉]"
    r"|[\s_\-]*(?:19|20)\d{2}[.\-]?\d{2}[.\-]?\d{2}\.?$"
)
HOLDS_FROM = re.compile(
    r"시\s?행\s?일?\s*[:：]?\s*(?P<before>(?:19|20)\d{2}[^\]\[<>,]*)|(?P<after>(?:19|20)\d{2}[^\]\[<>,]*?)\s*시행"
)
IN_FORCE = re.compile(r"[\[(（]?\s*시\s?행\s?일?\s*[:：]?\s*(?:19|20)\d{2}[\d\s.년월일]*[\])）]?")
ENTRY = re.compile(
    r"이\s?(?:규정|세칙|규칙|법|영|지침|기준|고시|요령|내규|정관|업무규정|시행세칙)[은는]\s*(?P<day>[^.\n]*?\d[^\n]*?)부터\s*시행"
)
# <개정 2024.1.1> [본조신설 2024. 1. 1.] [시행일: 2024.7.1] <2024.1.1>: what an article says about its own changes.
TAIL = re.compile(
    r"[<\[〈＜]\s*(?:[^<>\[\]〈〉＜＞]*?(?:개정|신설|삭제|이동|시행)[^<>\[\]〈〉＜＞]*|[\d\s.,년월일]+)[>\]〉＞]"
)


@dataclass
class Article:
    """An article: 제3조의2, its title, the headings over it, its lines as written.

    part: "" or the addendum that it stands in. number: 3 of 제3조의2, 0 for an addendum without articles.
    through: the last number that it stands for, where one line deletes several.
    """

    name: str
    title: str
    chapter: str
    lines: list[str]
    part: str = ""
    number: int = 0
    through: int = 0

    @property
    def text(self) -> str:
        """What the article says, without the line that names it."""
        return "\n".join(self.lines).strip()


@dataclass
class Rulebook:
    """What a file came out as. `name` is its first line, unless a chapter or an article opens it."""

    name: str = ""
    articles: list[Article] = field(default_factory=list)
    annexes: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    as_of: str = ""


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
        chapter = " ".join(headings.values())
        if found and number > last:
            name = f"{part}제{number[0]}조" + (f"의{number[1]}" if number[1] else "")
            into = [found["text"]]
            book.articles.append(
                Article(name, one_line(found["title"] or ""), chapter, into, part, number[0], number[0])
            )
            last = number
        elif (gone := DELETED_RANGE.fullmatch(bare)) and (int(gone["first"]), 99) > last:
            first, through = int(gone["first"]), int(gone["last"])
            name = f"{part}제{first}조~제{through}조"
            into = [gone["text"]]
            book.articles.append(Article(name, "", chapter, into, part, first, through))
            last = (through, 99)
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
            book.articles.append(Article(name, "", "", into, part))
        elif ANNEX.fullmatch(bare):
            book.annexes.append(bare)
            into = []
        elif bare and not book.name and not book.articles and not headings:
            book.name = book_name(bare)
            book.outside += [bare] if not book.name else []
        elif into is book.outside and not book.articles and IN_FORCE.fullmatch(bare):
            continue  # it is read by _edition
        elif bare or into is not book.outside:
            into.append(line)
    book.articles = [a for a in book.articles if a.number or a.text]
    book.as_of = _edition(lines, book)
    return book


def book_name(line: str) -> str:
    """The name that all editions of a rulebook share: "업무규정 (2024. 1. 1. 시행)" → "업무규정"."""
    return one_line(EDITION.sub("", line)).strip(" _-")


def holds_from(article: Article, book: Rulebook) -> str:
    """The day from which an article holds: of its own last change, else of its addendum, else of the edition."""
    own = [day for tail in TAIL.findall(article.text) for day in days(tail)]
    return max(own, default="") or max(days(article.part), default="") or book.as_of


def last_change(text: str) -> str:
    """The latest day in the tails of a text; "" where it has none."""
    return max((day for tail in TAIL.findall(text) for day in days(tail)), default="")


def _edition(lines: Sequence[str], book: Rulebook) -> str:
    """The day from which the edition holds: of its head ("[시행 2024. 1. 1.]"), or of its last addendum."""
    for line in [said for said in lines if said.strip()][:12]:
        if ARTICLE.match(line.strip()):
            break
        for match in HOLDS_FROM.finditer(line[:1000]):  # a rulebook without line ends is one line
            if found := days(match["before"] or match["after"]):
                return found[0]
    parts = [article.part for article in book.articles if article.part]
    for article in book.articles:
        if parts and article.part == parts[-1] and (entry := ENTRY.search(article.text)):
            return next(iter(days(entry["day"])), "")
    return ""
