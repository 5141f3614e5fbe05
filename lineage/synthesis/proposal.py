"""What a writer is given and what it gives back: a reference, and proposals that are checked before they are kept.

Every writer has one method, `propose`: what it writes depends on the reference, the curriculum and the seed, never
on other records. So more data changes no existing row, a withdrawn document leaves no distractor behind, and no
held-out text gets into the options of a question to train on.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Reference:
    """A record as something to write about.

    record: the id of the record. name: what the text is, "업무규정 제3조(호가의 접수)", or "" where nothing says so.
    term: what the text explains, if it is an entry of a glossary.
    """

    record: str
    group: str
    documents: tuple[str, ...]
    as_of: str
    name: str
    text: str
    term: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question with its answer, a multiple choice with `options`, or ("요약") a summary.

    shown: the question is asked with the reference before it, so it may speak of "위 표".
    claim: the right option as its writer named it, letter or text or both; "" where rules chose it.
    sentence: of a gap question, the sentence with its gap: filled, it must stand in the reference word for word.
    dated: the gap is a date.
    """

    question: str
    answer: str
    options: tuple[str, ...] = ()
    correct: int | None = None
    reasoning: str = ""
    shown: bool = False
    claim: str = ""
    sentence: str = ""
    dated: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """What a writer gave that is no proposal at all, such as an answer that is not JSON."""

    reason: str
    said: str


@dataclass(frozen=True, slots=True)
class Written:
    """What came of one reference. `answer` is what an endpoint was paid for: see `lineage.synthesis.response_cache`."""

    proposals: Sequence[Proposal | Unusable]
    answer: dict[str, Any] | None = None


class Writer(Protocol):
    """Makes proposals from one reference at a time."""

    @property
    def parallel(self) -> int:
        """How many references may be asked about at once."""

    def by(self) -> dict[str, str]:
        """Who wrote a row: {"kind": "cloze"}, or kind, model and the hash of the prompt template."""

    def propose(self, reference: Reference) -> Written:
        """What there is to ask about a reference."""


def draws(*seed: Any) -> random.Random:
    """Chance that depends on these values alone."""
    return random.Random(sha256("\0".join(map(str, seed)).encode()).hexdigest())
