"""Figures of a Korean text as they are written, and other figures that look like them.

    "접수한 날부터 5일 이내에"   → "5일"       alike: "3일", "7일", "10일"
    "전년보다 △5.2%p"           → "△5.2%p"   alike: "△4.7%p", "△5.7%p", "△6.2%p"
    "2024년 1월 1일부터"         → "2024년 1월 1일", one figure

A figure has a unit, or a date's parts. What only numbers things (제3조, ① 2., <개정 2024.1.1>) is none.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from random import Random

SIGN = "[△▲▵∆−–-]"
UNIT = (
    r"%p?|퍼센트|bp|포인트|배|거래일|영업일|개월|주일|(?:[십백천만억조]+\s?)?(?:원|달러|위안|엔|유로|주|명|개사?|건|톤|좌)"
    r"|[십백천]?[만억조]|년|일|시간|분(?!기|의)|초|회|세|점|위|곳|단계"
)
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
DATE = r"\d{4}년(?:\s?\d{1,2}월(?:\s?\d{1,2}일)?)?|\d{1,2}월(?:\s?\d{1,2}일)?|\d{1,2}시(?:\s?\d{1,2}분)?(?!간)"
FIGURE = re.compile(
    rf"(?<![\d.,제~∼/:*^–-])(?<!제 )(?:(?P<date>{DATE})"
    rf"|(?:{SIGN}\s?)?(?:{NUMBER})(?:[조억만]\s?(?:{NUMBER}))*\s?(?P<unit>{UNIT}))"
    r"(?!\d|\s?[~∼]|[조항호목장절편])"
)
ALONE = rf"(?<![\d.,])(?<!{SIGN})"  # neither the end of a longer number nor a figure without its sign
YEAR = re.compile(r"(?:19|20)\d{2}(?=년)")
WITHIN = ((re.compile(r"\d+(?=월)"), 1, 12), (re.compile(r"\d+(?=시(?!간))"), 0, 23))  # months and hours of a date
LADDER = tuple(Decimal(n) for n in (1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 365))
STEPS = tuple(Decimal(n) / 100 for n in (8, 10, 12, 15, 20))  # how far apart figures alike are, as a share of theirs


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure at text[start:end], verbatim. `unit` of a date is its parts, "date 년월일"."""

    start: int
    end: int
    text: str
    unit: str

    @property
    def is_date(self) -> bool:
        """Whether it is a year, a month, a day or an hour, and no quantity."""
        return self.unit.startswith("date ")


def figures(text: str) -> list[Figure]:
    """The figures of a text, in its order."""
    return [Figure(m.start(), m.end(), m[0], _unit(m)) for m in FIGURE.finditer(text)]


def _unit(match: re.Match[str]) -> str:
    return "date " + re.sub(r"[\d\s]", "", match["date"]) if match["date"] else match["unit"].strip()


def numbers(text: str) -> set[str]:
    """Every number of a text without its sign, separators and unit."""
    return {found.replace(",", "") for found in re.findall(NUMBER, text)}


def bears(text: str, figure: Figure) -> bool:
    """Whether a text holds a figure with its sign and unit, or its bare number, as a table does that names the unit."""
    packed, said = re.sub(r"\s", "", text), re.sub(r"\s", "", figure.text)
    if re.search(rf"{ALONE}{re.escape(said)}(?!\d)", packed):
        return True
    unit = figure.unit.replace(" ", "")
    number = re.escape(said.removesuffix(unit))
    cell = re.search(rf"{ALONE}{number}(?![\d,]|\.\d|{UNIT})", re.sub(r" (?=[|,)])|(?<=[△▲▵∆−–-]) ", "", text))
    return not figure.is_date and unit in packed and cell is not None


def alike(figure: str, count: int, chance: Random) -> list[str]:
    """`count` other figures in the same writing, the true one lying anywhere among them; [] where none can be made."""
    below = chance.randrange(count + 1)
    if found := YEAR.search(figure):
        year = int(found[0])
        others = [Decimal(other) for other in range(year - below, year + count - below + 1) if other != year]
    elif re.match(r"\d+월\s?(?:29|30|31)일", figure):
        return []  # not every month has such a day
    elif limits := next(((m, low, high) for pattern, low, high in WITHIN if (m := pattern.match(figure))), None):
        found, low, high = limits
        first = min(max(int(found[0]) - below, low), high - count)
        others = [Decimal(other) for other in range(first, first + count + 1) if other != int(found[0])]
    elif found := re.search(NUMBER, figure):
        value = Decimal(found[0].replace(",", ""))
        if value in LADDER and not figure.endswith(("%", "%p", "퍼센트")):
            at = LADDER.index(value)
            first = min(max(at - below, 0), len(LADDER) - count - 1)
            others = [other for other in LADDER[first : first + count + 1] if other != value]
        else:
            others = _around(value, below, count, chance)
    else:
        return []
    return [figure[: found.start()] + _written(other, found[0]) + figure[found.end() :] for other in others]


def _around(value: Decimal, below: int, count: int, chance: Random) -> list[Decimal]:
    """`count` values near another, `below` of them smaller as long as they are positive, as round as it is."""
    grain = Decimal(1).scaleb(_grain(value))
    others: list[Decimal] = []
    down = up = value
    for n in range(count if value > 0 else 0):
        step = max((value * chance.choice(STEPS) / grain).to_integral_value() * grain, grain)
        if n < below and down - step > 0:
            down -= step
            others.append(down)
        else:
            up += step
            others.append(up)
    return others


def _grain(value: Decimal) -> int:
    """The power of ten of the last digit that says something: 1,200 → 2, 0.35 → -2, 100 → 1."""
    digits, exponent = value.as_tuple().digits, value.as_tuple().exponent
    assert isinstance(exponent, int)
    while exponent >= 0 and len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    return exponent - (len(digits) == 1 and digits[0] < 4 and exponent > 0)  # 100 as 1 × 100 has nothing below it


def _written(value: Decimal, like: str) -> str:
    """A value with the decimals and the separators of another figure."""
    decimals = len(like.partition(".")[2])
    return f"{value:,.{decimals}f}" if "," in like or value >= 1000 > Decimal(like) else f"{value:.{decimals}f}"
