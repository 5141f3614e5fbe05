"""Small sums told as stories: MetaMathQA's columns in English, AI Hub 71568's passages in Korean.

Numbers stay below a hundred and an answer needs one operation, so that a model of a million parameters can
learn to compute what it has not seen.
"""

import random
from typing import Any

from lineage.sample_world.invented_names import companies
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import json_bytes, zip_bytes

Row = dict[str, Any]

PEOPLE = ("Mina", "Jun", "Sora", "Haneul", "Bora", "Dana")
THINGS = ("shares", "bonds", "coins", "books", "boxes", "cards")
# The story in its own words, in other words, as a statement with its answer; the operation.
STORIES = (
    (
        "{w} has {a} {t}. {w} buys {b} more {t}. How many {t} does {w} have now?",
        "After buying {b} {t}, how many {t} does {w} have if {w} had {a} before?",
        "{w} has {a} {t}. {w} buys {b} more {t}. {w} has {c} {t} now.",
        "+",
    ),
    (
        "{w} has {a} {t}. {w} sells {b} {t}. How many {t} are left?",
        "If {w} sells {b} of {a} {t}, how many {t} are left?",
        "{w} has {a} {t}. {w} sells {b} {t}. There are {c} {t} left.",
        "-",
    ),
    (
        "{w} buys {a} {t} on Monday and {b} {t} on Friday. How many {t} does {w} buy in all?",
        "How many {t} does {w} buy in all, with {a} {t} on Monday and {b} {t} on Friday?",
        "{w} buys {a} {t} on Monday and {b} {t} on Friday. {w} buys {c} {t} in all.",
        "+",
    ),
    (
        "{w} needs {a} {t} and has {b} {t}. How many more {t} does {w} need?",
        "How many more {t} does {w} need to go from {b} {t} to {a} {t}?",
        "{w} needs {a} {t} and has {b} {t}. {w} needs {c} more {t}.",
        "-",
    ),
    (
        "{w} has {a} bags with {b} {t} each. How many {t} does {w} have?",
        "Each bag holds {b} {t}. How many {t} does {w} have in {a} bags?",
        "{w} has {a} bags with {b} {t} each. {w} has {c} {t}.",
        "*",
    ),
)


def operands(rng: random.Random, sign: str) -> tuple[int, int, int]:
    """Two numbers of one digit and what comes out, never negative: few enough sums for a tiny model to learn."""
    if sign == "*":
        a, b = rng.randrange(2, 6), rng.randrange(2, 10)
        return a, b, a * b
    a, b = rng.randrange(1, 10), rng.randrange(1, 10)
    if sign == "+":
        return a, b, a + b
    a, b = max(a, b), min(a, b)
    return a, b, a - b


def metamath() -> dict[str, bytes]:
    """metamath: 700 original questions, four rows each, of MetaMathQA's four GSM types."""
    rng = random.Random("metamath")
    rows: list[Row] = []
    seen: set[str] = set()
    while len(seen) < 700:
        story, other, statement, sign = rng.choices(STORIES, weights=(3, 3, 3, 3, 1))[0]
        a, b, c = operands(rng, sign)
        f = {"w": rng.choice(PEOPLE), "t": rng.choice(THINGS), "a": a, "b": b, "c": c}
        original = story.format_map(f)
        if original in seen:
            continue
        seen.add(original)
        end = f"#### {c}\nThe answer is: {c}"
        work = f"{a} {sign} {b} = {c}."
        unknown = statement.format_map(f | {"b": "x"})
        solved = {"+": f"{c} - {a} = {b}.", "-": f"{a} - {c} = {b}.", "*": f"{c} / {a} = {b}."}[sign]
        backward = f"x = {solved}\n#### {b}\nThe answer is: {b}"
        asks = [
            ("GSM_AnsAug", original, f"{work}\n{end}"),
            ("GSM_AnsAug", original, f"The answer is {work}\n{end}"),
            ("GSM_Rephrased", other.format_map(f), f"{work}\n{end}"),
            ("GSM_SV", f"{unknown} What is x?", backward)
            if rng.random() < 0.5
            else (
                "GSM_FOBAR",
                f"{story.format_map(f | {'b': 'x'})} If the answer is {c}, what is x?",
                backward,
            ),
        ]
        rows += [
            {"type": kind, "query": query, "original_question": original, "response": response}
            for kind, query, response in asks
        ]
    rng.shuffle(rows)
    return {"MetaMathQA-40K.json": json_bytes(rows)}


# ------------------------------------------------------------------ AI Hub 71568

PERIODS = (("1분기", "2분기"), ("3분기", "4분기"), ("2022년", "2023년"), ("상반기", "하반기"))
DEEDS = (("만들었다", "만든"), ("팔았다", "판"), ("샀다", "산"))


PART = 256 * 1024  # bytes; a part's name ends with where it begins


def answer(number: int | None = None, span: str = "") -> Row:
    """An answer in the manner of DROP: one of number, spans and date is filled."""
    return {
        "number": "" if number is None else str(number),
        "spans": [span] if span else [],
        "date": {"day": "", "month": "", "year": ""},
    }


def passage(rng: random.Random) -> Row:
    """A passage about two periods, with two sums and a comparison."""
    company = rng.choice([one for one in companies() if one.sector.counted])
    product = rng.choice(company.sector.products).korean
    (early, late), (did, done) = rng.choice(PERIODS), rng.choice(DEEDS)
    a, b = rng.sample(range(1, 10), 2)
    more, less = (late, early) if b > a else (early, late)
    text = f"{with_particle(company.name, '는')} {early}에 {product} {a}개, {late}에 {product} {b}개를 {did}."
    total = rng.choice(
        (
            f"{with_particle(early, '와')} {late}에 {done} {product}의 합계는 몇 개인가?",
            f"{with_particle(product, '를')} 모두 몇 개 {did[:-1]}나?",
        )
    )
    asked = [(total, answer(a + b)), (f"{more}에는 {less}보다 몇 개를 더 {did[:-1]}나?", answer(abs(a - b)))]
    if rng.random() < 0.5:
        asked.append(("어느 때에 더 많은가?", answer(span=more)))
    else:
        asked.append((f"{late}에 {done} {with_particle(product, '는')} 몇 개인가?", answer(b)))
    pairs = [{"question": question, "answer": value} for question, value in asked]
    return {"passage": text, "qa_pairs": pairs}


def arithmetic() -> dict[str, bytes]:
    """arithmetic: AI Hub 71568's folders, the training zip in parts, euc-kr member names, one JSON each."""
    rng = random.Random("arithmetic")
    made: dict[str, Row] = {}
    while len(made) < 640:
        one = passage(rng)
        made[one["passage"]] = one
    passages = list(made.values())
    root = "150.숫자연산 기계독해 데이터/01-1.정식개방데이터"
    train = zip_bytes({"TL_경제_숫자연산.json": json_bytes({"data": passages[:560]})})
    check = zip_bytes({"VL_경제_숫자연산.json": json_bytes({"data": passages[560:]})})
    return {
        f"{root}/Training/02.라벨링데이터/TL_숫자연산.zip.part0": train[:PART],
        f"{root}/Training/02.라벨링데이터/TL_숫자연산.zip.part{PART}": train[PART:],
        f"{root}/Validation/02.라벨링데이터/VL_숫자연산.zip": check,
    }
