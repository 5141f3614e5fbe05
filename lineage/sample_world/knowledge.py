"""What everyone in the sample world agrees about: some forty terms, each with its field, topic and meaning.

The same atoms are asked for in many wordings and with many distractors, so that a held-out question is a new
combination of known parts and not an unknown fact.
"""

from dataclasses import dataclass

FIELDS = ("markets", "accounting", "rules")


@dataclass(frozen=True)
class Term:
    """A term: `meaning` is a noun phrase that can stand before 이다 and behind 뜻은."""

    name: str
    field: str
    topic: str
    meaning: str


def terms_of(field: str, topic: str, *pairs: tuple[str, str]) -> tuple[Term, ...]:
    """One topic's terms."""
    return tuple(Term(name, field, topic, meaning) for name, meaning in pairs)


TERMS: tuple[Term, ...] = (
    *terms_of(
        "markets",
        "주문",
        ("호가", "사거나 팔려는 가격"),
        ("지정가 주문", "가격을 정해서 내는 주문"),
        ("시장가 주문", "가격을 정하지 않고 내는 주문"),
        ("주문 취소", "이미 낸 주문을 거두는 일"),
    ),
    *terms_of(
        "markets",
        "가격",
        ("시가", "하루의 첫 가격"),
        ("종가", "하루의 마지막 가격"),
        ("상한가", "하루에 오를 수 있는 가장 높은 가격"),
        ("하한가", "하루에 내릴 수 있는 가장 낮은 가격"),
    ),
    *terms_of(
        "markets",
        "증권",
        ("주식", "회사의 주인이라는 증서"),
        ("채권", "돈을 빌렸다는 증서"),
        ("배당", "주주에게 나누어 주는 이익"),
        ("주가 지수", "여러 주식의 가격을 모은 숫자"),
    ),
    *terms_of(
        "markets",
        "위험",
        ("분산 투자", "여러 곳에 나누어 하는 투자"),
        ("변동성", "가격이 흔들리는 정도"),
        ("신용 위험", "빌려준 돈을 못 받을 위험"),
        ("유동성", "쉽게 현금으로 바꿀 수 있는 정도"),
    ),
    *terms_of(
        "accounting",
        "자산",
        ("현금", "바로 쓸 수 있는 돈"),
        ("재고 자산", "팔려고 가진 물건"),
        ("매출 채권", "물건을 팔고 받을 돈"),
        ("건물", "오래 쓰려고 가진 집"),
    ),
    *terms_of(
        "accounting",
        "부채",
        ("차입금", "빌려서 갚아야 할 돈"),
        ("매입 채무", "물건을 사고 줄 돈"),
        ("미지급 비용", "썼지만 아직 내지 않은 비용"),
        ("선수금", "물건을 주기 전에 받은 돈"),
    ),
    *terms_of(
        "accounting",
        "자본",
        ("자본금", "주주가 낸 돈"),
        ("이익 잉여금", "벌어서 회사에 남긴 돈"),
    ),
    *terms_of(
        "accounting",
        "수익",
        ("매출액", "물건을 팔아 번 돈"),
        ("이자 수익", "돈을 빌려주고 번 돈"),
    ),
    *terms_of(
        "accounting",
        "비용",
        ("급여", "직원에게 주는 돈"),
        ("임차료", "건물을 빌리고 내는 돈"),
        ("이자 비용", "돈을 빌리고 내는 돈"),
        ("감가상각비", "건물이 낡은 만큼의 비용"),
    ),
    *terms_of(
        "rules",
        "상장 제도",
        ("상장", "거래소에서 사고팔게 하는 일"),
        ("상장 폐지", "거래소에서 내보내는 일"),
        ("상장 심사", "상장해도 되는지 살피는 일"),
    ),
    *terms_of(
        "rules",
        "공시 제도",
        ("공시", "회사의 일을 널리 알리는 일"),
        ("정정 공시", "틀린 공시를 고치는 일"),
        ("조회 공시", "거래소가 물어 답하는 공시"),
    ),
    *terms_of(
        "rules",
        "결제 제도",
        ("결제", "돈과 증권을 주고받는 일"),
        ("증거금", "거래를 지키려고 맡기는 돈"),
        ("거래 정지", "사고파는 일을 멈추는 일"),
    ),
)
TOPICS = tuple(dict.fromkeys(term.topic for term in TERMS))
FIELD_NAMES = {"markets": "금융시장", "accounting": "회계", "rules": "규정"}


def terms(field: str) -> tuple[Term, ...]:
    """The terms of one field."""
    return tuple(term for term in TERMS if term.field == field)


def topics(field: str) -> tuple[str, ...]:
    """The topics of one field."""
    return tuple(dict.fromkeys(term.topic for term in terms(field)))
