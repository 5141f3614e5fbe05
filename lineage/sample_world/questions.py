"""The hundred question-answers of each field, and the generated problems of three fields.

Every wording belongs to one source, so that no source asks a question that another one holds out.
"""

import random
from typing import Any

from lineage.sample_world.invented_names import SECTORS, companies
from lineage.sample_world.knowledge import FIELD_NAMES, TERMS, TOPICS, Term, terms, topics
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import json_bytes
from lineage.sample_world.rulebook import DAY_CHOICES, RULES, STEPS

Row = dict[str, Any]
NAMES = tuple(term.name for term in TERMS)
MEANINGS = tuple(term.meaning for term in TERMS)


def choices(rng: random.Random, right: str, pool: tuple[str, ...]) -> list[str]:
    """The right option and three wrong ones, in a seeded order: no place is right more often than another."""
    picked = [right, *rng.sample([other for other in pool if other != right], 3)]
    rng.shuffle(picked)
    return picked


def forms(term: Term) -> dict[str, str]:
    """What a wording may put in: the term bare and with particles, its meaning and topic."""
    return {
        "t": term.name,
        "t는": with_particle(term.name, "는"),
        "t를": with_particle(term.name, "를"),
        "t가": with_particle(term.name, "가"),
        "m": term.meaning,
        "m를": with_particle(f"'{term.meaning}'", "를"),
        "m는": with_particle(f"'{term.meaning}'", "는"),
        "field": FIELD_NAMES[term.field],
    }


def questions() -> dict[str, bytes]:
    """questions: markets.json and accounting.json, a hundred rows each, two thirds of them with options."""
    files = {}
    for field in ("markets", "accounting"):
        rng = random.Random(f"questions {field}")
        rows: list[Row] = []
        names, meanings = tuple(t.name for t in terms(field)), tuple(t.meaning for t in terms(field))
        for term in terms(field):
            f = forms(term)
            plain = [("{t}의 정의를 쓰시오.", term.meaning), ("'{m}'에 해당하는 용어를 쓰시오.", term.name)]
            choice = [
                ("{t}의 정의로 옳은 것은?", term.meaning, meanings),
                ("'{m}'에 해당하는 용어는?", term.name, names),
                ("{t}에 관한 설명으로 옳은 것은?", term.meaning, meanings),
                ("{t}의 분류로 옳은 것은?", term.topic, TOPICS),
                ("'{m}', 이것의 분류로 옳은 것은?", term.topic, TOPICS),
            ]
            rows += [{"question": ask.format_map(f), "answer": answer, "field": field} for ask, answer in plain]
            rows += [
                {
                    "question": ask.format_map(f),
                    "answer": answer,
                    "field": field,
                    "options": choices(rng, answer, pool),
                }
                for ask, answer, pool in choice
            ]
        files[f"{field}.json"] = json_bytes(rng.sample(rows, 100))
    return files


PROBLEM_MEANING = (
    "다음 중 {t}에 대한 설명은?",
    "{t}의 의미로 알맞은 것은?",
    "시험에 나온 {t}의 뜻은?",
    "{t}, 알맞은 설명은?",
    "{field} 문제: {t}의 뜻은?",
    "{t가} 뜻하는 것은?",
    "투자자가 알아야 할 {t}의 의미는?",
)
PROBLEM_TERM = (
    "'{m}'에 알맞은 말은?",
    "빈칸에 알맞은 말은? ( )은 {m}이다.",
    "{field} 문제: {m는}?",
    "설명에 알맞은 용어는? {m}",
    "{m를} 가리키는 말은?",
    "시험에 나온 {m는}?",
)
PROBLEM_TOPIC = (
    "{t는} 무엇에 속하는가?",
    "{t}의 갈래로 알맞은 것은?",
    "{field} 문제: {t}의 갈래는?",
    "시험에 나온 {t는} 어느 갈래인가?",
    "{t가} 속하는 갈래는?",
)
PROBLEM_DAYS = (
    "{p}의 {s}에 관한 기한은 며칠인가?",
    "{rule}에서 {p} {s}의 기한은?",
)


def problems() -> dict[str, bytes]:
    """problems: one file a field; multiple choice but for some sums, a rule's problems with its name."""
    rows: dict[str, list[Row]] = {"markets": [], "accounting": [], "rules": []}
    rng = random.Random("problems")

    def add(field: str, question: str, answer: str, pool: tuple[str, ...], **more: str) -> None:
        options = choices(rng, answer, pool)
        rows[field].append({"question": question, "answer": answer, "field": field, **more, "options": options})

    for term in TERMS:
        f = forms(term)
        for ask in PROBLEM_MEANING:
            add(term.field, ask.format_map(f), term.meaning, MEANINGS)
        for ask in PROBLEM_TERM:
            add(term.field, ask.format_map(f), term.name, NAMES)
        for ask in PROBLEM_TOPIC:
            add(term.field, ask.format_map(f), term.topic, TOPICS)
    for company in companies():
        topic = rng.choice(topics("accounting"))
        right = rng.choice([term.name for term in TERMS if term.topic == topic])
        wrong = tuple(term.name for term in terms("accounting") if term.topic != topic)
        add("accounting", f"{company.name}의 장부에서 {topic}에 속하는 것은?", right, (right, *wrong))
        sectors = tuple(sector.korean for sector in SECTORS)
        add("markets", f"{company.name} 주식은 어느 업종인가?", company.sector.korean, sectors)
        equity, liabilities = rng.randrange(1, 21), rng.randrange(1, 21)
        question = f"{company.name}의 자본이 {equity}이고 부채가 {liabilities}이면 자산은 얼마인가?"
        rows["accounting"].append({"question": question, "answer": f"{equity + liabilities}", "field": "accounting"})
    days = tuple(f"{day}일" for day in DAY_CHOICES)
    for rule in RULES:
        for procedure in rule.procedures:
            for step in STEPS:
                ask = rng.choice(PROBLEM_DAYS).format(p=procedure, s=step.name, rule=rule.name)
                add("rules", ask, f"{step.days}일", days, rule=f"{rule.name} {procedure}의 {step.name}")
    for field in rows:
        rng.shuffle(rows[field])
    return {f"{field}.json": json_bytes(rows[field]) for field in rows}
