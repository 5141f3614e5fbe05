"""What two texts have in common but for their spelling: questions, answers, rulebooks and their articles.

    >>> plain("매출액은, 1,234 원 입니까?") == plain("매출액은 1234원입니까")
    True
    >>> cited("「업무규정」 제 7 조 제2항")
    Cited(books=('업무규정',), article='제7조')

Spacing and punctuation go; whatever belongs to a figure (sign, point, unit, the gap between two figures) stays.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b

from lineage.readers.text.dates import days
from lineage.records.record import Record

GAP = re.compile(r"(?<=\d)\s+(?=\d)")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
MINUS = re.compile(r"[△▲−－]\s?(?=[\d￦₩$])|[–‐](?=[\d￦₩$])")
RANGE = re.compile(r"[∼～〜]")
NO_FIGURE = re.compile(r"(?<!\d)\.|\.(?!\d)|-(?!\d)|[^\w.%+\-/<>=≥≤×÷~|$€¥￦₩°]|_")
# <개정 2024.1.1>, [전문개정 2009. 2. 3.], (신설 2023.7.1): when the text was changed, and no part of it.
TAIL = re.compile(
    r"[<〈\[(（]((?:[\d.,·:;\-/\s년월일]|개정|신설|제정|시행|전문|전부|일부|타법|본조|본항|제목|단서|후단)+)[>〉\])）]"
)
ARTICLE = re.compile(r"제\s*(?P<number>\d+)\s*조(?:\s*의\s*(?P<branch>\d+))?")
PLACED = re.compile(
    rf"(?P<book>[^?？]{{1,120}}?)\s*(?P<addendum>부\s*칙[^?？]{{0,40}}?)?\s*(?P<article>{ARTICLE.pattern})"
)
ANNEX = re.compile(r"(?P<book>.{1,120}?)\s*(?P<annex>(?:별\s?[표지첨]|서식)[\s\d의-]*)")
TITLE = re.compile(r"조(?:의\s*\d+)?\s*\((?P<title>.*)\)의 내용")
# What tells editions of a rulebook apart in its name: (2023), [시행 2024. 1. 2.], 2023년판.
EDITION = re.compile(
    r"[(\[<（][^()\[\]<>（）]*(?:\d{4}|시행|개정|제정)[^()\[\]<>（）]*[)\]>）]|\d{4}\s?년?\s?(?:도|판|개정판)"
)
QUOTES = re.compile("[「」『』《》〈〉<>\"'“”‘’]")
LABEL = re.compile(r"^(?:(?:정답|답)\s*(?:은|는|:|：)?\s*)?(?:[①-⑩]\s*|\(?[A-J1-9가나다라마바사아자][.)]\s+)")


@dataclass(frozen=True, slots=True)
class Cited:
    """An article that a text names: every name its rulebook may go by, the whole one first, and 제7조의2."""

    books: tuple[str, ...]
    article: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without its options, the answer and the other options, all plain; no options: an open question."""

    question: str
    answer: str
    wrong: tuple[str, ...]


def key(*parts: str) -> int:
    """A signed 64-bit number for some texts: of a million, two are the same with a chance of one in 10⁷."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), signed=True)


def plain(text: str) -> str:
    """The text without spacing and punctuation, and with every figure exact."""
    text = MINUS.sub("-", THOUSANDS.sub("", unicodedata.normalize("NFC", text)))
    return NO_FIGURE.sub("", RANGE.sub("~", GAP.sub("|", text))).casefold()


def book_names(book: str) -> tuple[str, ...]:
    """A rulebook's name without its edition, and the same without its first words: people leave them out."""
    words = QUOTES.sub(" ", EDITION.sub(" ", unicodedata.normalize("NFC", book))).casefold().split()
    return tuple("".join(words[at:]) for at in range(len(words)))


def cited(text: str) -> Cited | None:
    """The first article that a text such as "업무규정 제7조제2항" names with its rulebook."""
    found = PLACED.match(QUOTES.sub(" ", text).strip())
    return _cited(found) if found else None


def article_of(record: Record) -> Cited | None:
    """The article, or the part of an annex, that a rulebook's record is the text of, by its group "업무규정 제7조".

    None for an addendum without a date of its own ("부칙 제1조"): each edition has another one.
    """
    if "from" in record.origin or "rule" in record.origin or record.form not in ("prompt_answer", "record"):
        return None
    if annex := ANNEX.fullmatch(record.group) if "annex" in record.origin else None:
        return Cited(book_names(annex["book"]), "".join(annex["annex"].split()) + f" {record.origin.get('part', 1)}")
    ends_so = record.group.endswith("조") or record.group[-1:].isdigit()
    found = PLACED.fullmatch(record.group) if ends_so else None
    return _cited(found) if found else None


def _cited(found: re.Match[str]) -> Cited | None:
    books = book_names(found["book"])
    article = f"제{int(found['number'])}조" + (f"의{int(found['branch'])}" if found["branch"] else "")
    if found["addendum"]:
        of = days(found["addendum"])
        return Cited(books, f"부칙{of[0]}{article}") if of and books else None
    return Cited(books, article) if books else None


def article_text(record: Record) -> tuple[str, str]:
    """An article's title and text, plain and whatever the record's form; and the last day that its tails name."""
    text = record.completion
    if record.form == "record":
        said = _json(text)
        text = str(said.get("내용") or " ".join(map(str, said.values()))) if said else text
    tails = [day for tail in TAIL.finditer(text) for day in days(tail[1])]
    title = TITLE.search(record.prompt)
    return plain((title["title"] if title else "") + "\n" + TAIL.sub(" ", text)), max(tails, default="")


def asked(record: Record) -> Asked:
    """What a record asks and answers; the question holds all that was said before the answer."""
    before = [turn["content"] for turn in record.turns[:-1]]
    answer = _answer(record.completion)
    if record.measure != "choice":
        return Asked(plain("\n".join(before)), plain(_figure(answer) if record.measure == "number" else answer), ())
    options = [plain(_answer(option)) for option in record.options]
    lines = [line for line in "\n".join(before).split("\n") if plain(LABEL.sub("", line.strip())) not in options]
    right = plain(answer)
    return Asked(plain("\n".join(lines)), right, tuple(option for option in options if option != right))


def _answer(completion: str) -> str:
    """An answer without the JSON around it, {"답": "B. 5일"}, and without its letter."""
    said = _json(completion)
    return LABEL.sub("", str(said["답"] if said and "답" in said else completion).strip())


def _json(text: str) -> dict[str, object] | None:
    try:
        said = json.loads(text) if text.startswith("{") else None
    except json.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _figure(answer: str) -> str:
    """What a number's answer comes to: from its last figure on, unit included. Ways of working it out may differ."""
    words = answer.split()
    last = max((place for place, word in enumerate(words) if any(c.isdigit() for c in word)), default=0)
    if last and not any(c.isalnum() for c in words[last - 1]):  # a sign that stands apart, "△ 1,234"
        last -= 1
    return " ".join(words[last:])
