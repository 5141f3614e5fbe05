"""A bench in the form of the public KRX benchmark, from our own invented world: four lettered options a question.

    다음 질문에 알맞은 것을 고르시오.
    질문: 다음 용어의 뜻은? 호가
    A. 이미 낸 주문을 거두는 일
    B. 사거나 팔려는 가격
    …
    정답:                                    → B

Its fields are those of that benchmark: market, accounting, regulation. Only the form is taken over, no question. The
facts are those of the sample world, in wordings of no source of it: a model of other data shows here what it knows of
plain terms (market, accounting), and of rules that do not exist (regulation).
"""

import random
from collections.abc import Iterator

from lineage.core.files import sha256_of
from lineage.evaluation.heldout import HeldOutSet
from lineage.records.record import Record, qa
from lineage.sample_world.knowledge import TERMS
from lineage.sample_world.korean import with_particle
from lineage.sample_world.questions import choices
from lineage.sample_world.rulebook import DAY_CHOICES, RULES, STEPS

LETTERS = "ABCD"
FIELDS = {"markets": "market", "accounting": "accounting", "rules": "regulation"}
ASKED = "다음 질문에 알맞은 것을 고르시오.\n질문: {question}\n{options}\n정답:"


def krx_style() -> list[HeldOutSet]:
    """The bench as held-out sets, `krx_style.market` and so on: the same rows each time."""
    by_field: dict[str, list[Record]] = {name: [] for name in FIELDS.values()}
    for field, question, answer, options in _questions():
        lettered = "\n".join(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=True))
        record = qa(
            ASKED.format(question=question, options=lettered),
            LETTERS[options.index(answer)],
            group=answer,
            origin={"file": "krx_style", "row": len(by_field[field]) + 1},
            measure="choice",
            options=tuple(LETTERS),
            correct=options.index(answer),
        )
        by_field[field].append(record.placed(f"krx_style.{field}", "own"))
    return [
        HeldOutSet(f"krx_style.{field}", tuple(records), len(records), sha256_of([r.to_json() for r in records]))
        for field, records in by_field.items()
    ]


def _questions() -> Iterator[tuple[str, str, str, list[str]]]:
    """Field, question, right option, and all four in a seeded order."""
    rng = random.Random("krx style")
    meanings, names = tuple(term.meaning for term in TERMS), tuple(term.name for term in TERMS)
    for term in TERMS:
        field = FIELDS[term.field]
        yield field, f"다음 용어의 뜻은? {term.name}", term.meaning, choices(rng, term.meaning, meanings)
        yield field, f"다음이 설명하는 것은? {term.meaning}", term.name, choices(rng, term.name, names)
    days = tuple(f"{day}일" for day in DAY_CHOICES)
    for rule in RULES:
        for procedure in rule.procedures:
            step = rng.choice(STEPS)
            asked = f"{rule.name}상 {procedure} {with_particle(step.name, '는')} 며칠 이내에 하여야 하는가?"
            yield "regulation", asked, f"{step.days}일", choices(rng, f"{step.days}일", days)
