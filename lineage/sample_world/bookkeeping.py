"""accounting: questions about terms, journal entries and small sums, and expositions of a term."""

import random

from lineage.sample_world.knowledge import TERMS, terms
from lineage.sample_world.packing import csv_bytes, json_bytes
from lineage.sample_world.questions import Row, forms

ACCOUNTING_MEANING = (
    "회계에서 {t는} 무엇을 말하나요?",
    "{t}의 회계상 뜻은 무엇인가요?",
    "장부에 적힌 {t는} 무슨 뜻인가요?",
    "{t를} 회계로 설명하면?",
    "신입 직원에게 {t를} 설명해 주세요.",
    "{t}에 대하여 적으세요.",
    "회계 용어 {t는} 무슨 말인가요?",
)
ACCOUNTING_TOPIC = (
    "{t는} 자산, 부채, 자본, 수익, 비용 가운데 무엇인가요?",
    "{t}의 회계 분류는?",
    "장부에서 {t는} 어디에 적나요?",
    "{t}, 다섯 가지 가운데 무엇인가요?",
    "{t를} 다섯 가지로 나누면 무엇인가요?",
)
# What happened, what is debited, what is credited.
ENTRIES = (
    ("현금 {n}원을 빌렸다.", "현금", "차입금"),
    ("빌린 돈 {n}원을 갚았다.", "차입금", "현금"),
    ("물건을 {n}원에 외상으로 팔았다.", "매출 채권", "매출액"),
    ("물건을 {n}원에 현금으로 팔았다.", "현금", "매출액"),
    ("외상으로 판 돈 {n}원을 받았다.", "현금", "매출 채권"),
    ("물건을 {n}원에 외상으로 샀다.", "재고 자산", "매입 채무"),
    ("물건을 {n}원에 현금으로 샀다.", "재고 자산", "현금"),
    ("외상으로 산 돈 {n}원을 냈다.", "매입 채무", "현금"),
    ("직원에게 {n}원을 주었다.", "급여", "현금"),
    ("건물을 빌리고 {n}원을 냈다.", "임차료", "현금"),
    ("주주에게서 {n}원을 받았다.", "현금", "자본금"),
    ("이자 {n}원을 냈다.", "이자 비용", "현금"),
    ("이자 {n}원을 받았다.", "현금", "이자 수익"),
)


def accounting() -> dict[str, bytes]:
    """accounting: questions.json, entries.csv (with a byte-order mark), expositions.json (title, text)."""
    rng = random.Random("accounting")
    asked: list[Row] = []
    told: list[Row] = []
    for term in terms("accounting"):
        f = forms(term)
        asked += [
            {"question": ask.format_map(f), "answer": f"{f['t는']} {term.meaning}입니다."} for ask in ACCOUNTING_MEANING
        ]
        asked += [{"question": ask.format_map(f), "answer": f"{term.topic}입니다."} for ask in ACCOUNTING_TOPIC]
        peers = [other.name for other in TERMS if other.topic == term.topic]
        side = "왼쪽" if term.topic in ("자산", "비용") else "오른쪽"
        told.append(
            {
                "title": f"{term.name}의 이해",
                "text": f"{f['t는']} {term.meaning}이다. {term.topic}에 속하며, "
                f"늘어나면 장부의 {side}에 적는다. {term.topic}에는 {', '.join(peers)} 등이 있다.",
            }
        )
    posted = []
    for happened, debit, credit in ENTRIES:
        for amount in sorted(rng.sample(range(1, 100), 24)):
            posted.append(
                (
                    f"분개하세요. {happened.format(n=amount)}",
                    f"(차) {debit} {amount} / (대) {credit} {amount}",
                )
            )
    sums = [(a, b) for a in range(1, 21) for b in range(1, 21) if b < a]
    for assets, liabilities in rng.sample(sums, 80):
        posted.append((f"자산이 {assets}원이고 부채가 {liabilities}원이면 자본은?", f"{assets - liabilities}원"))
    rng.shuffle(asked)
    rng.shuffle(posted)
    return {
        "questions.json": json_bytes(asked),
        "entries.csv": csv_bytes(("question", "answer"), posted, bom=True),
        "expositions.json": json_bytes(told),
    }
