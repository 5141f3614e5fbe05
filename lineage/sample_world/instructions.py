"""krx_samples: short instructions about terms, companies and news; a third are choices of a letter."""

import random

from lineage.sample_world.invented_names import EXCHANGE, companies
from lineage.sample_world.knowledge import TERMS, TOPICS
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import jsonl_bytes
from lineage.sample_world.questions import MEANINGS, NAMES, choices, forms

ASK_MEANING = (
    "{t는} 무엇인가요?",
    "{t}의 뜻을 설명하세요.",
    "{t를} 한 문장으로 설명해 주세요.",
    "처음 투자하는 사람에게 {t를} 알려 주세요.",
    "{t}의 뜻이 궁금합니다.",
    "{t가} 무슨 말인지 알려 주세요.",
    "{field} 용어 {t를} 설명하세요.",
    "{t}, 쉽게 말하면 무엇인가요?",
    "뉴스에 나온 {t는} 무슨 뜻인가요?",
    "{EXCHANGE}에서 말하는 {t}의 뜻은?",
)
ASK_TERM = (
    "'{m}'의 이름은 무엇인가요?",
    "{m}, 이것을 무엇이라고 부르나요?",
    "다음 뜻의 용어를 쓰세요: {m}",
    "{field}에서 {m는} 무엇이라고 하나요?",
    "{m를} 한 단어로 쓰세요.",
    "용어를 알려 주세요. 뜻: {m}",
)
ASK_TOPIC = (
    "{t는} 어느 주제의 말인가요?",
    "{t}의 주제를 고르세요.",
    "{t를} 주제로 나누어 주세요.",
    "{field} 용어 {t는} 어디에 들어가나요?",
    "{t가} 들어갈 주제는?",
    "용어 {t}의 주제를 쓰세요.",
)
ASK_CHOICE = (
    ("{t}의 뜻으로 맞는 것을 고르세요.", "meaning"),
    ("다음 중 {t를} 바르게 설명한 것은?", "meaning"),
    ("{t는} 다음 중 어느 것인가요?", "meaning"),
    ("'{m}'에 맞는 용어를 고르세요.", "term"),
    ("다음 중 {m를} 뜻하는 것은?", "term"),
    ("뜻이 '{m}'인 용어는 어느 것인가요?", "term"),
    ("{t}의 주제를 다음에서 고르세요.", "topic"),
    ("{t는} 다음 중 어느 주제인가요?", "topic"),
)
TONES = (
    ("매출액이 늘었다.", "긍정"),
    ("이익이 늘었다.", "긍정"),
    ("주가가 올랐다.", "긍정"),
    ("새 공장을 열었다.", "긍정"),
    ("매출액이 줄었다.", "부정"),
    ("손실이 커졌다.", "부정"),
    ("주가가 내렸다.", "부정"),
    ("공장이 멈추었다.", "부정"),
)
LETTERS = "ABCD"


def instructions() -> dict[str, bytes]:
    """krx_samples: JSONL of prompt and response; a third are multiple choice with lettered lines."""
    rng = random.Random("krx_samples")
    rows: list[tuple[str, str]] = []
    for term in TERMS:
        f = forms(term) | {"EXCHANGE": EXCHANGE}
        rows += [(ask.format_map(f), f"{f['t는']} {term.meaning}입니다.") for ask in ASK_MEANING]
        rows += [(ask.format_map(f), f"{term.name}입니다.") for ask in ASK_TERM]
        rows += [(ask.format_map(f), f"{f['t는']} {term.topic} 주제의 말입니다.") for ask in ASK_TOPIC]
        for ask, kind in ASK_CHOICE * 2:
            right, pool = {
                "meaning": (term.meaning, MEANINGS),
                "term": (term.name, NAMES),
                "topic": (term.topic, TOPICS),
            }[kind]
            options = choices(rng, right, pool)
            lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=True)]
            prompt = "\n".join([ask.format_map(f), *lines])
            rows.append((prompt, f"정답: {lines[options.index(right)]}"))
    for company in companies():
        name = with_particle(company.name, "는")
        first, second = (product.korean for product in company.sector.products)
        sector = f"{name} {company.sector.korean} 업종의 상장 회사입니다."
        deals = f"{name} {with_particle(first, '와')} {with_particle(second, '를')} 다룹니다."
        rows += [(f"{name} 어느 업종인가요?", sector), (f"{company.name}의 업종을 알려 주세요.", sector)]
        rows += [(f"{name} 무엇을 다루나요?", deals), (f"{company.name}의 제품을 알려 주세요.", deals)]
        for text, tone in rng.sample(TONES, 3):
            rows.append((f"다음 소식이 긍정인지 부정인지 쓰세요: {company.name}의 {text}", f"{tone}적인 소식입니다."))
    rows = list(dict(rows).items())
    rng.shuffle(rows)
    return {"krx-sample-instructions.jsonl": jsonl_bytes({"prompt": p, "response": r} for p, r in rows)}
