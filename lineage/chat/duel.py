"""A question to two versions whose names are hidden until a person has said which answer is better.

Which of the two stands on the left is drawn anew for each question. A conversation goes on for both from the answer
that was preferred (of a tie from the left one): so the two always answer the same turns, as a preference record must.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from lineage.chat.speaking import Turns, answered, asked, speak
from lineage.chat.voices import Voices
from lineage.chat.votes import Preferred, Said, Vote, keep
from lineage.core.errors import LineageError
from lineage.evaluation.answering import SpokenAnswer


class Stopped(Exception):
    """Somebody stopped an answer, or left the page."""


@dataclass(slots=True)
class Corner:
    """One of two answers, as far as it is said."""

    version: str
    text: str = ""
    answer: SpokenAnswer | None = None


@dataclass(slots=True)
class Duel:
    """A question, and what both say to it. `first` stands on the left."""

    turns: Turns
    first: Corner
    second: Corner
    id: str = field(default_factory=lambda: uuid4().hex)
    stopped: bool = False
    vote: Vote | None = None

    @property
    def complete(self) -> bool:
        """Whether both have answered."""
        return bool(self.first.answer and self.second.answer)

    @property
    def same(self) -> bool:
        """Whether both said the same, so that only a tie can be told."""
        return self.complete and self.first.text == self.second.text


def begin(turns: Turns, question: str, versions: Sequence[str]) -> Duel:
    """A question to two versions, the left one drawn."""
    left, right = random.SystemRandom().sample(versions, 2)
    return Duel(asked(turns, question), Corner(left), Corner(right))


def answer_both(duel: Duel, voices: Voices, tokens: int) -> None:
    """Let the left one answer, then the right one; `text` of a side grows meanwhile.

    Raises:
        Stopped: `stopped` was set from another thread.
        LineageError: the turns cannot be asked.
    """
    for side in (duel.first, duel.second):

        def grow(text: str, side: Corner = side) -> None:
            if duel.stopped:
                raise Stopped
            side.text = text

        side.answer = speak(voices, side.version, duel.turns, tokens, grow)


def cast(duel: Duel, preferred: Preferred, voices: Voices, by: str, file: Path) -> int:
    """Keep which answer is preferred; how many votes there are then.

    Args:
        duel: both have answered.
        preferred: the left one, the right one, or neither.
        voices: which know the weights that spoke.
        by: who votes; may be empty.
        file: where votes are kept.

    Raises:
        LineageError: it cannot be voted on, or its vote cannot be kept; nothing has changed then.
    """
    if not duel.complete:
        raise LineageError("both must have answered before one can be preferred")
    if duel.same and preferred != "tie":
        raise LineageError("both said the same: neither can be preferred")
    vote = Vote(duel.id, tuple(duel.turns), _said(duel.first, voices), _said(duel.second, voices), preferred, by)
    count = keep(vote, file)
    duel.vote = vote
    return count


def going_on(duel: Duel) -> Turns:
    """The turns that the next question of the conversation follows."""
    second = duel.vote is not None and duel.vote.preferred == "second"
    return answered(duel.turns, (duel.second if second else duel.first).text)


def _said(side: Corner, voices: Voices) -> Said:
    assert side.answer
    return Said(side.version, voices.weights[side.version], side.answer.text, side.answer.ending)
