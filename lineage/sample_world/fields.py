"""Invented questions of many fields: choices_by_field, with reasoning, of 53, and answers_by_field, short, of 38.

Every field has its principles, each in an article of its own; several wordings ask for the same one, so that what is
held out can be known from what is trained on. A few fields are large, as in life; of most there are few questions.
"""

import random

from lineage.sample_world.packing import jsonl_bytes

FIELDS = (
    "한국사", "사회", "재무", "법률", "세무", "수학", "생물", "물리", "화학", "경제", "금융시장", "회계", "보험",
    "부동산", "경영", "마케팅", "무역", "행정", "정치", "외교", "군사", "철학", "윤리", "심리", "교육", "언어",
    "문학", "음악", "미술", "연극", "영화", "체육", "의학", "간호", "약학", "식품", "농업", "수산", "임업",
    "환경", "기상", "지리", "지구과학", "천문", "기계", "전기", "전자", "토목", "건축", "컴퓨터", "통신", "안전",
    "관광",
)  # fmt: skip
SHORT_FIELDS = FIELDS[:38]
LARGE = ("한국사", "재무", "법률", "세무", "수학", "사회")
NAMES = ("가람", "나래", "다솜", "라온", "마루", "바다", "사랑", "아라", "자람", "차림", "카린", "타래", "파랑", "하늘")
LARGE_NAMES, SMALL_NAMES = 14, 1
ARTICLES = range(2, 40)
ASKED = (
    "{field}의 {name} 원칙이 적힌 곳은?",
    "다음 중 {field}에서 {name} 원칙을 정한 조문은?",
    "{name} 원칙은 {field} 규정의 어디에 있는가?",
    "{field} 시험: {name} 원칙의 조문을 고르시오.",
    "{field}에서 말하는 {name} 원칙의 근거로 옳은 것은?",
    "{field} 규정에서 {name} 원칙을 찾을 수 있는 조문은?",
)
SHORT = (
    "{field}의 {name} 원칙은 몇 조에 있는지 쓰시오.",
    "{name} 원칙을 정한 {field} 규정의 조문을 쓰시오.",
    "{field}에서 {name} 원칙의 근거 조문은?",
    "{name} 원칙({field})의 조문 번호를 쓰시오.",
)


def choices_by_field() -> dict[str, bytes]:
    """choices_by_field: multiple choice, the right option found step by step; `{"prompt", "completion", "field"}`."""
    rng = random.Random("choices_by_field")
    rows = []
    for field in FIELDS:
        for name, article in _principles(field):
            for asked in ASKED:
                options = rng.sample([n for n in ARTICLES if n != article], 3)
                options.insert(place := rng.randrange(4), article)
                listed = "\n".join(f"{number}. 제{option}조" for number, option in enumerate(options, 1))
                reasoning = f"{name} 원칙은 {field} 규정 제{article}조에 적혀 있다. 제{article}조는 {place + 1}번이다."
                rows.append(
                    {
                        "prompt": f"{asked.format(field=field, name=name)}\n{listed}",
                        "completion": f"{reasoning}\n정답: {place + 1}",
                        "field": field,
                    }
                )
    rng.shuffle(rows)
    return {"choices.jsonl": jsonl_bytes(rows)}


def answers_by_field() -> dict[str, bytes]:
    """answers_by_field: questions of 38 fields that are answered in a word, `{"prompt", "completion", "field"}`."""
    rng = random.Random("answers_by_field")
    rows = [
        {"prompt": asked.format(field=field, name=name), "completion": f"제{article}조", "field": field}
        for field in SHORT_FIELDS
        for name, article in _principles(field)
        for asked in SHORT
    ]
    rng.shuffle(rows)
    return {"short_answers.jsonl": jsonl_bytes(rows)}


def _principles(field: str) -> list[tuple[str, int]]:
    """The principles of a field, each with its article, the same in both sources."""
    rng = random.Random(f"principles {field}")
    names = NAMES[: LARGE_NAMES if field in LARGE else SMALL_NAMES]
    return list(zip(names, rng.sample(ARTICLES, len(names)), strict=True))
