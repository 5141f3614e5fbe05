"""Questions for the term that a text explains: an entry of a glossary, or a definition inside an article.

    "가산금리: 기준금리에 신용도에 따라 더하는 금리"      다음 설명에 해당하는 용어를 쓰시오. … → 가산금리
    "이 세칙에서 “회원”이란 … 자를 말한다."              … 에서 다음과 같이 정한 용어를 쓰시오. … → 회원

They have no options: terms of other entries would tie this row to records that may be withdrawn or held out.
"""

import re
from collections.abc import Iterator

from lineage.synthesis.gap_questions import GAP, without_hint
from lineage.synthesis.passages import flat
from lineage.synthesis.proposal import Proposal, Reference

ENTRY = "다음 설명에 해당하는 용어를 쓰시오.\n{text}"
ARTICLE = "{name}에서 다음과 같이 정한 용어를 쓰시오.\n{meaning}"
DEFINED = re.compile(
    r"[“\"「‘'](?P<term>[^“”\"「」‘’'\n]{2,30})[”\"」’']\s?(?:\([^)]{1,40}\)\s?)?(?:이란|란|이라 함은|라 함은)\s"
    r"(?P<meaning>[^“”\"「」\n]{8,200}?)(?:을|를) 말한다"
)
BRACKETS = re.compile(r"\s*[(（\[](?P<inside>[^)）\]]*)[)）\]]")
LEAST, SHOWN = 12, 200  # characters of an explanation; a longer one is cut at a sentence's end
SENTENCE = re.compile(r"(?<=[다요음함임됨]\.)\s+")


def term_questions(reference: Reference) -> Iterator[Proposal]:
    """What is explained here? Asked only where nothing of the term's own words is left in the question."""
    if reference.term and names_of(reference.term):
        text = without_hint(_masked(_opening(reference.text), reference.term))
        if len(text.replace(GAP, "")) >= LEAST:
            yield Proposal(ENTRY.format(text=text), reference.term)
    elif reference.name:
        for match in DEFINED.finditer(flat(reference.text)):
            yield Proposal(ARTICLE.format(name=reference.name, meaning=match["meaning"]), match["term"])


def names_of(term: str) -> list[str]:
    """A term as texts write it, the longest first: "가산금리(Spread)" → itself, "가산금리", "Spread"."""
    inside = [m["inside"].strip() for m in BRACKETS.finditer(term)]
    found = {term, BRACKETS.sub("", term).strip(), *inside}
    return sorted((name for name in found if len(name) > 1), key=lambda name: (-len(name), name))


def _masked(text: str, term: str) -> str:
    for name in names_of(term):
        text = re.sub(re.escape(name), GAP, text, flags=re.IGNORECASE)
    return text


def _opening(text: str) -> str:
    """The first sentences of a text, as many as fit."""
    pieces = SENTENCE.split(flat(text))
    shown = pieces[0]
    for piece in pieces[1:]:
        if len(shown) + len(piece) >= SHOWN:
            break
        shown += f" {piece}"
    return shown
