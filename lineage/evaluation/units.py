"""Units and multipliers as answers write them: those of lineage/readers/text/answer_kind.py and their English names."""

import re
from fractions import Fraction

_COUNTED = ("개", "개사", "건", "회", "세", "점", "위", "곳", "번", "좌", "거래일", "영업일", "단계", "분기", "반기")
# What a unit measures, and how many of that it is: its names.
_NAMES = {
    ("%", "1"): ("%", "퍼센트", "프로", "percent"),
    ("%p", "1"): ("%p", "%포인트", "퍼센트포인트", "percentage points", "percentage point"),
    ("%p", "1/100"): ("bp", "bps", "베이시스포인트", "basis points", "basis point"),
    ("포인트", "1"): ("포인트", "pt"),
    ("배", "1"): ("배",),
    ("원", "1"): ("원", "₩", "won", "KRW"),
    ("달러", "1"): ("달러", "불", "$", "dollars", "dollar", "USD", "US$"),
    ("위안", "1"): ("위안", "CNY", "yuan"),
    ("엔", "1"): ("엔", "¥", "JPY", "yen"),
    ("유로", "1"): ("유로", "€", "EUR", "euros", "euro"),
    ("개월", "12"): ("년", "years", "year"),
    ("개월", "1"): ("개월", "달", "months", "month"),
    ("초", "604800"): ("주일", "주간", "weeks", "week"),
    ("초", "86400"): ("일", "days", "day"),
    ("초", "3600"): ("시간", "hours", "hour"),
    ("초", "60"): ("분", "minutes", "minute"),
    ("초", "1"): ("초", "seconds", "second"),
    ("kg", "1000"): ("톤",),
    ("kg", "1"): ("kg",),
    ("km", "1"): ("km",),
    ("주", "1"): ("주", "shares", "share"),
    ("명", "1"): ("명", "인", "people", "persons", "person"),
    **{
        (name, "1"): (name,)
        for name in [
            "개",
            "개사",
            "건",
            "회",
            "세",
            "점",
            "위",
            "곳",
            "번",
            "좌",
            "거래일",
            "영업일",
            "단계",
            "분기",
            "반기",
        ]
    },
}
UNITS = {name: (dimension, Fraction(factor)) for (dimension, factor), names in _NAMES.items() for name in names}
SMALL = {"십": 10, "백": 100, "천": 1000}
BIG = {"만": 10**4, "억": 10**8, "조": 10**12, "경": 10**16}
ENGLISH = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_OTHER_WORDS = "초과|원가"  # begin like a unit and a particle
_PARTICLES = "은는이가을를의에로과와도만보입임인였으부까씩정짜간약내외미며라고"  # 12일에, but 12일본


def _bounded(name: str) -> str:
    """A pattern of a unit that is not the beginning of another word."""
    if re.fullmatch("[가-힣]+", name):
        return rf"{name}(?:(?![가-힣])|(?=[{_PARTICLES}]))"
    return re.escape(name) + (r"(?![A-Za-z])" if name[-1].isalpha() else "")


UNIT = re.compile(
    rf"\s?(?!{_OTHER_WORDS})({'|'.join(_bounded(name) for name in sorted(UNITS, key=lambda name: (-len(name), name)))})"
)
