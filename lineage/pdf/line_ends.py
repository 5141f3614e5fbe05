"""Whether a word goes on over the end of a line: learnt from the document, since Korean is set both ways.

Some papers break a line after a word, others in the middle of one, and neither says so: `재정 정상` + `화를 위해` is
one word and another, `제출한` + `서류는` are two. Until the whole document is read, such an end is kept as WRAP in the
text of a block or a cell. Three things tell the two kinds apart:

- how the document uses the syllables on both sides, and the words that they would make, inside its lines;
- Korean itself: 을, 에서, 까지 end a word and begin none;
- the document's habit: the share of its line ends between words, estimated over all of them by
  expectation-maximisation (Dempster, Laird and Rubin 1977).
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import exp, log

WRAP = "\1"  # an end of a line of which it is not known yet whether a word ends there: never in a page's text

WORD = re.compile(r" ([가-힣]+)(?=[^가-힣\n])")  # whole words: neither the first nor the last of a line
AFTER_OTHER = re.compile(
    r"(?<=[0-9A-Za-z%)\]」』》〉”’])[가-힣]+(?=[^가-힣\n])"
)  # what follows a figure or Latin letters
HEAD, TAIL = re.compile(r"[가-힣]+"), re.compile(r"[가-힣]+$")

# Syllables that many Korean words end in, and syllables that hardly any begins with.
LAST = frozenset("은는이가을를의에로와과도만서고며여해한할될된인적및등지면나게다요록")
NOT_FIRST = frozenset("을를은는의들며든씩듯")
PARTICLE = (
    r"은|는|을|를|의|에|에서|에게|에는|에도|에서는|와|과|로|으로|으로는|로서|로써|도|까지|부터|보다|이며|이고|이다|이나|였다|"
    r"들은|들이|들을|들의"
)
PARTICLES = re.compile(rf"(?:{PARTICLE})(?![가-힣])|[다요음함임됨]\.(?!\d)")
QUOTING = re.compile(r"(?:고|며|면서|이?라고|이?라며|이?라면서|이?라는|인|이라)(?![가-힣])")  # what follows a quotation
HYPHENED = re.compile(r"[^\W\d_]+[-\u2010][^\W\d_]+")
BEFORE_HYPHEN, FIRST_WORD = re.compile(r"[^\W\d_]+[-\u2010]$"), re.compile(r"[^\W\d_]+")
UNIT = (
    r"년|월|일|시|분|초|개월|개|명|인|원|천원|만원|백만원|억원|조원|경|조|억|만|천|백|십|회|차|호|위|배|건|대|주|분기|세기|세|층|"
    r"장|절|관|항|목|쪽|면|가구|퍼센트|포인트|달러|엔|위안|유로|톤|평|종|개국|개사|년간|년도|년대|년물|월물|일간|단계|등급|점"
)
OF_FIGURE = re.compile(
    rf"여?(?:{UNIT})?(?:간|째|여|씩|당|말|초|중|만|대|어치|가량|짜리)?(?:{PARTICLE}|이|가|인)?(?![가-힣])|[편장절관조항호](?:의|제)\s?\d"
)
MOST = 4.0  # of the evidence at one end of a line, as a natural logarithm
ROUNDS = 30


class Uses:
    """How often each syllable stands at a word's edge, and how often within, beside another syllable."""

    def __init__(self, edge: Mapping[str, int], within: Mapping[str, int]) -> None:
        self._edge, self._within = edge, within
        self._scale = (sum(within.values()) + 1) / (sum(edge.values()) + 1)

    def log_ratio(self, c: str, prior: float) -> float:
        """How much likelier a syllable is at an edge, drawn to `prior` where the document has few of it."""
        return log((self._edge.get(c, 0) * self._scale + 2 * prior) / (self._within.get(c, 0) + 2))


class LineEnds:
    """What a document's lines say of its words.

    texts: the text of every page, a line a line.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = list(texts)

    def resolve(self, texts: Sequence[str]) -> list[str]:
        """Texts with a space, or nothing, in place of every WRAP. They share one habit: give blocks and cells apart."""
        pieces = [self._without_hyphens(text.split(WRAP)) if WRAP in text else [text] for text in texts]
        ends = [(a, b) for text in pieces for a, b in pairwise(text)]
        parted = iter(self._parted(ends))
        return ["".join([text[0], *(" " * next(parted) + piece for piece in text[1:])]) for text in pieces]

    def _without_hyphens(self, pieces: Sequence[str]) -> list[str]:
        """Pieces of a text, those that a hyphen parts as one: with it only where the document writes the word so."""
        made = [pieces[0]]
        for piece in pieces[1:]:
            before, after = BEFORE_HYPHEN.search(_last_word(made[-1])), FIRST_WORD.match(piece)
            if before and after:
                kept = (before[0] + after[0]).casefold() in self._hyphened
                made[-1] = made[-1][: None if kept else -1] + piece
            else:
                made.append(piece)
        return made

    def _parted(self, ends: Sequence[tuple[str, str]]) -> list[bool]:
        """For each end, given the texts on its two sides, whether a space belongs there."""
        certain = [self._after_other(a, b) if not TAIL.search(_last_word(a)) else None for a, b in ends]
        evidence = [self.evidence(a, b) if sure is None else 0.0 for (a, b), sure in zip(ends, certain, strict=True)]
        odds = _odds(habit([e for e, sure in zip(evidence, certain, strict=True) if sure is None]))
        return [e + odds > 0 if sure is None else sure for e, sure in zip(evidence, certain, strict=True)]

    def _after_other(self, before: str, after: str) -> bool:
        """Whether a Korean text is parted from the figure, bracket or Latin letters before it."""
        if OF_FIGURE.match(after) or PARTICLES.match(after):
            return False
        if before[-1] in '"”’' and QUOTING.match(after):
            return False
        found = HEAD.match(after)
        return found is None or found[0] not in self._others

    def evidence(self, before: str, after: str) -> float:
        """How much likelier the two are parted than one word, as the natural logarithm of the ratio, ±MOST."""
        left, right = TAIL.search(_last_word(before)), HEAD.match(after)
        assert left and right, (before, after)
        a, b = left[0], right[0]
        ends, begins = self._uses
        found = ends.log_ratio(a[-1], 4.0 if a[-1] in LAST else 0.5)
        found += begins.log_ratio(b[0], 0.1 if b[0] in NOT_FIRST else 1.0)
        found += (len(a) > 1 and a in self._words) + (len(b) > 1 and b in self._words)
        if PARTICLES.match(after):
            found -= 3.0
        if a + b in self._words:
            found -= 3.0
        elif self._begins(a + b[:2]):
            found -= 1.5
        return max(-MOST, min(MOST, found))

    def _begins(self, text: str) -> bool:
        """Whether a word of the document begins with this text."""
        at = bisect_left(self._sorted, text)
        return at < len(self._sorted) and self._sorted[at].startswith(text)

    @cached_property
    def _inner(self) -> list[str]:
        """All words that are neither the first nor the last of a line."""
        return WORD.findall("\n".join(self._texts))

    @cached_property
    def _words(self) -> Counter[str]:
        return Counter(self._inner)

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._words)

    @cached_property
    def _others(self) -> set[str]:
        return {word for text in self._texts for word in AFTER_OTHER.findall(text)}

    @cached_property
    def _hyphened(self) -> set[str]:
        return {word.casefold() for text in self._texts for word in HYPHENED.findall(text)}

    @cached_property
    def _uses(self) -> tuple[Uses, Uses]:
        """How syllables are used at the ends of words, and at their beginnings."""
        first, last = Counter([word[0] for word in self._inner]), Counter([word[-1] for word in self._inner])
        every = Counter("".join(self._inner))
        inside, follows = ({c: n - edge.get(c, 0) for c, n in every.items()} for edge in (last, first))
        return Uses(last, inside), Uses(first, follows)


def _last_word(text: str) -> str:
    return text.rpartition(" ")[2]


def habit(evidence: Sequence[float]) -> float:
    """The share of a document's line ends that are between words; 0.5 where there is no evidence."""
    share = 0.5
    against = [exp(-e) for e in evidence]
    for _ in range(ROUNDS):
        odds = (1 - share) / share
        share = (sum([1 / (1 + odds * ratio) for ratio in against]) + 1) / (len(evidence) + 2)
    return share


def _odds(share: float) -> float:
    return log(share / (1 - share))
