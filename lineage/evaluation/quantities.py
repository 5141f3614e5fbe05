r"""The quantities of a text as exact values: number, multipliers and unit.

    "3만 5천원"         → 35,000 원          "1조 2,300억"     → 1,230,000,000,000
    "△1,234백만원"      → -1,234,000,000 원  "$1.2 billion"    → 1,200,000,000 달러
    "\frac{3}{4}"       → 3/4                "12.5%p"          → 12.5 %p
    "2시간 30분"        → 9,000 초           "2024년 3월 15일" → a date of three parts, as is "2024-03-15"

A word that lineage/evaluation/units.py does not know is no unit. A number in words alone (삼만 오천), one that is
joined to a letter (`G00570`, `2x`), an exponent, its base, and what stands under a root are no quantities.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from lineage.evaluation.signs import CURRENCY, is_bracketed, is_negative
from lineage.evaluation.units import BIG, ENGLISH, SMALL, UNIT, UNITS

# At most forty digits: a model that repeats itself writes numbers that cost more to read than they say.
_DECIMAL = r"(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d{1,40}(?!\d))(?:\.\d{1,40}(?!\d))?|\.\d{1,40}(?!\d))"


def _braced(name: str) -> str:
    return rf"(?:\{{\s?(?P<{name}>-?{_DECIMAL})\s?\}}|(?P<{name}_digit>\d))"


def _power(name: str) -> str:
    return rf"10\s?\^\s?\{{?(?P<{name}>[+-]?\d{{1,3}})\}}?"


_DATE = re.compile(
    r"(?<![\d.,])(?:(?P<iso>\d{4}([-/.]|\.\s)\d{1,2}\2\d{1,2})(?![\d-]|\.\d)"
    r"|(?:(?P<년>\d{4}|\d{2})년\s?)?(?P<월>\d{1,2})월"
    r"(?:\s?(?P<일>\d{1,2})일)?(?:\s?(?P<시>\d{1,2})시(?:\s?(?P<분>\d{1,2})분)?)?"
    r"|(?P<hour>\d{1,2})시(?![간가])(?:\s?(?P<minute>\d{1,2})분)?)"
)
_NUMBER = re.compile(
    r"(?<![\d_^{.])(?:(?<![A-Za-z])|(?<=USD)|(?<=KRW))(?:"
    rf"(?P<whole>\d{{1,6}})?\s?\\frac\s?{_braced('upper')}\s?{_braced('lower')}"
    r"|(?P<parts>\d{1,9})\s?분의\s?(?P<taken>\d{1,9})"  # 3분의 1
    r"|(?:(?P<with>\d{1,6})\s)?(?<!/)(?P<over>\d{1,9}(?:\.\d{1,9})?)\s?/\s?(?P<under>\d{1,9}(?:\.\d{1,9})?)"
    r"(?![\d/]|[,.]\d)"
    rf"|{_power('alone')}"
    rf"|(?P<decimal>{_DECIMAL})(?:[eE](?P<e>[+-]?\d{{1,3}})(?!\w)|\s?[×*x]\s?{_power('times')})?"
    r")(?!\s?\^|\s?\\(?:sqrt|pi|log|ln|sin|cos|tan)|[A-Za-z](?![A-Za-z]))"
)
_GROUP = re.compile(rf"\s?(?:({_DECIMAL})\s?)?([십백천])?\s?([만억조경])?")
_ENGLISH = re.compile(rf"\s?({'|'.join(ENGLISH)})\b", re.IGNORECASE)
_ORDINAL = re.compile(r"(?<![가-힣])제\s?$")  # 제5조 is an article, not five trillion
_BETWEEN = re.compile(r"\s*(?:and\s+)?")
_ACCOUNTED = ("", "%", "%p", "포인트", "배", "원", "달러", "위안", "엔", "유로")  # what brackets may make negative
_SEEN = 80  # characters before a number that decide on its sign


@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact value.

    step: what the last written decimal is worth; 0 of an integer or a fraction. scale: the multiplier behind the
    number, 10⁸ of 10억; 1 of none, None of a number in several parts. dimension: what the unit measures; "" without a
    unit. factor: how many of that the unit is.
    """

    value: Fraction
    step: Fraction = Fraction(0)
    scale: Fraction | None = Fraction(1)
    dimension: str = ""
    factor: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """The parts of a date that are said, by their names: 년, 월, 일, 시, 분."""

    parts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class FoundQuantity:
    """What text[start:end] says. bracketed: brackets around it are its minus."""

    start: int
    end: int
    said: Quantity | CalendarDate
    bracketed: bool = False


def quantities(text: str) -> list[FoundQuantity]:
    """All quantities of a text that is `plain`, in its order; parts of one (1년 6개월) are one."""
    found: list[FoundQuantity] = []
    for one in _each(text):
        if found and (joined := _joined(found[-1], one, text)):
            found[-1] = joined
        else:
            found.append(one)
    return found


def _each(text: str) -> Iterator[FoundQuantity]:
    at, date = 0, _DATE.search(text)
    while number := _NUMBER.search(text, at):
        while date and date.start() < at:
            date = _DATE.search(text, at)
        if date and date.start() <= number.start():
            if parts := _parts(date):
                yield FoundQuantity(date.start(), date.end(), CalendarDate(parts))
                at = date.end()
                continue
            date = _DATE.search(text, date.start() + 1)
            continue
        one = _quantity(text, number)
        if one:
            yield one
        at = one.end if one else number.end()


def _parts(match: re.Match[str]) -> tuple[tuple[str, int], ...]:
    """The parts of a date; none where a month or a day cannot be one."""
    if match["iso"]:
        parts = dict(zip("년월일", map(int, re.findall(r"\d+", match["iso"])), strict=True))
    else:
        spelled = {name: match[name] for name in "년월일시분"}
        if match["hour"]:
            spelled |= {"시": match["hour"], "분": match["minute"]}
        parts = {name: int(value) for name, value in spelled.items() if value}
    fits = 1 <= parts.get("월", 1) <= 12 and 1 <= parts.get("일", 1) <= 31
    return tuple(parts.items()) if fits else ()


def _quantity(text: str, match: re.Match[str]) -> FoundQuantity | None:
    """The number at a match with its multipliers, unit and sign; None of a fraction over nothing."""
    number = _number(match)
    if number is None:
        return None
    before, end = text[max(0, match.start() - _SEEN) : match.start()], match.end()
    bracketed = is_bracketed(before, text[end : end + 2])  # "(1,234)백만원"
    if bracketed:
        end = text.index(")", end) + 1
    if not _ORDINAL.search(before):
        number, end = _multiplied(number, text, end)
    if unit := UNIT.match(text, end):
        dimension, factor = UNITS[unit[1]]
        number, end = replace(number, dimension=dimension, factor=factor), unit.end()
    elif money := CURRENCY.search(before):
        number = replace(number, dimension=UNITS[money[0].strip()][0])
    if bracketed or is_negative(before, text[end : end + 2] if number.dimension in _ACCOUNTED else ""):
        number = replace(number, value=-number.value)
    return FoundQuantity(match.start(), end, number, bracketed)


def _number(match: re.Match[str]) -> Quantity | None:
    """The number itself."""
    said = match.groupdict()
    if upper := said["upper"] or said["upper_digit"]:
        return _ratio(upper, said["lower"] or said["lower_digit"], said["whole"])
    if said["parts"]:
        return _ratio(said["taken"], said["parts"], None)
    if said["over"]:
        return _ratio(said["over"], said["under"], said["with"])
    power = Fraction(10) ** int(said["e"] or said["times"] or said["alone"] or 0)
    spelled = (said["decimal"] or "1").replace(",", "")
    decimals = len(spelled.partition(".")[2])
    return Quantity(Fraction(spelled) * power, Fraction(1, 10**decimals) * power if decimals else Fraction(0))


def _ratio(upper: str, lower: str, whole: str | None) -> Quantity | None:
    over, under = (Fraction(part.replace(",", "")) for part in (upper, lower))
    return Quantity(int(whole or 0) + over / under) if under else None


def _multiplied(number: Quantity, text: str, at: int) -> tuple[Quantity, int]:
    """A number with the multipliers behind it, and where they end: 2천3백만, 12십억, 1조 2,300억, 1.2 billion."""
    if english := _ENGLISH.match(text, at):
        return _scaled(number, Fraction(ENGLISH[english[1].lower()])), english.end()
    first = _GROUP.match(text, at)
    if not first or first[1] or not (first[2] or first[3]):
        return number, at
    small, big, end = SMALL.get(first[2], 1), BIG.get(first[3], 1), first.end()
    # `below` and `section` are of what waits for its 만, 억 or 조; a part that follows must be smaller than the last.
    total, section = (number.value * small * big, Fraction(0)) if first[3] else (Fraction(0), number.value * small)
    last, below, parts = (big, 10**4, 1) if first[3] else (10**20, small, 1)
    while (group := _GROUP.match(text, end)) and group[1]:
        part, small, big = Fraction(group[1].replace(",", "")), SMALL.get(group[2], 1), BIG.get(group[3], 1)
        bare = small == big == 1
        if part * small >= below or big >= last or (bare and _begins_another(text, group.end())):
            break
        parts, end, section, below = parts + 1, group.end(), section + part * small, small
        if group[3]:
            total, section, last, below = total + section * big, Fraction(0), big, 10**4
        if bare:
            break
    if parts == 1:
        return _scaled(number, Fraction(total + section) / number.value if number.value else Fraction(1)), end
    return Quantity(total + section, scale=None), end


def _begins_another(text: str, at: int) -> bool:
    """Whether the unit behind a number says that it is no part of the one before: 1억 2024년."""
    unit = UNIT.match(text, at)
    return bool(unit and unit[1] in ("년", "일", "%", "%p"))


def _scaled(number: Quantity, scale: Fraction) -> Quantity:
    return replace(number, value=number.value * scale, step=number.step * scale, scale=scale)


def _joined(first: FoundQuantity, second: FoundQuantity, text: str) -> FoundQuantity | None:
    """Two parts of one quantity in units of one kind, the larger first; None where they are two quantities."""
    a, b = first.said, second.said
    if not (isinstance(a, Quantity) and isinstance(b, Quantity) and _BETWEEN.fullmatch(text, first.end, second.start)):
        return None
    if not a.dimension or a.dimension != b.dimension or a.factor <= b.factor or b.value < 0:
        return None
    value = abs(a.value * a.factor) + b.value * b.factor
    return FoundQuantity(
        first.start,
        second.end,
        Quantity(value if a.value >= 0 else -value, b.step * b.factor, None, a.dimension),
    )
