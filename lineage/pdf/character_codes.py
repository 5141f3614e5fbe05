"""Characters that cannot be what is printed, told by their codes alone, whatever the language.

Prose is no measure: lists of codes, prices and names have few vowels and few syllables, and are sound.
"""

import re
from functools import cache

NO_TEXT = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\uf8ff\ufffd-\uffff\U00040000-\U000e00ff\U000e01f0-\U0010ffff]"
)
PRIVATE_ROW = re.compile(r"([\ue000-\uf8ff])\1{2,}")
HANGUL = re.compile(r"[가-힣]+")
RARE = "\u3164".encode("euc-kr")  # begins each of the syllables that Python spells with eight bytes
HIGH_LATIN = re.compile(r"[\x80-\xffŒœŠšŸŽžƒˆ˜\u2013-\u203a€™]{2,}")
LATIN_WORD = re.compile(r"[A-Za-z]{3,}")
FEW, SAMPLE = 20, 2000  # characters: fewer prove nothing; more are not looked at for words
# words that a page of prose cannot do without, to recognise it behind shifted codes: en, de, fr, es
USUAL = frozenset(
    """the and for that this with from are was were have has not but which will can its their over into been than they
    der die das und den von mit ist des dem ein eine nicht auch auf für als sich
    les des une est dans que qui pour par sur pas avec los las del por con para una""".split()  # noqa: SIM905
)
ENCODINGS = (("utf-8", re.compile(r"[가-힣ぁ-ヿ一-鿿А-яΆ-ώ]")), ("cp949", re.compile(r"[가-힣]")))


def is_no_text(c: str) -> bool:
    """Whether a character stands for none: no code, a font's private code, a control code, one of no script."""
    return NO_TEXT.match(c) is not None


def no_text(text: str) -> int:
    """How many characters stand for none; a row of the same private sign, such as a leader of dots, is one."""
    found = len(NO_TEXT.findall(text))
    return found - sum(len(row[0]) - 1 for row in PRIVATE_ROW.finditer(text)) if found else 0


def misread(text: str) -> str:
    """Why a text whose characters all are letters is not what is printed, or ""."""
    return _rare_syllables(text) or _other_bytes(text) or _shifted(text)


def _rare_syllables(text: str) -> str:
    """Hangul spread over all 11,172 syllables: Korean is written with the 2,350 of KS X 1001, and hardly any other."""
    if RARE not in text.encode("euc-kr", "ignore"):
        return ""  # as of nearly every page
    hangul = "".join(HANGUL.findall(text))
    if len(hangul) < FEW:
        return ""
    rare = (len(hangul.encode("euc-kr")) - 2 * len(hangul)) // 6  # Python spells the others with eight bytes
    if rare * 10 < len(hangul) * 3:
        return ""
    return f"{rare:,} of {len(hangul):,} syllables are ones that Korean does not use (outside of KS X 1001)"


def _other_bytes(text: str) -> str:
    """Bytes of another encoding that were taken for Latin letters: `ÇÑ±¹` is 한국 in CP949.

    In no language are most letters accented ones, save in a list of them, where each stands once.
    """
    runs = [run for run in HIGH_LATIN.findall(text) if any(map(str.isalpha, run))]
    high = sum(map(len, runs))
    if high < FEW or 2 * high < sum(map(str.isalpha, text)) or high < 2 * len(set("".join(runs))):
        return ""
    found = f"{high:,} letters are accented Latin ones, as bytes of another encoding look"
    raw = b" ".join(_bytes(run) for run in runs)
    for encoding, letters in ENCODINGS:
        read = raw.decode(encoding, "replace")
        if len(letters.findall(read)) * 20 >= 17 * (len(read) - read.count(" ")):
            return f"{found} ({encoding.upper()} reads them)"
    return found


def _bytes(run: str) -> bytes:
    return b"".join(c.encode("latin-1") if c <= "\xff" else c.encode("cp1252", "ignore") for c in run)


def _shifted(text: str) -> str:
    """Letters that all lie one step of the code table away: `Uif gjstu` is `The first`."""
    sample = text[:SAMPLE]
    if len(text) < FEW or 2 * len(sample.encode("ascii", "ignore")) < len(sample) or share_of_usual(sample) >= 0.05:
        return ""
    moved = _moved()
    threes = set(zip(sample, sample[1:], sample[2:], strict=False))
    best, most = 0, 0.15
    for step in sorted({step for three in threes for step in moved.get(three, ())}, key=abs):
        back = {ord(c): ord(c) - step for c in set(sample) if c > " " and ord(c) > step}
        if (share := share_of_usual(sample.translate(back))) > most:
            best, most = step, share
    where = "above" if best > 0 else "below"
    return f"its letters stand {abs(best)} codes {where} those of words ({most:.0%} usual ones)" if best else ""


@cache
def _moved() -> dict[tuple[str, ...], list[int]]:
    """The steps by which three letters are those of one of the commonest words."""
    found: dict[tuple[str, ...], list[int]] = {}
    for word in ("the", "and", "der", "und", "les", "que", "los"):
        for form in (word, word.upper()):
            for step in {*range(-60, 95)} - {0}:
                found.setdefault(tuple(chr(ord(c) + step) for c in form), []).append(step)
    return found


def share_of_usual(text: str) -> float:
    """The share of its words, 0 to 1, that no prose in a Western language can do without."""
    words = LATIN_WORD.findall(text)
    usual = [word for word in map(str.lower, words) if word in USUAL]
    return len(usual) / len(words) if len(usual) >= 4 and len(set(usual)) >= 2 else 0.0
