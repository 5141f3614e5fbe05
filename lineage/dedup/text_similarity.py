"""When two texts are the same text: letters, figures and spelling, the way Korean is written.

Korean is spaced freely (알려 주세요, 알려주세요) and its particles and polite endings change without changing what is
said; figures, signs and units change everything. So a text is seen three ways:

    read("매출은 △5.2%p 줄어든 3억 원입니다.")
    tokens    매 출 은 △ 5 2 % p 줄 어 든 3 억 원 입 니 다   letters and marks, without spaces and punctuation
    figures   ("△5.2%p", "3억원")                           numbers with sign and unit, in their order
    skeleton  매 출 △ # # % p 줄 어 든 # 억 원               without particles and polite endings

- *Exact*: equal tokens and figures, turn by turn. Width, composition (NFD), case, spacing, punctuation are ignored.
- *Near*: equal figures, and equal skeletons, or skeletons so alike (Jaccard of 3-grams) that the one only has a filling
  word or two more than the other. **Other figures, another name, 증가 for 감소: another text.** In this field rows
  come from templates, and a rule of mere likeness would throw good ones away.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import blake2b

import numpy as np

ALIKE = 0.8  # the least Jaccard similarity of two near-duplicates' 3-grams
SHINGLE = 3  # tokens: a Hangul syllable, a Latin word or a number each
MOST_PLACES, LONGEST_FILLING = 2, 8  # where one text may have more, and syllables there

ARTICLES = frozenset(("a", "an", "the", "please"))
REVERSING = frozenset("않못없안비불무미외아단")  # 아니, 다만, 제외, 비-: they turn a sentence round

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_RAISED = re.compile(r"[⁰¹²³⁴-⁹]+")  # NFKC would make 102 of 10²
_DASH = re.compile("[−–—‐‑‒]")
_NUMBER = re.compile(r"\d+")
_TOKEN = re.compile(r"\d+|[a-z]+|[^\W\d_]|[#%=<>≤≥≠±×÷√∞+○●◯×△▲▽▼]")
_ENDING = re.compile(  # a polite ending, or a particle
    r"(?:입니까|입니다|인가요|인가|이에요|예요|이다|습니까|습니다|십시오|시오|세요|니까|니다|나요|까요|죠|요|다)"
    r"(?=[\s\"'”’」』)\]}]*(?:[.?!…\n]|$))"
    r"|[은는이가을를의에와과로으]"
)
_FIGURE = re.compile(
    r"(?P<date>\d{4}\.\s?\d{1,2}\.\s?\d{1,2}(?!\d))"
    r"|(?P<sign>\((?=[\d.]+\))|[△▲▽▼+]\s?|(?<!\w)-\s?)?(?P<number>\d+(?:\.\d+)?)\)?"
    r"\s*(?P<size>[조억만천백십]*)\s*(?P<unit>(?:%p|%|‰|[a-z]+|(?![은는이가을를의에와과로])[가-힣])?)"
    r"|\|\s*(?P<empty>-?)\s*(?=\||\n|$)"  # a table's empty cell: what stands beside it must not move into it
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is compared; see the module's docstring."""

    tokens: tuple[str, ...]
    figures: tuple[str, ...]
    skeleton: tuple[str, ...]


def plain(text: str) -> str:
    """One way to write each letter: composed, half-width, lower case, numbers without thousands commas."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _RAISED.sub(lambda found: f"^{found[0]}", text))
        text = _DASH.sub("-", text)
    return _THOUSANDS.sub("", text.lower())


def tokens(text: str) -> list[str]:
    """Hangul syllables, Latin words, numbers and marks of a text, without spaces and punctuation."""
    return _TOKEN.findall(plain(text))


def numbers(text: str) -> list[str]:
    """The bare numbers of a text, without sign and unit."""
    return re.findall(r"\d+(?:\.\d+)?", plain(text))


def read(text: str) -> Text:
    """A text as it is compared."""
    text = plain(text)
    figures = tuple(map(_figure, _FIGURE.finditer(text)))
    skeleton = _TOKEN.findall(_ENDING.sub(" ", _NUMBER.sub("#", text)))
    return Text(tuple(_TOKEN.findall(text)), figures, tuple(skeleton))


def _figure(found: re.Match[str]) -> str:
    if found["date"]:
        return re.sub(r"\s", "", found["date"])
    if found["number"]:
        return f"{(found['sign'] or '').strip()}{found['number']}{found['size']}{found['unit']}"
    return "–"


def read_turns(turns: Iterable[dict[str, str]]) -> tuple[Text, ...]:
    """The turns of a record as they are compared."""
    return tuple(read(turn["content"]) for turn in turns)


def exact_key(texts: Iterable[Text]) -> int:
    """64 bits that are equal for exact duplicates, and for others once in 10¹² pairs of a million rows."""
    return _key("\0".join((*text.tokens, "\1", *text.figures, "\2")) for text in texts)


def near_key(texts: Iterable[Text]) -> int:
    """64 bits that are equal for texts that differ in particles, endings, spaces and punctuation alone."""
    return _key(_near_parts(texts))


def near_digest(texts: Iterable[Text]) -> tuple[int, int]:
    """128 bits, as two numbers, that are equal where near keys are."""
    digest = blake2b("".join(_near_parts(texts)).encode("utf-8", "replace"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:], "big")


def _near_parts(texts: Iterable[Text]) -> Iterable[str]:
    return ("\0".join((*text.skeleton, "\1", *text.figures, "\2")) for text in texts)


def _key(parts: Iterable[str]) -> int:
    return int.from_bytes(blake2b("".join(parts).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def similarity(one: Sequence[Text], other: Sequence[Text]) -> float:
    """How alike two records are as near-duplicates, 0.8 to 1; 0 if they are none. Symmetric."""
    if [t.figures for t in one] != [t.figures for t in other]:
        return 0.0
    if not all(_fillings_only(a.skeleton, b.skeleton) for a, b in zip(one, other, strict=True)):
        return 0.0
    ours, theirs = (set(_shingles([token for t in texts for token in t.skeleton])) for texts in (one, other))
    likeness = len(ours & theirs) / len(ours | theirs) if ours | theirs else 1.0
    return likeness if likeness >= ALIKE else 0.0


def _shingles(row: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(row[i:] for i in range(SHINGLE)), strict=False)


def _fillings_only(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether all that differs are filling words that one of the two has more: nothing replaced, nothing reversed."""
    if one == other:
        return True
    one, other = sorted((one, other))  # difflib's answer depends on the order
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    a, b = one[start : len(one) - end], other[start : len(other) - end]
    if min(len(a), len(b)) > 400:  # differences that far apart are many
        return False
    changed = [op for op in SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if op[0] != "equal"]
    if len(changed) > MOST_PLACES:
        return False
    return all(op != "replace" and _filling([*a[i:j], *b[k:m]]) for op, i, j, k, m in changed)


def _filling(more: list[str]) -> bool:
    if all(token in ARTICLES for token in more):
        return True
    hangul = all("가" <= token <= "힣" for token in more)
    return hangul and 2 <= len(more) <= LONGEST_FILLING and not REVERSING.intersection(more)


@lru_cache(maxsize=1 << 18)
def token_id(token: str) -> int:
    """A token as 64 bits, the same in every process."""
    return int.from_bytes(blake2b(token.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def shingle_hashes(rows: Sequence[Sequence[str]], length: int, *, whole: bool) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of every run of `length` tokens of many rows at once, and where each row's begin.

    Args:
        rows: tokens of each row.
        whole: True gives none for a row shorter than `length`; False gives such a row, and every row's tail, shorter
            runs, so that no row is without any.

    Returns:
        The hashes of all rows, uint64 [n], and offsets, uint64 [rows + 1].
    """
    pad = [0] * (length - 1)
    ids = np.array([i for row in rows for i in (*map(token_id, row), *pad)] + [0] * length, dtype=np.uint64)
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    hashes = np.zeros(len(ids) - length, dtype=np.uint64)
    for place in range(length):
        hashes = hashes * np.uint64(0x9E3779B97F4A7C15) + ids[place : place + len(hashes)]
    hashes ^= hashes >> np.uint64(29)
    kept = np.maximum(lengths - length + 1, 0) if whole else np.maximum(lengths, 1)
    starts = np.concatenate(([0], np.cumsum(lengths + length - 1)))[:-1]
    offsets = np.concatenate(([0], np.cumsum(kept))).astype(np.uint64)
    where = np.repeat(starts - offsets[:-1].astype(np.int64), kept) + np.arange(int(offsets[-1]))
    return hashes[where], offsets
