"""From turns to tokens: the one chat template, the stop token, and which tokens carry the loss.

`templates/chatml.jinja` is the single template of the project; its hash is in every adapter's record, and a parent
that was trained with another is refused.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from lineage.errors import LineageError
from lineage.files import sha256

START, STOP, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
IGNORED = -100  # a label that carries no loss
_FILE = Path(__file__).parent / "templates" / "chatml.jinja"


def template() -> str:
    """The template's text."""
    return _FILE.read_text(encoding="utf-8")


def template_hash() -> str:
    """SHA-256 of the template file."""
    return sha256(_FILE)


def render(turns: list[dict[str, str]], *, ask: bool = False) -> str:
    """The turns as text; with `ask`, ending exactly where the assistant's answer begins."""
    return _compiled().render(messages=turns, add_generation_prompt=ask)


@dataclass(frozen=True, slots=True)
class Tokens:
    """One row as token ids. `labels` has the length of `ids` and is `IGNORED` over the prompt."""

    ids: list[int]
    labels: list[int]

    @property
    def supervised(self) -> int:
        """How many tokens carry the loss, the stop token among them."""
        return sum(label != IGNORED for label in self.labels)


def tokenize(tokenizer: Any, prompt: list[dict[str, str]], completion: str) -> Tokens:
    """Prompt and completion as token ids, the loss on the completion and its stop token only.

    Both halves are tokenised apart, so that the boundary is the one met when the model is asked.
    """
    head = tokenizer(render(prompt, ask=True), add_special_tokens=False)["input_ids"]
    tail = [
        *tokenizer(completion, add_special_tokens=False)["input_ids"],
        tokenizer.convert_tokens_to_ids(STOP),
    ]
    return Tokens(ids=head + tail, labels=[IGNORED] * len(head) + tail)


def check_tokenizer(tokenizer: Any, where: str) -> None:
    """Refuse a tokenizer without ChatML's tokens, or whose pad is its stop: the stop would never be learnt.

    Raises:
        LineageError: naming the model and the token.
    """
    for token in (START, STOP, PAD):
        if len(tokenizer(token, add_special_tokens=False)["input_ids"]) != 1:
            raise LineageError(
                f"{where}: its tokenizer has no single token {token}; "
                f"the chain's template needs a ChatML model such as Qwen2"
            )
    if tokenizer.pad_token in (None, STOP):
        raise LineageError(
            f"{where}: its tokenizer pads with {tokenizer.pad_token}, so that padding and the stop {STOP} could not be "
            f'told apart; set "pad_token": "{PAD}" in its tokenizer_config.json'
        )


_environment = Environment(autoescape=False, keep_trailing_newline=False)  # text for a model, not a page


@cache
def _compiled() -> Any:
    """Compiled once: doing it again for every row would cost more than its tokens."""
    return _environment.from_string(template())
