"""What gives a badly extracted rulebook away: lost articles, swallowed ones, and tables of amendments.

제3조(…) …  then  제9조(…)              제4조–제8조 are lost, or stand inside the text of 제3조
제7조(…) … 제8조(수수료) ① …            the last article holds the next one's opening
현행 | 개정안                           an amendment's two columns: not the rulebook, and half of it is void
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from lineage.readers.text.rulebook import PARTICLE, Article, Rulebook
from lineage.records.record import Rejected

LONGEST = 20_000  # characters of an article; the longest definitions in the field's statutes have some 8,000
OLD_NEW = re.compile(
    r"\W*현\s*행(?:\s*\([^)\n]*\))?\W+개\s*정\s*\(?(?:안|후|案)?\)?(?:\W+(?:비\s*고|사\s*유|개정\s*(?:사유|이유)))?\W*"
)
TITLE = re.compile(r"\W*신[\Wㆍ]*구\s*조문\s*대비\s*표\W*")  # ㆍ is a letter to Unicode
OLD, NEW = re.compile(r"\W*현\s*행\W*"), re.compile(r"\W*개\s*정\s*\(?(?:안|후|案)\)?\W*")
SAME = re.compile(r"\(\s*현행과\s*같음\s*\)")


def is_amendment(lines: Sequence[str]) -> bool:
    """Whether a text is an amendment's table of old and new: 신·구조문대비표, or its two column heads."""
    said = [line.strip() for line in lines if line.strip()]
    return (
        any(OLD_NEW.fullmatch(line) or TITLE.fullmatch(line) for line in said)
        or any(OLD.fullmatch(a) and NEW.fullmatch(b) for a, b in pairwise(said))
        or sum(1 for line in said if SAME.search(line)) >= 2
    )


def faults(book: Rulebook) -> dict[str, tuple[str, str]]:
    """The articles that cannot be trusted: name → (reason, remedy)."""
    found: dict[str, tuple[str, str]] = {}
    for article, after in _pairs(book):
        following = after.number if after else None
        if following is not None and following > article.through + 1:
            lost = _range(article.through + 1, following - 1)
            found[article.name] = (
                "an article before a gap in the numbers",
                f"{lost} are missing: they were lost, or stand inside this article; extract it again",
            )
        elif following != article.through + 1 and following != article.through and _holds(article):
            found[article.name] = (
                "an article that holds the opening of the next",
                f"제{article.through + 1}조 stands inside it; put each article on a line of its own",
            )
        elif len(article.text) > LONGEST:
            found[article.name] = (
                f"an article of more than {LONGEST:,} characters",
                f"{len(article.text):,} characters: it may hold other articles or an annex",
            )
    return found


def missing(book: Rulebook) -> list[int]:
    """The numbers that the body of the rulebook skips, from 제1조 to its last article."""
    there = {n for a in book.articles if not a.part for n in range(a.number, a.through + 1)}
    return sorted(set(range(1, max(there, default=0))) - there)


def lost_start(book: Rulebook, here: dict[str, Any]) -> Iterator[Rejected]:
    """A body that does not begin with 제1조 has lost its first pages."""
    first = next((a.number for a in book.articles if not a.part and a.number), 1)
    if first > 1:
        yield Rejected(
            here | {"article": _range(1, first - 1)},
            "articles missing at the start",
            "the first pages were lost: extract it again",
        )


def _pairs(book: Rulebook) -> Iterator[tuple[Article, Article | None]]:
    """Each article and the next one of its part."""
    parts: dict[str, list[Article]] = defaultdict(list)
    for article in book.articles:
        if article.number:
            parts[article.part].append(article)
    for articles in parts.values():
        yield from zip(articles, [*articles[1:], None], strict=True)


def _holds(article: Article) -> bool:
    opening = re.compile(rf"제\s?{article.through + 1}조\s?[(\[【〔][^()\[\]【】〔〕\n]{{1,40}}[)\]】〕]" + PARTICLE)
    # 「상법」 제8조(…) and 같은 법 제8조(…) speak of another law.
    return any(
        not re.search(r"(?:[」』]|(?:법|영|규정|규칙|세칙))\s*$", article.text[: match.start()])
        for match in opening.finditer(article.text)
    )


def _range(first: int, last: int) -> str:
    return f"제{first}조" if first == last else f"제{first}조~제{last}조"
