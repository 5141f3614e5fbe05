"""Questions and summaries written by a model: one request a reference, a JSON answer, proposals to be checked.

    {"questions": [{"question": "…", "options": ["…", "…", "…", "…"], "answer": "B", "answer_text": "…",
                    "reasoning": "…"}]}                                                       mcqa
    {"questions": [{"question": "…", "answer": "…"}]}                                         qa
    {"요약": ["…"], "주요 수치": {"2023년 매출액": "1,350십억원"}}                               summary

The prompts are in `lineage.synthesis.prompts`; the hash of the one used is in every row.
"""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from lineage.core.errors import LineageError
from lineage.readers.io.columns import text
from lineage.readers.text.multiple_choice import option_texts, right_option
from lineage.synthesis.endpoint import Endpoint, Refusal
from lineage.synthesis.prompts import ASK, SYSTEM
from lineage.synthesis.proposal import Proposal, Reference, Unusable, Written

THOUGHT = re.compile(r"^.*?</think>", re.DOTALL)
FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
ONLY_REFUSALS = 5  # refused requests before any answer: then it is the endpoint or the model, not the text


@dataclass
class Asking:
    """The writer of the kinds mcqa, qa and summary."""

    kind: str
    per_record: int
    endpoint: Endpoint
    parallel: int = 4
    answered: int = 0
    refused: int = 0
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def by(self) -> dict[str, str]:
        """Who wrote a row: the model as it was asked for, and the SHA-256 of the prompt template."""
        template = f"{SYSTEM}\0{ASK[self.kind]}"
        return {"kind": self.kind, "model": self.endpoint.model, "prompt": sha256(template.encode()).hexdigest()}

    def propose(self, reference: Reference) -> Written:
        """What the model wrote about a reference; what is unusable is said so, never guessed at.

        Raises:
            LineageError: the endpoint fails, or refuses all of its first requests.
        """
        try:
            answer = self.endpoint.ask(self.messages(reference))
        except Refusal as refusal:
            self._count(refused=str(refusal))
            return Written([Unusable("the endpoint refused the request", str(refusal))])
        self._count()
        return Written(list(self._proposals(answer)), answer)

    def messages(self, reference: Reference) -> list[dict[str, str]]:
        """The conversation that is sent: the same reference gives the same bytes."""
        asked = ASK[self.kind].format(count=self.per_record, name=reference.name or "없음", text=reference.text)
        return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": asked}]

    def _proposals(self, answer: dict[str, Any]) -> Iterator[Proposal | Unusable]:
        said = object_in(answer["text"])
        if said is None:
            cut = answer.get("finish") == "length"
            yield Unusable("an answer cut off at its length" if cut else "an answer that is not JSON", answer["text"])
        elif self.kind == "summary":
            yield _summary(said)
        else:
            questions = said.get("questions")
            if not isinstance(questions, list) or not questions:
                yield Unusable("an answer without questions", answer["text"])
                return
            for question in questions[: self.per_record]:
                yield _question(question, self.kind)

    def _count(self, refused: str = "") -> None:
        with self._counting:
            self.answered += not refused
            self.refused += bool(refused)
            if not self.answered and self.refused >= ONLY_REFUSALS:
                raise LineageError(f"the endpoint refused all of the first {self.refused} requests: {refused:.400}")


def object_in(said: str) -> dict[str, Any] | None:
    """The JSON object of an answer, also behind thoughts and in a code fence; None where there is none."""
    said = THOUGHT.sub("", said)
    if fenced := FENCE.search(said):
        said = fenced[1]
    try:
        found = json.loads(said[said.index("{") : said.rindex("}") + 1])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _question(said: Any, kind: str) -> Proposal | Unusable:
    given = {name: text(said.get(name)) for name in FIELDS} if isinstance(said, dict) else {}
    if not given or not given["question"] or not given["answer"]:
        return Unusable("a question or an answer is missing or no text", json.dumps(said, ensure_ascii=False))
    if kind == "qa":
        return Proposal(given["question"], given["answer"])
    options = option_texts(said.get("options"))
    if options is None:
        return Unusable("options that are not a list of texts", json.dumps(said, ensure_ascii=False))
    if not given["reasoning"]:
        return Unusable("a multiple choice without reasoning", json.dumps(said, ensure_ascii=False))
    claim, named = given["answer"], given["answer_text"]
    right = right_option(claim, options)
    if named and isinstance(right, int) and right_option(named, options) != right:
        return Unusable("the answer's letter and its text name different options", json.dumps(said, ensure_ascii=False))
    answer = options[right] if isinstance(right, int) else claim
    correct = right if isinstance(right, int) else None
    return Proposal(given["question"], answer, tuple(options), correct, given["reasoning"], claim=claim)


def _summary(said: dict[str, Any]) -> Proposal | Unusable:
    sentences, figures = said.get("요약"), said.get("주요 수치", {})
    whole = isinstance(sentences, list) and sentences and all(isinstance(s, str) and s.strip() for s in sentences)
    if not whole or not isinstance(figures, dict) or not all(isinstance(f, str) for f in figures.values()):
        return Unusable("a summary without sentences or figures as texts", json.dumps(said, ensure_ascii=False))
    summary = {"요약": sentences, "주요 수치": figures}
    return Proposal("요약", json.dumps(summary, ensure_ascii=False, separators=(",", ":")))


FIELDS = ("question", "answer", "answer_text", "reasoning")
