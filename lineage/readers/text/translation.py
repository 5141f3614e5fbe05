"""A pair of sentences as two records, one each way: learnt apart, the second makes forget the first.

"다음 문장을 영어로 옮기시오.\\n오늘은 휴장이다."  → "The market is closed today."
"다음 문장을 한국어로 옮기시오.\\nThe market is closed today."  → "오늘은 휴장이다."
"""

from collections.abc import Iterator
from typing import Any

from lineage.records.record import Record, Rejected, qa

ASK = "다음 문장을 {language}로 옮기시오.\n"
LANGUAGES = {"한국어": "ko", "영어": "en", "중국어": "zh", "일본어": "ja"}


def both_ways(korean: str, other: str, language: str, origin: dict[str, Any]) -> Iterator[Record | Rejected]:
    """Two records of one group, the Korean sentence. A pair whose two sides are the same is rejected: not translated.

    Args:
        korean: the Korean sentence.
        other: the same in the other language.
        language: the other's name in Korean, such as 영어.
        origin: where the pair stands, {"file": "…", "row": 12}.
    """
    if korean == other:
        yield Rejected(origin, "a pair that is not translated", "both sides are the same text")
        return
    yield qa(f"{ASK.format(language=language)}{korean}", other, group=korean, origin=origin)
    yield qa(f"{ASK.format(language='한국어')}{other}", korean, group=korean, origin=origin)


def translated_into(prompt: str) -> str | None:
    """The language that a prompt of `both_ways` asks for (ko, en, zh, ja); None for any other prompt."""
    asked = (code for name, code in LANGUAGES.items() if prompt.startswith(ASK.format(language=name)))
    return next(asked, None)
