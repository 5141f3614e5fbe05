"""Whether an answer is in another language than the one that was expected, by its script.

    expected "순이익은 자산에서 …"    answer "净利润是指扣除费用后的余额"     another language
                                   answer "EPS는 earnings per share를 말한다"   Korean, with an English term
                                   answer "KOSPI 200", "12.5%"              says nothing of a language

Numbers, marks, tickers and terms (capitals, single Latin words) are no language. An answer is in another one only where
the expected script is less than a fifth of its letters and another script has enough of them: a wrong alarm would be
worse than a missed one. Hanja among Hangul is Korean, kanji with kana is Japanese.
"""

import re
from typing import NamedTuple

FEWEST_LETTERS = 4  # of another script: fewer are a name or an abbreviation, 美, 中
SHARE = 0.2  # of an answer's letters: with so many of the expected script it is in the expected language
HANGUL, KANA, HAN = "[가-힣ㄱ-ㅎㅏ-ㅣ]", "[ぁ-ゖァ-ヺ]", "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
LATIN = "[A-Za-zÀ-ÖØ-öø-ÿ]"
# Running text: three words in a row that are written small, but for the first.
PROSE = re.compile(rf"{LATIN}[a-zà-öø-ÿ'’-]*(?:[ ,;:]+[a-zà-öø-ÿ][a-zà-öø-ÿ'’-]*){{2,}}")


class Letters(NamedTuple):
    """How many letters of a text are of which script; prose: those of Latin ones that are running text."""

    hangul: int
    kana: int
    han: int
    latin: int
    prose: int
    other: int


def letters_of(text: str) -> Letters:
    """Count a text's letters by script."""
    hangul, kana, han, latin = (len(re.findall(script, text)) for script in (HANGUL, KANA, HAN, LATIN))
    prose = sum(len(re.findall(LATIN, run)) for run in PROSE.findall(text))
    every = sum(sign.isalpha() for sign in text)
    return Letters(hangul, kana, han, latin, prose, max(every - hangul - kana - han - latin, 0))


def language_of(text: str) -> str | None:
    """The language of a text: ko, ja, zh, en (any in Latin letters) or `other`; None where there is none to be seen."""
    found = letters_of(text)
    whole = found.hangul + found.kana + found.han + found.prose + found.other
    if not whole:
        return None
    if found.hangul >= SHARE * whole:
        return "ko"
    if found.kana >= SHARE / 2 * whole:
        return "ja"
    most = max(("zh", found.han), ("en", found.prose), ("other", found.other), key=lambda one: one[1])
    return most[0]


def is_in_another_language(answer: str, expected: str) -> bool:
    """Whether an answer is in another language than `expected`, for sure."""
    found = letters_of(answer)
    of_script = {
        "ko": found.hangul,
        "ja": found.kana + found.han if found.kana else 0,
        "zh": 0 if found.kana else found.han,
        "en": found.latin,
    }
    here = language_of(answer)
    if here is None or here == expected or expected not in of_script:
        return False
    whole = found.hangul + found.kana + found.han + found.latin + found.other
    foreign = {"ko": found.hangul, "ja": found.kana + found.han, "zh": found.han, "en": found.prose}
    enough = foreign.get(here, found.other) >= FEWEST_LETTERS
    share = found.hangul / (whole - found.latin + found.prose) if expected == "ko" else of_script[expected] / whole
    return enough and share < SHARE
