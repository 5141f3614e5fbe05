"""Personal data in a text: resident, card, phone and account numbers, e-mail addresses; and no figure.

    >>> masked("담당 홍길동 010-1234-5678, 매출액 1,234,567원")
    ('담당 홍길동 [전화번호], 매출액 1,234,567원', Counter({'phone': 1}))

A mask is the kind in brackets: it reads as Korean, holds no digit, and is not found again. What counts:

- resident: 900101-1234568, a day of the calendar and the checksum. Numbers given since October 2020 end in random
  digits, so one that fails the checksum counts where a word such as 주민등록번호 stands near. So do 13 digits
  in a run: market caps in won look the same. Foreigners' numbers (seventh digit 5–8) are of this kind.
- card: a known prefix and the Luhn checksum; 4-4-4-4 with hyphens or 16 digits in a run, other lengths and groups
  between spaces (a table's row looks like that) only near a word such as 카드.
- phone: mobile and regional numbers, 070, 050x and +82. Numbers of a firm's desk (1588-0000, 080) are nobody's: left.
- account: no checksum exists, so digits in groups after a bank's name or near 계좌, 예금주, 입금.
- email: any address.

Never taken: amounts, dates, tickers, ISINs, rule and document numbers, business (123-45-67890) and corporate
registration numbers, which are public. Rules of the numbers: 주민등록법 시행규칙 제2조, ISO/IEC 7812-1 (Luhn).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

MASKS = {
    "email": "[이메일]",
    "resident": "[주민등록번호]",
    "card": "[카드번호]",
    "phone": "[전화번호]",
    "account": "[계좌번호]",
}
DASH = r"[-‐‑–—−－]"
# A longer code, a decimal or a word is not cut into; after a comma or a slash a new number begins.
EDGE, END = r"(?<![0-9A-Za-z_])(?<!\d[-‐‑–—−－.])", r"(?![0-9A-Za-z_])(?![-‐‑–—−－.]\d)"
# Most texts hold no ten digits that stand together, and no address: one look tells.
PERHAPS = re.compile(r"[@＠]|\d(?:[-‐‑–—−－.() \u3000]{0,3}\d){8}")

EMAIL = re.compile(
    r"(?<![\w.%+-])[A-Za-z0-9._%+-]{1,64}[@＠](?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
RESIDENT = re.compile(rf"{EDGE}(\d{{6}})( ?{DASH} ?|)([1-8]\d{{6}}){END}")
CARD = re.compile(
    rf"{EDGE}(?:\d{{4}}({DASH}|[ ])\d{{4}}\1\d{{4}}\1\d{{4}}|\d{{4}}({DASH}|[ ])\d{{6}}\2\d{{4,5}}|\d{{13,19}}){END}"
)
AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d)"
BETWEEN, REST = rf"(?: ?{DASH} ?|\) ?{DASH}? ?|[. ]|)", rf"\d{{3,4}}(?: ?{DASH} ?|[. ]|)\d{{4}}{END}"
MOBILE = re.compile(rf"{EDGE}(?:\(01[016-9]\) ?|01[016-9]{BETWEEN}){REST}")
WHOLE_MOBILE = re.compile(r"010( ?)\d{4}\1\d{4}")
REGIONAL = re.compile(rf"{EDGE}(?:\(0{AREA}\) ?|0{AREA}{BETWEEN}){REST}")
ABROAD = re.compile(
    rf"(?<![\d+-])(?:\+ ?82[-.) ]{{0,2}}(?:\(0\))?0?|82{DASH})(?:1[016-9]|{AREA})"
    rf"(?:[-.) ]{{1,2}}\d{{3,4}}[-. ]\d{{4}}|(?<=\d)\d{{7,8}}){END}"
)
GROUPS = re.compile(rf"{EDGE}\d{{2,6}}(?:{DASH}\d{{1,8}}){{2,3}}{END}")
RUN = re.compile(rf"{EDGE}\d{{10,16}}{END}")

RESIDENT_WORD = re.compile(
    r"(?<!\[)(?:주민|외국인) ?등록 ?(?:번호|증)|(?<!\[)주민 ?번호|resident (?:registration )?n", re.I
)
PERSON_WORD = re.compile(r"성명|이름|생년월일|본인|고객|예금주|신분증|실명")
CARD_WORD = re.compile(r"(?<!\[)카드|신용|체크|card|visa|master|amex", re.IGNORECASE)
PHONE_WORD = re.compile(r"(?<!\[)전화|연락처|휴대|핸드폰|팩스|문의|☎|☏|\btel\b|\bfax\b|phone|mobile", re.IGNORECASE)
ACCOUNT_WORD = re.compile(r"(?<!\[)계좌|예금주|입금|송금|이체|account", re.IGNORECASE)
ACCOUNT_LABEL = re.compile(
    r"(?:(?<!\[)계좌(?: ?번호)?[는은가이로]?|account(?: n(?:o\.?|umber))?)[\"'”)]?\s?[:：=]?\s?[\"'“(]?$", re.I
)
BANK = re.compile(
    r"(?:은행|뱅크|금고|신협|농협|수협|우체국|국민|신한|우리|하나|기업|씨티|SC제일|카카오|케이|토스)[\"',:： ()/]{0,3}$"
)
PUBLIC = re.compile(r"사업자|법인|고유번호|문서|접수|관리 ?번호|공고|고시|의안|ISIN", re.IGNORECASE)
YEARS = re.compile(r"(?:19|20)\d\d")
MONEY_BEFORE = re.compile(r"[￦₩$€¥△▲]\s?$")
UNIT_AFTER = re.compile(
    r"\s?(?:원(?![장본])|달러|위안|유로|%)|[백천만억경톤점배엔]|조(?!회)|주(?![소민세시])|건|개(?!설)|명(?!의)|호|회(?!원)|bp|KRW|USD"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Personal data at text[start:end]; `kind` is one of `MASKS`."""

    kind: str
    start: int
    end: int


def masked(text: str) -> tuple[str, Counter[str]]:
    """The text with a mask for every finding, and how many there were by kind; the same text where there is none."""
    counts: Counter[str] = Counter()
    while findings := found(text):  # again: a mask is shorter, so a word may now stand near the next number
        parts, at = [], 0
        for finding in findings:
            parts += [text[at : finding.start], MASKS[finding.kind]]
            at = finding.end
            counts[finding.kind] += 1
        text = "".join((*parts, text[at:]))
    return text, counts


def found(text: str) -> list[Finding]:
    """Everything personal in a text, in its order, without overlaps."""
    if not PERHAPS.search(text):
        return []
    findings: list[Finding] = []
    left = text
    for kind, find in FINDERS.items():
        for start, end in find(left):
            findings.append(Finding(kind, start, end))
        for finding in findings:
            if finding.kind == kind:  # what one kind took is no other's
                left = left[: finding.start] + "\0" * (finding.end - finding.start) + left[finding.end :]
    return sorted(findings, key=lambda finding: finding.start)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text or "＠" in text:
        yield from (match.span() for match in EMAIL.finditer(text))


def _residents(text: str) -> Iterator[tuple[int, int]]:
    for match in RESIDENT.finditer(text):
        digits = match[1] + match[3]
        said = _near(RESIDENT_WORD, text, match)
        if not _is_birthday(digits) or _is_figure(text, match) or (_is_public(text, match) and not said):
            continue
        proven = _resident_checksum(digits) and not _is_corporation(digits)
        if said or (proven and (match[2] or _near(PERSON_WORD, text, match))):
            yield match.span()


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if not (_is_card_prefix(digits) and _luhn(digits)) or _is_figure(text, match):
            continue
        plain = len(digits) == 16 and " " not in match[0] and not digits.endswith("0000")
        alone = plain and (match[1] or not digits.startswith("9"))
        if (alone and not _is_public(text, match)) or _near(CARD_WORD, text, match):
            yield match.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in ABROAD.finditer(text))
    for match in MOBILE.finditer(text):
        # Between spaces it may be two figures after a code, unless the code is 010.
        if re.search(r"[^\d ]", match[0]) or WHOLE_MOBILE.fullmatch(match[0]) or _near(PHONE_WORD, text, match):
            yield match.span()
    for match in REGIONAL.finditer(text):
        if re.sub(r"[\d ]", "", match[0]) not in ("", ".") or _near(PHONE_WORD, text, match):
            yield match.span()


def _accounts(text: str) -> Iterator[tuple[int, int]]:
    for match in GROUPS.finditer(text):
        groups = re.split(DASH, match[0])
        if not 10 <= sum(map(len, groups)) <= 16 or YEARS.fullmatch(groups[0]):
            continue  # 2023-01-15-001 is a date or a document
        if _is_figure(text, match) or _is_public(text, match) or _is_business(groups):
            continue
        if BANK.search(_before(text, match)) or _near(ACCOUNT_WORD, text, match):
            yield match.span()
    for match in RUN.finditer(text):
        if ACCOUNT_LABEL.search(_before(text, match)) and not _is_figure(text, match):
            yield match.span()


FINDERS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "email": _emails,
    "resident": _residents,
    "card": _cards,
    "phone": _phones,
    "account": _accounts,
}


def _before(text: str, match: re.Match[str], reach: int = 30) -> str:
    """What stands before a match on its line, `reach` characters at most."""
    return text[max(0, match.start() - reach) : match.start()].rpartition("\n")[2]


def _near(word: re.Pattern[str], text: str, match: re.Match[str]) -> bool:
    """Whether a word stands on the same line, up to 30 characters before or 20 after."""
    after = text[match.end() : match.end() + 20].partition("\n")[0]
    return bool(word.search(_before(text, match)) or word.search(after))


def _is_figure(text: str, match: re.Match[str]) -> bool:
    """Whether it is an amount or a document's number: a currency before it, or a unit or 호 after it."""
    return bool(MONEY_BEFORE.search(_before(text, match, 2)) or UNIT_AFTER.match(text, match.end()))


def _is_public(text: str, match: re.Match[str]) -> bool:
    """Whether a word just before it says that it is a register's or a document's number."""
    before = _before(text, match, 14)
    return bool(PUBLIC.search(before)) or before.endswith("제")


def _is_birthday(digits: str) -> bool:
    century = 1900 if digits[6] in "1256" else 2000
    try:
        date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return True


def _resident_checksum(digits: str) -> bool:
    total = sum(int(d) * w for d, w in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False))
    base = 13 if digits[6] in "5678" else 11
    return (base - total % 11) % 10 == int(digits[12])


def _is_corporation(digits: str) -> bool:
    """A corporate registration number: 1101 (its registry), 11 (its kind), a serial number, its own checksum."""
    total = sum(int(d) * (1 + i % 2) for i, d in enumerate(digits[:12]))
    return "11" <= digits[:2] <= "28" and digits[4] in "12" and (10 - total % 10) % 10 == int(digits[12])


def _is_business(groups: list[str]) -> bool:
    """A business registration number: 3-2-5 digits with its checksum. It is public."""
    if list(map(len, groups)) != [3, 2, 5]:
        return False
    digits = [int(d) for d in "".join(groups)]
    total = sum(d * w for d, w in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


def _is_card_prefix(digits: str) -> bool:
    """Whether an issuer gives numbers of this length with this beginning; 9 is Korea's own cards."""
    four, length = int(digits[:4]), len(digits)
    if length == 16:
        network = 2221 <= four <= 2720 or 5100 <= four <= 5599 or 3528 <= four <= 3589 or 6440 <= four <= 6599
        return network or digits[0] in "49" or four == 6011 or digits[:2] == "62"
    if length == 15:
        return digits[:2] in ("34", "37")
    if length == 14:
        return digits[:2] in ("36", "38", "39") or 3000 <= four <= 3059
    return (length in (13, 19) and digits[0] == "4") or (length > 16 and digits[:2] == "62")


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
