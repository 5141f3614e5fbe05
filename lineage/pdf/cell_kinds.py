"""What the short texts of a table's columns are: figures, dates, codes, grades, or the blanks between them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from lineage.pdf.number_check import GROUPED, is_figure

NONE = frozenset({"-", "–", "−", "―", "—", "…", "‥", "·", "x", "X", "N/A", "n/a", "N.A.", "n.a.", "NA", "해당없음"})
UNIT = (
    r"(?:만|억|십|백|천|조|십억|백만|천만)?(?:원|달러|주|좌|계약|건|명|개|개사|사|회|호|대|톤|배|엔|위안|유로|p|P|bp|bps|pt|"
    r"포인트|%|%p|%P|‰|x|X|t|kg|km|GWh|MWh|USD|KRW|EUR|JPY|CNY|KB|MB|GB)"
)
AMOUNT = re.compile(
    rf"[△▵∆▲▼▽+(\[−–-]*\s*(?:US\$|[$₩￦€¥£])?\s*[+−–-]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)?(?:\.\d+)?(?<=\d)\s*{UNIT}?\s*[)\]]?"
    r"\s*(?:\*{1,3}|†|‡|\(?[1-9a-z주]\)|[epPE])?"
)
SPAN = re.compile(rf"\d[\d,.]*\s*{UNIT}?\s*[~∼～–-]\s*\d[\d,.]*\s*{UNIT}?")  # 1,000~2,000원
DATE = re.compile(
    r"['’‘]?\d{2,4}\s*[-./년]\s*(?:0?[1-9]|1[0-2])(?:\s*[-./월]\s*\d{1,2})?\s*[.월일]?|(?:19|20)\d{6}|\d{1,2}월\s*\d{1,2}일"
    r"|(?:19|20)\d{2}(?:년|\s?[1-4]?Q|[EFP])?|['’‘]\d{2}년?|\d{1,2}월|(?:\d{4}년?\s*)?[1-4](?:/4)?분기|[1-4]Q\s?\d{2,4}"
)
GRADE = re.compile(r"(?:A{1,3}|Aa|Aaa|B{1,3}|Baa?|C{1,3}|Ca?a?|D|A[123])(?:[+0−-]|[123])?(?:\([a-zA-Z]+\))?")
CODE = re.compile(r"(?=[A-Z0-9./-]*\d)[A-Z0-9]{2,}(?:[./-][A-Z0-9]+)*|[A-Z]{2,6}(?:[./=][A-Z]{1,3})?")
PHONE = re.compile(r"\(?0\d{1,2}\)?[-. ]\d{3,4}[-. ]\d{4}")
WORD = re.compile(r"[가-힣一-鿿]|[^\W\d_]{2}")
NAMING = re.compile(r"\d{6}|0\d{3,}|20\d\d\.\d\d?")  # codes and months, though figures by their look
PLAIN = re.compile(r"[(\-–]?\s*\d{1,4}\s*[)\-–]?(?:쪽|면)?")


@lru_cache(maxsize=4096)
def kind(text: str) -> str:
    """`figure`, `date`, `grade`, `code`, `none` (a dash for no value), or "" for words."""
    if text in NONE:
        return "none"
    if is_figure(text) or AMOUNT.fullmatch(text) or SPAN.fullmatch(text) or GROUPED.fullmatch(text):
        return "date" if DATE.fullmatch(text) and not is_figure(text) else "figure"
    for name, pattern in (("date", DATE), ("grade", GRADE), ("code", CODE)):
        if pattern.fullmatch(text) and not PHONE.fullmatch(text):
            return name
    return ""


def main_kind(texts: Sequence[str]) -> str:
    """The kind that at least four fifths of a column's texts have, blanks aside; "" where there is none."""
    kinds = [name for name in map(kind, texts) if name != "none"]
    for name in ("figure", "date", "grade", "code"):
        if kinds and kinds.count(name) >= 0.8 * len(kinds):
            return name
    return ""


def has_word(text: str) -> bool:
    """Whether a text holds a word, and is no code or grade."""
    return bool(WORD.search(text)) and not kind(text)


def names_row(text: str) -> bool:
    """Whether a text can be the label of a row by itself: a word, code, day or grade, or a code of figures."""
    return has_word(text) or kind(text) in ("code", "date", "grade") or bool(NAMING.fullmatch(text))


def is_index(texts: Sequence[str]) -> bool:
    """Whether a column of figures names its rows: ranks that count up, days, months, years, or codes of one length."""
    if all(DATE.fullmatch(text) for text in texts):
        return _one_way([[int(n) for n in re.findall(r"\d+", text)] for text in texts])
    if any(not re.fullmatch(r"\d+", text) for text in texts):
        return False
    if len(set(map(len, texts))) == 1 and len(texts[0]) >= 5:
        return True
    return all(int(b) - int(a) == 1 for a, b in pairwise(texts))


def _one_way(keys: Sequence[list[int]]) -> bool:
    return all(a <= b for a, b in pairwise(keys)) or all(a >= b for a, b in pairwise(keys))


def counts_pages(texts: Sequence[str]) -> bool:
    """Whether a column can be the page numbers of a table of contents: plain numbers that hardly ever fall."""
    if not all(PLAIN.fullmatch(text) for text in texts):
        return False
    steps = list(pairwise(int(re.sub(r"\D", "", text)) for text in texts))
    return sum(a > b for a, b in steps) <= 0.15 * len(steps)
