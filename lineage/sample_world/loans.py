"""Invented loans in the columns of Dacon 236214, `train.csv`: loan_grades.

A grade follows from what a lender looks at (the term, how long somebody has worked, debts, late payments) and from
chance, so that there is something to learn and nobody can learn it all. The interest that was paid follows from the
grade, as it does in life: a model of tables finds that ratio, one of text hardly will.
"""

import random

from lineage.sample_world.packing import csv_bytes

LOANS = 1200
HEADER = (
    "ID",
    "대출금액",
    "대출기간",
    "근로기간",
    "주택소유상태",
    "연간소득",
    "부채_대비_소득_비율",
    "총계좌수",
    "대출목적",
    "최근_2년간_연체_횟수",
    "총상환원금",
    "총상환이자",
    "총연체금액",
    "연체계좌수",
    "대출등급",
)
WORKED = {"< 1 year": 1.2, "Unknown": 1.6} | {f"{n} year{'s' if n > 1 else ''}": 0.9 - 0.09 * n for n in range(1, 10)}
WORKED["10+ years"] = 0.0
HOMES = {"RENT": 0.7, "MORTGAGE": 0.0, "OWN": 0.3}
PURPOSES = {
    "부채 통합": 0.4,
    "신용 카드": 0.0,
    "주택 개선": 0.3,
    "주요 구매": 0.2,
    "소규모 사업": 1.5,
    "기타": 0.7,
    "이사": 0.9,
    "휴가": 0.6,
    "의료": 0.8,
    "자동차": 0.1,
    "주택": 0.9,
    "재생 에너지": 1.0,
}
GRADES = (("A", 0.17), ("B", 0.30), ("C", 0.28), ("D", 0.14), ("E", 0.07), ("F", 0.03), ("G", 0.01))


def loan_grades() -> dict[str, bytes]:
    """loan_grades: 1,200 loans, the term with a space before it and decimals as the true file has them."""
    rng = random.Random("loan_grades")
    loans = [_loan(rng) for _ in range(LOANS)]
    by_risk = sorted(range(LOANS), key=lambda place: loans[place][0])
    grades: dict[int, str] = {}
    for name, share in GRADES:
        for place in by_risk[len(grades) : len(grades) + round(share * LOANS)]:
            grades[place] = name
    rows = []
    for place, (_, fields) in enumerate(loans):
        rows.append(
            (f"TRAIN_{place:05}", *fields, *_paid(rng, int(fields[0]), fields[1], grades[place]), grades[place])
        )
    return {"train.csv": csv_bytes(HEADER, rows)}


def _loan(rng: random.Random) -> tuple[float, tuple[str, ...]]:
    """How risky it is, and its first nine fields."""
    term = rng.choices((36, 60), weights=(2, 1))[0]
    worked = rng.choices(list(WORKED), weights=(2, 1, *[1] * 9, 6))[0]
    home = rng.choices(list(HOMES), weights=(4, 5, 1))[0]
    purpose = rng.choices(list(PURPOSES), weights=(10, 5, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1))[0]
    late = rng.choices((0, 1, 2, 3), weights=(14, 3, 2, 1))[0]
    ratio = rng.randint(200, 3800) / 100
    income = 600_000 * rng.randint(40, 300)
    risk = 2.4 * (term == 60) + 1.4 * late + 0.6 * (WORKED[worked] + HOMES[home] + PURPOSES[purpose]) + ratio / 25
    amount = 30_000 * rng.randint(60, 1_100)
    fields = (amount, f" {term} months", worked, home, income, f"{ratio:.2f}", rng.randint(4, 40), purpose, late)
    return risk + rng.gauss(0, 0.5), tuple(map(str, fields))


def _paid(rng: random.Random, amount: int, term: str, grade: str) -> tuple[str, ...]:
    """Principal and interest that were paid so far, what is overdue, and on how many accounts."""
    months = rng.choice((0, 1, 2, 3, 4, 6, 8))
    rate = 0.07 + 0.035 * "ABCDEFG".index(grade) + rng.uniform(-0.015, 0.015)
    principal = amount * months // int(term.split()[0])
    overdue = rng.random() < 0.01
    interest = round(amount * rate * months / 12)
    return (str(principal), f"{interest}.0", f"{rng.randint(20, 900) * 100 * overdue}.0", f"{int(overdue)}.0")
