"""An answer word by word: made as an evaluation makes it, and overheard while it is made.

`answering.answers` makes it; here its tokens are only listened to. So what was streamed is what it returns: a test
compares them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from lineage.base_model import chat_template
from lineage.base_model.special_tokens import held, special_tokens
from lineage.chat.voices import Voices
from lineage.core.errors import LineageError
from lineage.evaluation import answering
from lineage.evaluation.answering import SpokenAnswer

Turns = list[dict[str, str]]
Show = Callable[[str], None]
UNSETTLED = re.compile(r"[\s\ufffd]+$")  # white space that may be the last, and half of a Hangul syllable's bytes


def speak(voices: Voices, version: str, turns: Turns, tokens: int, show: Show) -> SpokenAnswer:
    """A version's greedy answer to the last of `turns`; `show` is given what is said so far, and last the whole.

    Each text that is shown goes on where the one before it ended. (Of a tokenizer that rewrites what it said before,
    the last may not.) What `show` raises ends the answer and is passed on.

    Args:
        voices: with this version among them.
        version: who is asked.
        turns: {"role": "user", "content": "…"}, by turns with the assistant's, up to the question.
        tokens: the answer's length at most.
        show: what is done with the answer as it grows.

    Raises:
        LineageError: the turns are too long for the base, or spell a control token of its tokenizer.
    """
    must_fit(voices, turns, tokens)
    with voices.speaking(version) as model:
        listener = Listener(voices.tokenizer, show)
        (answer,) = answering.answers(model, voices.tokenizer, [turns], [tokens], listener.hear)
    show(answer.text)
    return answer


def asked(turns: Sequence[dict[str, str]], question: str) -> Turns:
    """The turns with one more question."""
    return [*turns, {"role": "user", "content": question.encode(errors="replace").decode()}]


def answered(turns: Sequence[dict[str, str]], answer: str) -> Turns:
    """The turns with the answer to the last of them."""
    return [*turns, {"role": "assistant", "content": answer}]


class Listener:
    """Who hears an answer token by token, and shows it as text."""

    def __init__(self, tokenizer: Any, show: Show) -> None:
        self.tokenizer, self.show = tokenizer, show
        self.heard: list[int] = []
        self.shown = ""

    def hear(self, token: int) -> None:
        """Show what has been settled by one more token."""
        self.heard.append(token)
        said = UNSETTLED.sub("", self.tokenizer.decode(self.heard, skip_special_tokens=True)).lstrip()
        if said != self.shown and said.startswith(self.shown):
            self.shown = said
            self.show(said)


def must_fit(voices: Voices, turns: Turns, tokens: int) -> int:
    """How many tokens the turns are, once it is sure that they can be asked.

    Raises:
        LineageError: the turns are too long for the base, or spell a control token of its tokenizer.
    """
    room = getattr(voices.model.config.get_text_config(), "max_position_embeddings", None)
    return len(fitting(voices.tokenizer, room, turns, tokens))


def fitting(tokenizer: Any, room: int | None, turns: Turns, tokens: int) -> list[int]:
    """The tokens that a model is asked by.

    Args:
        tokenizer: with the chain's template.
        room: the tokens of a question and its answer that the base has places for; None: no end is known.
        turns: the conversation, to the question.
        tokens: the answer's length at most.

    Raises:
        LineageError: the turns are too long for the base, or spell a control token of its tokenizer.
    """
    if held(special_tokens(tokenizer), turns):
        raise LineageError(
            "what was said spells a control token of the tokenizer, such as <|im_end|>: the model would take it for "
            "the token itself; word it otherwise"
        )
    rendered = chat_template.render(tokenizer.chat_template, turns, ask=True)
    found: list[int] = tokenizer(rendered, add_special_tokens=False)["input_ids"]
    if room and len(found) + tokens > room:
        raise LineageError(
            f"what was said is {len(found):,} tokens long, and the answer may have {tokens:,}: the base has room for "
            f"{room:,}. Begin a new conversation, or ask for fewer --tokens"
        )
    return found
