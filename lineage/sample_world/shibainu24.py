"""Generated questions in the columns of aiqwe/FinShibainu, as its pipeline saves them: the sources of shibainu24.

    mcqa_*   reference, question, options ["A. …", …], reasoning_process, answer "B", step 1 or 2 (how hard), value,
             type, hallucination, hallucination_desc
    qa_*     reference, question, old_answer, answer, preference A, B or E, preference_desc, value, type

Four kinds of text were asked about with options (terms, the exchange, accounting, rules), and four without. Easy and
hard questions of a kind stand in one file, which lies in the folders of both: what a source takes of it, its `only`
says. Some rows are marked as bad, and a preference now and then is no letter: a model wrote the marks.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from lineage.sample_world.invented_names import EXCHANGE, companies
from lineage.sample_world.knowledge import FIELD_NAMES, TERMS, TOPICS, Term, terms
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import jsonl_bytes

Row = dict[str, Any]
LETTERS = "ABCDEFG"
MEANINGS = tuple(term.meaning for term in TERMS)
NAMES = tuple(term.name for term in TERMS)
ENDINGS = ("따라서 정답은 {} 입니다.", "그래서 답은 {} 입니다.", "그러므로 {} 가 정답입니다.")
ASKED = ("일", "영업일")


def _choice(
    rng: random.Random, step: int, reference: str, question: str, why: str, right: str, wrong: Sequence[str]
) -> Row:
    """A question with four to seven options, the right one anywhere, and reasoning that ends with its letter.

    Args:
        rng: draws the places.
        step: how hard it is, 1 or 2.
        reference: the text that it was made from.
        question: its text.
        why: the reasoning, without the conclusion.
        right: the right option.
        wrong: what others may say.
    """
    options = [right, *rng.sample([text for text in dict.fromkeys(wrong) if text != right], rng.choice((3, 3, 4)))]
    rng.shuffle(options)
    answer = LETTERS[options.index(right)]
    return {
        "reference": reference,
        "question": question,
        "options": [f"{letter}. {text}" for letter, text in zip(LETTERS, options, strict=False)],
        "reasoning_process": f"{why} {rng.choice(ENDINGS).format(answer)}",
        "answer": answer,
        "step": step,
        "value": rng.choice((3, 4, 4, 5)),
        "type": "mcqa",
        "hallucination": "usable",
        "hallucination_desc": "참고 자료에서 답을 찾을 수 있다.",
    }


def _of_a_term(rng: random.Random, term: Term, reference: str, wordings: Sequence[str]) -> Iterator[Row]:
    """Easy questions about what a term means, and what is called so."""
    known = f"{with_particle(term.name, '는')} {term.meaning}이다."
    for ask in wordings:
        by_name = "{t}" in ask
        pool, right = (MEANINGS, term.meaning) if by_name else (NAMES, term.name)
        yield _choice(rng, 1, reference, ask.format(t=term.name, m=term.meaning), known, right, pool)


def _of_two_terms(rng: random.Random, term: Term, reference: str) -> Iterator[Row]:
    """A hard question: what two terms mean, one after the other, among pairs that have one of them wrong."""
    for other in rng.sample([one for one in TERMS if one.name != term.name], 3):
        first, second = rng.sample([m for m in MEANINGS if m not in (term.meaning, other.meaning)], 2)
        pairs = [(first, other.meaning), (term.meaning, second), (other.meaning, term.meaning), (second, first)]
        why = f"{with_particle(term.name, '는')} {term.meaning}, {with_particle(other.name, '는')} {other.meaning}이다."
        ask = f"{with_particle(term.name, '와')} {other.name}의 뜻을 차례로 적은 것은?"
        right = f"{term.meaning} / {other.meaning}"
        yield _choice(rng, 2, reference, ask, why, right, [f"{one} / {two}" for one, two in pairs])


def _of_a_sum(rng: random.Random, reference: str, ask: str, why: str, right: int, unit: str) -> Row:
    """A hard question whose answer is computed."""
    near = [right + by for by in (-20, -10, -5, 5, 10, 15, 25) if right + by > 0]
    return _choice(rng, 2, reference, ask, why, f"{right}{unit}", [f"{figure}{unit}" for figure in near])


def _terms() -> Iterator[Row]:
    rng = random.Random("mcqa_terms")
    wordings = ("{t}의 뜻으로 가장 알맞은 것은?", "용어 사전에서 {t}의 설명은?", "'{m}', 이 뜻을 가진 용어는?")
    for term in TERMS:
        reference = f"{term.name}: {term.meaning}. {FIELD_NAMES[term.field]}의 {term.topic} 용어이다."
        yield from _of_a_term(rng, term, reference, wordings)
        yield from _of_two_terms(rng, term, reference)


def _exchange() -> Iterator[Row]:
    rng = random.Random("mcqa_exchange")
    wordings = (
        "처음 투자하는 사람이 알아야 할 {t}, 그 뜻은?",
        "안내서가 말하는 {t}의 뜻은?",
        "안내서에서 '{m}'에 해당하는 말은?",
    )
    for term in (*terms("markets"), *terms("rules")):
        said = f"{with_particle(term.name, '는')} {with_particle(term.meaning, '를')} 말한다."
        for part, wording in enumerate(wordings, 1):
            yield from _of_a_term(rng, term, f"{EXCHANGE} 투자 안내서 {part}부: {said}", (wording,))
    for company in companies():
        bought, sold, shares = 10 * rng.randint(1, 9), 10 * rng.randint(10, 19), rng.randint(2, 5)
        gain = (sold - bought) * shares
        reference = f"{company.name} 주식 {shares}주를 {bought}원에 사서 {sold}원에 팔았다."
        why = f"한 주에 {sold} - {bought} = {sold - bought}원, {shares}주이면 {gain}원을 번다."
        ask = f"{company.name} 주식 {shares}주를 {bought}원에 사서 {sold}원에 팔면 번 돈은?"
        yield _of_a_sum(rng, reference, ask, why, gain, "원")


def _accounting() -> Iterator[Row]:
    rng = random.Random("mcqa_accounting")
    wordings = ("재무제표에서 {t}의 뜻은?", "장부에 적는 {t}, 알맞은 설명은?", "장부에서 '{m}'에 해당하는 말은?")
    for term in terms("accounting"):
        said = f"{with_particle(term.name, '는')} {term.meaning}이며 {term.topic}에 적는다."
        for part, wording in enumerate(wordings, 1):
            yield from _of_a_term(rng, term, f"회계 기준 {part}장: {said}", (wording,))
        why = f"{with_particle(term.name, '는')} {term.meaning}이므로 {term.topic}이다."
        yield _choice(rng, 1, f"계정 과목표: {said}", f"{term.name}의 계정 분류는?", why, term.topic, TOPICS)
    for company in companies():
        debt, equity = 10 * rng.randint(1, 9), 10 * rng.randint(1, 9)
        reference = f"{company.name}의 부채는 {debt}억원, 자본은 {equity}억원이다."
        why = f"자산은 부채와 자본의 합이다. {debt} + {equity} = {debt + equity}억원이다."
        ask = f"{company.name}의 부채가 {debt}억원, 자본이 {equity}억원이면 자산은?"
        yield _of_a_sum(rng, reference, ask, why, debt + equity, "억원")


def _rules() -> Iterator[Row]:
    rng = random.Random("mcqa_rules")
    for number, company in enumerate(companies()):
        days, unit = 1 + number % 9, ASKED[number % 2]
        reference = f"제{number + 1}조: {with_particle(company.name, '는')} {days}{unit} 안에 공시하여야 한다."
        options = [f"{other}{unit}" for other in range(1, 10)]
        why = f"제{number + 1}조에 {days}{unit} 안이라고 적혀 있다."
        for ask in ("{} 며칠 안에 공시하여야 하는가?", "{} 지켜야 할 공시 기한은?"):
            yield _choice(
                rng, 1, reference, ask.format(with_particle(company.name, "가")), why, f"{days}{unit}", options
            )


MCQA = {"terms": _terms, "exchange": _exchange, "accounting": _accounting, "rules": _rules}


@cache
def _mcqa(kind: str) -> dict[str, bytes]:
    """The file of a kind, easy and hard: one row in forty is marked as invented, one in fifty of little value."""
    rows = list(MCQA[kind]())
    for row in rows[7::40]:
        row |= {"hallucination": "fake_answer", "hallucination_desc": "답이 참고 자료와 다르다."}
    for row in rows[11::50]:
        row["value"] = 2
    return {f"{kind}_common_mcqa_common.jsonl": jsonl_bytes(rows)}


def _answers(rng: random.Random, reference: str, question: str, good: str, poor: str) -> Row:
    """A question with two answers, and which of them was found better; the second one mostly is."""
    preference = rng.choices(("A", "B", "E"), weights=(3, 6, 1))[0]
    first, second = {"A": (good, poor), "B": (poor, good), "E": (good, good)}[preference]
    said = {"A": "첫째 답이 정확하다.", "B": "둘째 답이 정확하다.", "E": "두 답이 같다."}[preference]
    return {
        "reference": reference,
        "question": question,
        "old_answer": first,
        "answer": second,
        "preference": preference,
        "preference_desc": said,
        "value": rng.choice((3, 4, 4, 5)),
        "type": "qa",
    }


def _qa_of_terms(rng: random.Random, said: str, asked: Sequence[str], shown: bool) -> Iterator[Row]:
    """What terms mean, after a reference that says it, or without one."""
    for term in TERMS:
        t, right = with_particle(term.name, "는"), term.meaning
        for ask in asked:
            wrong = rng.choice([meaning for meaning in MEANINGS if meaning != right])
            reference = said.format(t=t, m=right) if shown else ""
            yield _answers(rng, reference, ask.format(t=term.name), f"{t} {right}이다.", f"{t} {wrong}이다.")


def _qa_terms() -> Iterator[Row]:
    asked = ("{t}의 뜻을 쓰시오.", "{t}에 대하여 한 문장으로 설명하시오.", "사전은 {t}의 뜻을 무엇이라고 하는가?")
    yield from _qa_of_terms(random.Random("qa_terms"), "용어 사전: {t} {m}이다.", asked, shown=True)


def _qa_exchange() -> Iterator[Row]:
    asked = ("안내서에서 {t}의 뜻을 찾아 쓰시오.", "{t}의 뜻을 투자자에게 설명하시오.")
    said = f"{EXCHANGE}의 안내서는 이렇게 적는다. {{t}} {{m}}이다."
    yield from _qa_of_terms(random.Random("qa_exchange"), said, asked, shown=True)


def _qa_disclosures() -> Iterator[Row]:
    rng = random.Random("qa_disclosures")
    for company in companies():
        product, other = (product.korean for product in company.sector.products)
        revenue = company.figures[2023].revenue
        reference = (
            f"{with_particle(company.name, '는')} {company.city}에 있으며 {with_particle(product, '를')} 판다. "
            f"2023년 매출액은 {revenue:,}십억원이다."
        )
        wares = f"{with_particle(product, '를')} 판다.", f"{with_particle(other, '를')} 판다."
        figures = f"{revenue:,}십억원", f"{revenue + 10:,}십억원"
        yield _answers(rng, reference, f"{with_particle(company.name, '가')} 파는 것은?", *wares)
        yield _answers(rng, reference, f"{company.name}의 2023년 매출액은?", *figures)


def _qa_open() -> Iterator[Row]:
    asked = ("{t}의 뜻은?", "{t}, 쉽게 말하면?", "주식을 배우는 사람에게 {t}의 뜻을 말해 주시오.")
    yield from _qa_of_terms(random.Random("qa_open"), "", asked, shown=False)


QA = {"terms": _qa_terms, "exchange": _qa_exchange, "disclosures": _qa_disclosures, "open": _qa_open}


def _qa(kind: str) -> dict[str, bytes]:
    """The file of a kind: one row in fifty has a preference that is no letter, one in fifty little value."""
    rows = list(QA[kind]())
    for row in rows[5::50]:
        row["preference"] = "C"
    for row in rows[11::50]:
        row["value"] = 1
    return {f"{kind}_common_qa_common_step_3.jsonl": jsonl_bytes(rows)}


def shibainu24() -> dict[str, Callable[[], dict[str, bytes]]]:
    """By source what makes its files: eleven sources, of which the hard ones of a kind have the files of the easy."""
    mcqa = {f"mcqa_{kind}": partial(_mcqa, kind) for kind in MCQA}
    hard = {f"mcqa_{kind}_hard": partial(_mcqa, kind) for kind in MCQA if kind != "rules"}
    return {**mcqa, **hard, **{f"qa_{kind}": partial(_qa, kind) for kind in QA}}
