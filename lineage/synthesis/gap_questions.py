"""Gap questions: a sentence of a named text with a figure or a term left out, and options that rules make.

    다음은 가온거래소 업무규정 시행세칙 제3조(호가의 접수)의 한 문장입니다. 빈칸에 알맞은 것은?
    거래소는 접수한 날부터 (    ) 이내에 결과를 알려야 한다.          5일 · 3일 · 7일 · 10일

A gap is asked only where its answer stands once in the whole text, so that nothing else in it can be right.
"""

import re
from collections.abc import Iterator

from lineage.synthesis.figures import alike, figures
from lineage.synthesis.passages import flat, sentences
from lineage.synthesis.proposal import Proposal, Reference, draws

GAP = "(    )"
QUESTION = "다음은 {name}의 한 문장입니다. 빈칸에 알맞은 것은?\n{sentence}"
OTHERS = 3
# A noun is a word before a particle. Without a tagger 을 and 를 are the safe ones; behind the other particles stand
# verbs too (받은, 하려는), so that what ends like one is no option.
NOUN = re.compile(r"(?<![가-힣\w])(?P<noun>[가-힣]{2,10}?)(?P<particle>을|를|에게|에서|에|의|은|는|과|와)(?=[\s,.]|$)")
NO_OBJECT = re.compile(
    r"[았었했였겠있없같]$|^(?:이[하상내후전]|경우|사항|각호|다음|자신|그[것때]|이것|모두|여부|정함)$"
)
NO_NOUN = re.compile(r"[맞높많않싶좋적하되받려에키로서도만지으와과라리며시이]$|인지$")
AFTER_GAP = re.compile(re.escape(GAP) + r"(?P<particle>으로|은|는|이|가|을|를|과|와)(?=[\s,.]|$)")
EITHER = {"은": "은(는)", "는": "은(는)", "이": "이(가)", "가": "이(가)", "을": "을(를)", "를": "을(를)"} | {
    "과": "과(와)",
    "와": "과(와)",
    "으로": "(으)로",
}


def figure_gaps(reference: Reference, seed: int) -> Iterator[Proposal]:
    """A question for every figure that the text gives once; the others are its own of that unit, or alike."""
    everywhere = [figure.text for figure in figures(flat(reference.text))]
    for sentence in sentences(reference.text):
        here = figures(sentence)
        for figure in here:
            if everywhere.count(figure.text) != 1 or figure.text in reference.name:
                continue
            chance = draws(seed, reference.record, sentence, figure.text)
            own = [
                f.text
                for f in figures(reference.text)
                if f.unit == figure.unit and f.text != figure.text and f.text not in sentence
            ]
            others = chance.sample(sorted(set(own)), min(1, len(set(own))))
            others += [
                other for other in alike(figure.text, OTHERS, chance) if other not in others and other not in sentence
            ]
            if len(others) >= OTHERS:
                asked = sentence[: figure.start] + GAP + sentence[figure.end :]
                yield _gap(reference, asked, figure.text, others[:OTHERS], dated=figure.is_date)


def term_gaps(reference: Reference, seed: int) -> Iterator[Proposal]:
    """A question for every noun that the text gives once, where it has three others to choose from."""
    text = flat(reference.text)
    nouns = sorted({m["noun"] for m in NOUN.finditer(text) if _is_noun(m)})
    for sentence in sentences(reference.text):
        for match in NOUN.finditer(sentence):
            noun = match["noun"]
            if match["particle"] not in "을를" or not _is_noun(match):
                continue
            if text.count(noun) != 1 or noun in reference.name:
                continue
            chance = draws(seed, reference.record, sentence, noun)
            others = [n for n in nouns if n not in sentence and n not in noun and noun not in n]
            if len(others) >= OTHERS:
                asked = sentence[: match.start()] + GAP + sentence[match.end("noun") :]
                yield _gap(reference, asked, noun, chance.sample(others, OTHERS))


def without_hint(text: str) -> str:
    """Particles behind a gap in both shapes: 을 or 를 alone would tell how the answer ends."""
    return AFTER_GAP.sub(lambda m: GAP + EITHER[m["particle"]], text)


def _is_noun(match: re.Match[str]) -> bool:
    is_object = match["particle"] in "을를"
    return not NO_OBJECT.search(match["noun"]) and (is_object or not NO_NOUN.search(match["noun"]))


def _gap(reference: Reference, asked: str, answer: str, others: list[str], *, dated: bool = False) -> Proposal:
    shown = asked if figures(answer) else without_hint(asked)  # figures of one unit all end alike
    return Proposal(
        QUESTION.format(name=reference.name, sentence=shown),
        answer,
        options=(answer, *others),
        correct=0,
        sentence=asked,
        dated=dated,
    )
