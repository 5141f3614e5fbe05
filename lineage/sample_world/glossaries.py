"""Glossaries of economics, in the forms in which such lists are handed on: of the system sgecon.

A term is an attribute and a thing (단기 예금), its meaning says both in other words. So what a term means that was held
out follows from terms that were not. Each glossary has things of its own; no term stands in two. Of those that can be
said with its things it lists five in six: the others are asked in examinations, which give no listed one away.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import csv_bytes, json_bytes, jsonl_bytes, xlsx_bytes

LISTED = 100  # of the 120 terms of a glossary's things

# What stands before a thing, and what it says of it.
ATTRIBUTES = {
    "단기": "일 년 안에 끝나는",
    "장기": "일 년을 넘어 이어지는",
    "고정": "한번 정하면 그대로인",
    "변동": "날마다 달라지는",
    "국내": "나라 안에서 이루어지는",
    "해외": "나라 밖에서 이루어지는",
    "공공": "정부가 맡아서 하는",
    "민간": "회사나 사람이 하는",
    "신규": "올해 새로 시작한",
    "기존": "전부터 가지고 있던",
    "우량": "믿고 맡길 수 있는",
    "부실": "제때 갚지 못하는",
    "의무": "법으로 하게 한",
    "임의": "스스로 골라서 하는",
    "직접": "사이에 누구도 없는",
    "간접": "다른 회사를 거치는",
    "명목": "물가를 보지 않고 셈한",
    "실질": "물가를 보고 셈한",
    "개인": "한 사람이 가진",
    "공동": "여러 사람이 같이 가진",
}

# The things of each glossary, and what they are.
BANK = {
    "금리": "돈을 빌린 값",
    "예금": "은행에 맡긴 돈",
    "대출": "은행에서 빌린 돈",
    "통화": "나라에서 쓰는 돈",
    "환율": "다른 나라 돈의 값",
    "국채": "정부가 돈을 빌린 증서",
}
SUPERVISION = {
    "보험": "사고에 대비해 모은 돈",
    "펀드": "여럿이 모아 투자하는 돈",
    "카드": "나중에 돈을 내는 증서",
    "연금": "나이가 들어 받는 돈",
    "계좌": "돈을 넣고 찾는 장부",
    "신탁": "남에게 맡긴 재산",
}
POLICY = {
    "물가": "여러 물건의 값",
    "성장": "나라 살림이 커지는 일",
    "고용": "사람을 뽑아 쓰는 일",
    "무역": "나라끼리 사고파는 일",
    "재정": "정부가 돈을 쓰는 일",
    "소비": "돈을 내고 쓰는 일",
}
NEWS = {
    "주식": "회사의 주인이라는 증서",
    "지수": "여러 값을 모은 숫자",
    "선물": "나중에 사기로 한 약속",
    "공모": "널리 알려 파는 일",
    "배당": "주주에게 나누는 이익",
    "투자": "이익을 보고 돈을 쓰는 일",
}
SMALL_FIRMS = {
    "창업": "회사를 세우는 일",
    "기술": "물건을 만드는 지식",
    "보증": "남의 빚을 갚겠다는 약속",
    "수출": "물건을 밖에 파는 일",
    "인증": "알맞다고 밝히는 증서",
    "조합": "여럿이 세운 모임",
}
BOOKS = {
    "자산": "회사가 가진 재산",
    "부채": "회사가 갚을 돈",
    "비용": "벌기 위해 쓴 돈",
    "수익": "물건을 팔아 번 돈",
    "세금": "나라에 내는 돈",
    "공제": "세금에서 빼 주는 돈",
}
TEXTBOOK = {
    "시장": "사고파는 사람이 모인 곳",
    "수요": "사려는 마음의 크기",
    "공급": "팔려는 마음의 크기",
    "가격": "사고팔 때 주는 돈",
    "재화": "사람이 쓰는 물건",
    "균형": "더 움직이지 않는 자리",
}
GLOSSARIES = (BANK, SUPERVISION, POLICY, NEWS, SMALL_FIRMS, BOOKS, TEXTBOOK)


@dataclass(frozen=True)
class Entry:
    """An entry of a glossary. attribute, thing: the two words of its term."""

    attribute: str
    thing: str
    gloss: str

    @property
    def term(self) -> str:
        """As a glossary lists it."""
        return f"{self.attribute} {self.thing}"

    @property
    def short(self) -> str:
        """What it means, as a noun phrase."""
        return f"{ATTRIBUTES[self.attribute]} {self.thing}"

    @property
    def meaning(self) -> str:
        """What it means, in two sentences."""
        return f"{with_particle(self.short, '를')} 말한다. {with_particle(self.thing, '는')} {self.gloss}이다."


def entries(things: dict[str, str]) -> list[Entry]:
    """All terms that can be said with some things, in a fixed order by chance; a glossary lists the first."""
    whole = [Entry(attribute, thing, things[thing]) for attribute, thing in product(ATTRIBUTES, things)]
    random.Random(" ".join(things)).shuffle(whole)
    return whole


def bok_terms() -> dict[str, bytes]:
    """bok_terms: the Bank of Korea's terms as a CSV of Word and Content."""
    return {"경제금융용어.csv": csv_bytes(("Word", "Content"), _pairs(BANK))}


def fss_terms() -> dict[str, bytes]:
    """fss_terms: the Financial Supervisory Service's, a workbook with stray tabs before terms."""
    rows = [(str(at), "금융", f"\t{term}", meaning) for at, (term, meaning) in enumerate(_pairs(SUPERVISION), 1)]
    return {"금융용어사전.xlsx": xlsx_bytes([("순번", "주제", "용어", "설명"), *rows])}


def kdi_terms() -> dict[str, bytes]:
    """kdi_terms: the KDI's terms of the day, JSON."""
    return {"시사용어.json": json_bytes([{"용어": t, "설명": m, "분류": "시사"} for t, m in _pairs(POLICY)])}


def hankyung_terms() -> dict[str, bytes]:
    """hankyung_terms: a newspaper's dictionary of economics, JSONL."""
    return {"경제용어사전.jsonl": jsonl_bytes({"term": t, "definition": m} for t, m in _pairs(NEWS))}


def sme_terms() -> dict[str, bytes]:
    """sme_terms: the ministry's terms about small firms, a CSV with a byte-order mark as public offices save it."""
    rows = [("중소기업", term, meaning) for term, meaning in _pairs(SMALL_FIRMS)]
    return {"전문용어.csv": csv_bytes(("분야", "용어명", "용어설명"), rows, bom=True)}


def tax_terms() -> dict[str, bytes]:
    """tax_terms: a dictionary of accounting and taxes, a CSV."""
    return {"회계세무용어.csv": csv_bytes(("용어", "뜻"), _pairs(BOOKS))}


def textbook_terms() -> dict[str, bytes]:
    """textbook_terms: the word index of a textbook, JSON."""
    return {"word_index.json": json_bytes([{"word": t, "content": m} for t, m in _pairs(TEXTBOOK)])}


def _pairs(things: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((entry.term, entry.meaning) for entry in entries(things)[:LISTED])
