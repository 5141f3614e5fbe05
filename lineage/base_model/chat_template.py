"""From turns to tokens: a tokenizer's chat template and its stop, and which tokens carry the loss.

The `base` stage put both into the tokenizer (lineage/base_model/shipped_templates.py), which carries them from there
on: to training, to the questions of an evaluation, and into every adapter's folder for whoever serves it. The
template's hash is in every adapter's record, and a parent that was trained with another is refused. So nothing here
reads a file of `templates/`, and one more of them is no other training.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment

from lineage.core.errors import LineageError

IGNORED = -100  # a label that carries no loss


def template_hash(text: str) -> str:
    """SHA-256 of a template's text: what an adapter's record says of it."""
    return hashlib.sha256(text.encode()).hexdigest()


def render(text: str, turns: list[dict[str, str]], *, ask: bool = False) -> str:
    """The turns as a template writes them; with `ask`, ending exactly where the assistant's answer begins."""
    return _compiled(text).render(messages=turns, add_generation_prompt=ask)


def lead(head: str) -> str:
    """What stands before an answer. After a marker such as `### 답변:` the space belongs to the answer: a prompt that
    ends with it would split the answer's first token."""
    return "" if head[-1:].isspace() else " "


@dataclass(frozen=True, slots=True)
class Tokens:
    """One row as token ids. `labels` has the length of `ids` and is `IGNORED` where there is no loss."""

    ids: list[int]
    labels: list[int]

    @property
    def supervised(self) -> int:
        """How many tokens carry the loss, the stop token among them."""
        return sum(label != IGNORED for label in self.labels)


def pieces(text: str, prompt: list[dict[str, str]], completion: str, *, every: bool = False) -> list[str]:
    """A row as the texts that are tokenised apart: what comes before an answer, the answer, and so on by turns.

    Args:
        text: the template's.
        prompt: turns, {"role": "user", "content": "…"}, up to the one to be answered.
        completion: the answer's text, without a stop token.
        every: the prompt's own answers stand apart too; otherwise all of it is one text.

    Raises:
        LineageError: the template writes an earlier answer otherwise than where it asks for one.
    """
    whole = render(text, prompt, ask=True)
    found, at = list[str](), 0
    for place, turn in enumerate(prompt if every else ()):
        if turn["role"] == "assistant":
            head = render(text, prompt[:place], ask=True)
            answer = lead(head) + turn["content"]
            if not whole.startswith(head + answer):
                raise LineageError(
                    f"chain.template writes the answer {turn['content']!r:.60} otherwise once more turns follow; "
                    f"set sources.<source>.supervise: last, or choose another template"
                )
            found += (whole[at : len(head)], answer)
            at = len(head) + len(answer)
    return [*found, whole[at:], lead(whole) + completion]


def tokenize(
    tokenizer: Any, prompt: list[dict[str, str]], completion: str, *, full: bool = False, every: bool = False
) -> Tokens:
    """Prompt and completion as token ids, the loss on the completion and its stop token; with `full`, on all of it.

    What is asked and what is answered are tokenised apart, so that the boundary is the one met when the model is asked.
    Behind an earlier answer the stop is what must be *said*, whatever the template writes there when the conversation
    goes on: ChatML writes the stop itself, the others an empty line.

    Args:
        tokenizer: one that has the chain's template and its stop token.
        prompt: turns, {"role": "user", "content": "…"}, up to the one to be answered.
        completion: the answer's text, without a stop token.
        full: whether the prompt carries the loss too.
        every: whether the prompt's own answers do.
    """
    stop = tokenizer.eos_token_id
    ids, labels = list[int](), list[int]()
    for place, piece in enumerate(pieces(tokenizer.chat_template, prompt, completion, every=every)):
        found = tokenizer(piece, add_special_tokens=False)["input_ids"]
        wanted = found if full or place % 2 else [IGNORED] * len(found)
        ids += found
        labels += (stop, *wanted[1:]) if place and not place % 2 else wanted
    return Tokens(ids=[*ids, stop], labels=[*labels, stop])


_environment = Environment(autoescape=False, keep_trailing_newline=False)  # text for a model, not a page


@cache
def _compiled(text: str) -> Any:
    """Compiled once: doing it again for every row would cost more than its tokens."""
    return _environment.from_string(text)
