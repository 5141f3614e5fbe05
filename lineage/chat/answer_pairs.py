"""Two answers to one question, as a judge is given them: of held-out rows, or of questions that people voted on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lineage.artifacts.manifest import find_manifest
from lineage.artifacts.measures import SampleAnswer, read_answers, read_measures
from lineage.base_model import chat_template
from lineage.chat.voices import load_voices
from lineage.chat.votes import Vote
from lineage.config.schema import BASE, Curriculum
from lineage.core.errors import LineageError
from lineage.evaluation import answering
from lineage.evaluation.heldout import heldout_sets

VOTED = "votes of people"  # in place of a held-out set


@dataclass(frozen=True, slots=True)
class AnswerPair:
    """A question, and what two versions say to it. expected: the right answer; "" where nobody knows it.

    group: the held-out set that it is of. person: of a vote, which version's answer was preferred; "" for a tie.
    """

    id: str
    group: str
    question: str
    expected: str
    answers: tuple[str, str]
    person: str | None = None


def stored_pairs(first: str, second: str) -> list[AnswerPair]:
    """What both versions said when they were measured (`evaluation.answers` of each set are kept).

    Raises:
        LineageError: one was not measured, or trained again since, or they have no row in common.
    """
    one, other = ({(a.set, a.id): a for a in _stored(version)} for version in (first, second))
    pairs = [
        AnswerPair(a.id, a.set, a.prompt, a.expected, (a.answer, other[key].answer))
        for key, a in one.items()
        if key in other and (a.prompt, a.expected) == (other[key].prompt, other[key].expected)
    ]
    if not pairs:
        raise LineageError(f"{first} and {second} have no answer to the same row; run: dvc repro, or add --ask 10")
    return pairs


def _stored(version: str) -> list[SampleAnswer]:
    measures, made = read_measures(version), find_manifest(version) if version != BASE else None
    if measures and made and measures.adapter != made.adapter:
        raise LineageError(
            f"{version} was trained again since it was measured, and these are not its answers; run: dvc repro "
            f"evaluate@{version}, or add --ask 10"
        )
    return read_answers(version)


def asked_pairs(c: Curriculum, first: str, second: str, rows: int) -> list[AnswerPair]:
    """What both say now to the first `rows` rows of each held-out set, but to those that are too long.

    Args:
        c: the curriculum.
        first: a version, or the base.
        second: another.
        rows: of each set, at most those that an evaluation asks.
    """
    voices = load_voices([first, second], c.active)
    found: list[tuple[str, str, str, str]] = []
    turns, budgets = [], list[int]()
    for heldout in heldout_sets(min(rows, c.evaluation.rows)):
        asked = []
        for record in heldout.records:
            tokens = chat_template.tokenize(voices.tokenizer, list(record.turns[:-1]), record.completion)
            if len(tokens.ids) <= c.active.max_length:
                asked.append((record, tokens.supervised))
        budget = answering.budget([expected for _, expected in asked], c.evaluation.max_new_tokens)
        for record, _ in asked:
            found.append((record.id, heldout.name, record.asked, record.completion))
            turns.append(list(record.turns[:-1]))
            budgets.append(budget)
    said = []
    for version in (first, second):
        with voices.speaking(version) as model:
            said.append(answering.answers(model, voices.tokenizer, turns, budgets))
    return [AnswerPair(*row, (one.text, other.text)) for row, one, other in zip(found, said[0], said[1], strict=True)]


def voted_pairs(votes: Iterable[Vote], first: str, second: str) -> Iterator[AnswerPair]:
    """The votes between two versions, whatever adapters they had then: what is judged is what people saw."""
    for vote in votes:
        by = {vote.first.version: vote.first, vote.second.version: vote.second}
        if set(by) == {first, second}:
            preferred = {"first": vote.first.version, "second": vote.second.version}.get(vote.preferred, "")
            yield AnswerPair(vote.id, VOTED, _said(vote.prompt), "", (by[first].text, by[second].text), preferred)


def _said(turns: Sequence[dict[str, str]]) -> str:
    """One question as it is; of a conversation every turn under its role."""
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)
