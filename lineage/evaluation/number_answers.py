r"""Which number of an answer counts, and when it is the expected one: the measure `number`.

**Which counts.** Behind the last marker of a final answer (`The answer is`, `####`, `\boxed{}`, `정답은`, `답:`) the
last quantity of the first sentence that has one; without a marker the last quantity of the whole text. What brackets
add to a quantity (`12억원(전년 10억원)`) does not count.

**When it is right.** Values are compared exactly, as fractions: `1/2`, `0.5` and `\frac12` are one number. Only where
the expected number is written with decimals, which may have been rounded, is an answer right that rounds to it:
`33.33%` takes `33.3333%`, and `12` takes nothing but 12.

- Both have units: they must measure the same; `0.25%p` is `25bp`, `2시간` is `120분`, `10%` is not `10%p`.
- The answer has none: its number is that of the expected answer as it is written (`10` for `10억원`) or with its
  multipliers (`1,000,000,000`). Of a percentage the fraction is right too: `0.5` for `50%`.
- The expected answer has none: the answer's unit is not judged, but its multiplier counts, `10억` is not 10; `50%` is
  `50` and `0.5`.
- A date has the parts that are expected. What is no single quantity (`2\sqrt{5}`, `x+1`, `(3, 4)`, `10~20%`) must be
  written alike, but for spaces and layout.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from lineage.evaluation.plain_math import plain
from lineage.evaluation.quantities import CalendarDate, FoundQuantity, Quantity, quantities
from lineage.evaluation.units import UNIT

_BOX, _BOX_END = "\x00", "\n"
_MARKER = re.compile(
    rf"{_BOX}|####|\banswer\s*(?:is\s*:?|[:=])|(?<![가-힣])(?:최종\s?)?(?:정답|답)\s*(?:은|[:=])", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+")
_YEAR = re.compile(r"(?:19|20)\d\d년\s?$")
_WORD = re.compile(r"[가-힣]|(?<![\\A-Za-z])[A-Za-z]{2,}")
_AROUND = re.compile(r"[\s+\-−–△▲▵∆()\[\]$₩€¥.,;:!?\"']*")


@dataclass(frozen=True, slots=True)
class Formula:
    """What is no single quantity, without spaces."""

    text: str


Number = Quantity | CalendarDate | Formula


def same_number(answer: str, expected: str) -> bool:
    """Whether an answer's number is the expected one. An answer that was cut has none, which the caller knows."""
    wanted = number_of(expected)
    if isinstance(wanted, Formula):
        return _formula(answer) == wanted
    found = _figure(answer)
    if isinstance(wanted, CalendarDate) or isinstance(found, CalendarDate):
        return _same_date(found, wanted)
    return found is not None and wanted is not None and _same_quantity(found, wanted)


def number_of(expected: str) -> Number | None:
    """The number of an expected answer; two of the same value and kind are equal. None where there is none."""
    if formula := _formula(expected, only=True):
        return formula
    return _figure(expected)


def value_key(number: Number) -> tuple[object, ...]:
    """Equal of numbers that are the same, however they are written."""
    if isinstance(number, Quantity):
        return number.dimension, number.value * number.factor
    return (number,)


def _segments(text: str) -> Iterator[str]:
    """What may hold the final answer, the likeliest first: a sentence behind each marker, the last one first."""
    end = len(text)
    for marker in reversed(list(_MARKER.finditer(text))):
        sentences = [part for part in _SENTENCE.split(text[marker.end() : end]) if part.strip()]
        end = marker.start()
        yield next((part for part in sentences if quantities(part)), sentences[0] if sentences else "")


def _figure(text: str) -> Quantity | CalendarDate | None:
    """The quantity that counts."""
    text = _unboxed(plain(text))
    for part in chain(_segments(text), [text]):
        if counting := _without_remarks(part, quantities(part)):
            return counting[-1].said
    return None


def _without_remarks(text: str, found: list[FoundQuantity]) -> list[FoundQuantity]:
    """The quantities that do not stand in brackets behind another one."""
    ends = {one.end for one in found}
    kept: list[FoundQuantity] = []
    for one in found:
        before, bracket, between = text[: one.start].rpartition("(")
        before = before.rstrip()
        remark = bracket and ")" not in between and len(before) in ends and not _YEAR.search(before)
        if one.bracketed or not remark:
            kept.append(one)
    return kept


def _formula(text: str, *, only: bool = False) -> Formula | None:
    """The final answer as a formula. only: nothing if it is a quantity, or stands among words."""
    text = _unboxed(plain(text))
    part = next(_segments(text), text).strip()
    body = part.rpartition("=")[2]
    if only:
        found, rest = quantities(body), body
        for one in reversed(found):
            rest = rest[: one.start] + rest[one.end :]
        if _WORD.search(rest) or not any(char.isdigit() for char in body):
            return None
        if len(found) == 1 and _AROUND.fullmatch(rest):
            return None
    return Formula(re.sub(r"\s", "", body).rstrip(".,;。"))


def _unboxed(text: str) -> str:
    r"""The text with what stands in `\boxed{}` on a line of its own behind a marker, with its unit."""
    while (start := text.find(r"\boxed{")) >= 0:
        depth, end = 1, start + len(r"\boxed{")
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        inside = text[start + len(r"\boxed{") : end - (depth == 0)]
        unit = UNIT.match(text, end)
        end = unit.end() if unit else end
        text = f"{text[:start]}{_BOX}{inside}{unit[0] if unit else ''}{_BOX_END}{text[end:]}"
    return text


def _same_quantity(found: Quantity, wanted: Quantity) -> bool:
    if found.dimension and wanted.dimension:
        return found.dimension == wanted.dimension and _near(
            found.value * found.factor, wanted.value * wanted.factor, wanted.step * wanted.factor
        )
    accepted = [(wanted.value, wanted.step)]
    if not found.dimension:
        if found.scale == 1 and wanted.scale:
            accepted.append((wanted.value / wanted.scale, wanted.step / wanted.scale))
        if wanted.dimension == "%":
            accepted.append((wanted.value / 100, wanted.step / 100))
    if any(_near(found.value, value, step) for value, step in accepted):
        return True
    return found.dimension == "%" and _near(found.value / 100, wanted.value, wanted.step)


def _near(found: Fraction, wanted: Fraction, step: Fraction) -> bool:
    """Whether a value rounds to the one that is wanted; `step` 0 asks for the very value."""
    return 2 * abs(found - wanted) <= step


def _same_date(found: Quantity | CalendarDate | None, wanted: Quantity | CalendarDate | None) -> bool:
    """Whether a date has all parts of the expected one; a year or a day alone is a quantity."""
    if isinstance(found, CalendarDate) and isinstance(wanted, CalendarDate):
        return set(wanted.parts) <= set(found.parts)
    if isinstance(wanted, CalendarDate) and isinstance(found, Quantity):
        return len(wanted.parts) == 1 and not found.dimension and found.value == wanted.parts[0][1]
    if isinstance(found, CalendarDate) and isinstance(wanted, Quantity):
        if not wanted.dimension:
            return len(found.parts) == 1 and found.parts[0][1] == wanted.value
        name = {("개월", 12): "년", ("초", 86400): "일"}.get((wanted.dimension, int(wanted.factor)))
        return dict(found.parts).get(name or "") == wanted.value
    return False
