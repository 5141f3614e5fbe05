"""What a proposal must pass before it is kept: each check is a function that returns the reason against it, or "".

    refusal(proposal, reference)    "" or the first reason, "a figure of the answer is not in the reference"

They are strict on purpose. A good question that is lost costs little; one whose answer its reference does not bear
teaches a model to invent.
"""

import re

from lineage.readers.text import pii
from lineage.readers.text.multiple_choice import ABOUT_OTHERS, right_option
from lineage.readers.text.normalize import clean, one_line
from lineage.synthesis.figures import bears, figures, numbers
from lineage.synthesis.gap_questions import GAP
from lineage.synthesis.passages import flat
from lineage.synthesis.proposal import Proposal, Reference

WORDS_SUPPORTED = 0.6  # of the words of an answer, how many the reference must hold at least by their stem
LONG = 1200  # characters of a question or an answer
LETTER = re.compile(
    r"(?:정답|답|보기|선택지|선지)\s*(?:은|는|이|인|:|：)?\s*[(\[]?(?:[A-J①-⑩]|[1-9](?!\d|개|가지))"
    r"|(?<![A-Za-z])[A-J](?:번|\.(?=\s|$)|\)|가 정답|이 정답|(?:은|는|가|이) (?:옳|틀|맞|올바))|[①-⑩]|[1-9]번(?!째)",
)
POINTING = re.compile(
    r"(?<![가-힣])(?:윗글|상기|위 ?(?:의 )?(?:글|표|내용|자료|문서|본문|규정|조항|조문|지문)"
    r"|(?:다음|아래|이|본|해당|주어진|제시된|참고) ?(?:글|표|자료|문서|지문|본문|보고서|기사))"
    r"(?:에서|에|의|은|는|이|가|을|를|로|으로)?(?=[\s,.?]|$)|(?<![가-힣])(?:본문|지문)에"
)
SUMMARY_KEY = re.compile(r'"(?:요약|주요 수치)":')
WORD = re.compile(r"[가-힣]{2,}|[A-Za-z]{2,}")


def refusal(proposal: Proposal, reference: Reference) -> str:
    """Why a proposal is not kept, "" if it is."""
    return next((reason for check in CHECKS if (reason := check(proposal, reference))), "")


def filled_in(proposal: Proposal, reference: Reference) -> str:
    """Question and answer have visible text of bearable length."""
    for name, text in (("question", proposal.question), ("answer", proposal.answer)):
        if not clean(text):
            return f"the {name} is empty"
        if len(text) > LONG:
            return f"the {name} is longer than {LONG} characters"
    return "" if all(map(clean, proposal.options)) else "an option is empty"


def not_personal(proposal: Proposal, reference: Reference) -> str:
    """Nothing that `lineage.readers.text.pii` finds: resident, card, phone and account numbers, mail addresses."""
    said = "\n".join((proposal.question, proposal.answer, proposal.reasoning, *proposal.options))
    return "personal data" if pii.found(said) else ""


def one_right(proposal: Proposal, reference: Reference) -> str:
    """Options are distinct, exactly one is right, and what the writer named right, letter and text, is that one."""
    if not proposal.options:
        return ""
    plain = [_plain(option) for option in proposal.options]
    if not 2 <= len(plain) <= 10:
        return "fewer than two options, or more than ten"
    if len(set(plain)) < len(plain):
        return "two options are the same"
    if any(ABOUT_OTHERS.search(option) for option in proposal.options):
        return "an option speaks of the others"
    if proposal.claim:
        right = right_option(proposal.claim, [one_line(option) for option in proposal.options])
        if isinstance(right, str):
            return right
        if right != proposal.correct:
            return "the answer's letter and its text name different options"
    if proposal.correct is None or plain[proposal.correct] != _plain(proposal.answer):
        return "the answer matches no option"
    return ""


def letter_hidden(proposal: Proposal, reference: Reference) -> str:
    """Neither question nor reasoning names a letter: it would give the answer away, and be wrong after shuffling."""
    if not proposal.options:
        return ""
    if LETTER.search(proposal.question):
        return "the question names a letter"
    if LETTER.search(proposal.reasoning):
        return "the reasoning names a letter"
    return ""


def answer_hidden(proposal: Proposal, reference: Reference) -> str:
    """The question does not hold its own answer, unless it holds another option too."""
    asked, answer = _plain(proposal.question), _plain(proposal.answer)
    others = [option for option in map(_plain, proposal.options) if option != answer]
    said = len(answer) > 1 and re.search(rf"(?<![\d.,]){re.escape(answer)}(?!\d)", asked)
    return "the question holds its own answer" if said and not any(option in asked for option in others) else ""


def understood_alone(proposal: Proposal, reference: Reference) -> str:
    """A question that is asked without its reference must not point at it."""
    if proposal.shown:
        return ""
    asked = proposal.question.replace(reference.name, "") if reference.name else proposal.question
    return "the question points at a text that is not shown" if POINTING.search(asked) else ""


def gap_bound(proposal: Proposal, reference: Reference) -> str:
    """A gap, filled with its answer, stands in the reference word for word; with any other option it does not."""
    if not proposal.sentence:
        return ""
    text = flat(reference.text)
    if flat(proposal.sentence.replace(GAP, proposal.answer)) not in text:
        return "the filled gap does not stand in the reference"
    others = [option for option in proposal.options if option != proposal.answer]
    if any(flat(proposal.sentence.replace(GAP, option)) in text for option in others):
        return "another option also fills the gap"
    return ""


def supported(proposal: Proposal, reference: Reference) -> str:
    """Every figure of the answer is in the reference, sign and unit included, and most of its words are."""
    said = f"{reference.name}\n{reference.text}"
    answer = SUMMARY_KEY.sub("", proposal.answer)
    if numbers(answer) - numbers(said):
        return "a figure of the answer is not in the reference"
    if not all(bears(said, figure) for figure in figures(answer)):
        return "a figure of the answer has another sign or unit in the reference"
    words = WORD.findall(answer)
    known = [reference.term] if reference.term else []
    if words and sum(_stem(word) in said or word in known for word in words) / len(words) < WORDS_SUPPORTED:
        return "the answer's words are not in the reference"
    return ""


def reasoned(proposal: Proposal, reference: Reference) -> str:
    """The reasoning invents no figure, and names the right option if it names any."""
    given = numbers(f"{reference.name}\n{reference.text}\n{proposal.question}\n" + "\n".join(proposal.options))
    if any(numbers(figure.text) - given for figure in figures(proposal.reasoning)):
        return "a figure of the reasoning is not in the reference"
    said = _plain(proposal.reasoning)
    named = [option for option in map(_plain, proposal.options) if option in said]
    return "the reasoning speaks for another option" if named and _plain(proposal.answer) not in named else ""


def is_longest(proposal: Proposal) -> bool:
    """Whether the right option is longer than every other: one hint does no harm, many teach to look for length."""
    others = [option for i, option in enumerate(proposal.options) if i != proposal.correct]
    return all(len(proposal.answer) > len(option) for option in others)


CHECKS = (
    filled_in,
    not_personal,
    one_right,
    letter_hidden,
    answer_hidden,
    understood_alone,
    gap_bound,
    supported,
    reasoned,
)


def _plain(text: str) -> str:
    """A text without spaces, stops and case: options that differ in these alone are the same."""
    return re.sub(r"[\s.。,]+$|\s", "", clean(text)).casefold()


def _stem(word: str) -> str:
    """The first two syllables of a Korean word, which its particles and endings leave alone."""
    return word[:2] if "가" <= word[0] <= "힣" else word
