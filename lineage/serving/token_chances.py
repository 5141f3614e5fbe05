"""How likely each token of an answer was, and which others were: what OpenAI's protocol calls `logprobs`.

Overheard while the model makes the answer, in float32: its own chances, before a temperature or `top_p` has a say in
what is drawn. So nothing is computed twice, and an answer is the same whether they are asked for or not.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lineage.core.errors import LineageError
from lineage.evaluation.inference import causal_lm
from lineage.serving.token_bytes import TokenBytes

UNLIKELIEST = -9999.0  # what OpenAI says for a chance of nothing; JSON has no infinity


@dataclass(frozen=True, slots=True)
class TokenChances:
    """A token that was said. logprob: of it, in nats. likeliest: the likeliest tokens in its place, with theirs."""

    token: int
    logprob: float
    likeliest: tuple[tuple[int, float], ...] = ()


class Overhearing:
    """Hears the chances beside each token. most: how many of the likeliest tokens are kept at each place."""

    def __init__(self, most: int) -> None:
        self._most, self._logits, self._untaken = most, None, list[TokenChances]()

    def step(self, _: Any, __: Any, output: Any) -> None:
        """What the model ended a step with, as a hook of torch tells it."""
        self._logits = output.logits

    def hear(self, token: int) -> None:
        """The token that the last step was for.

        Raises:
            LineageError: the chances are no numbers.
        """
        assert self._logits is not None
        chances = self._logits[0, -1].float().log_softmax(-1)
        said = float(chances[token])
        if math.isnan(said):
            raise LineageError("the model's logits are no numbers; ask another version, or train this one again")
        best, places = chances.topk(min(self._most, len(chances)))
        likeliest = zip(places.tolist(), best.tolist(), strict=True)
        self._untaken.append(TokenChances(token, said, tuple(likeliest)))

    def taken(self) -> tuple[TokenChances, ...]:
        """Those that were heard since they were taken last."""
        found, self._untaken = tuple(self._untaken), []
        return found


@contextmanager
def overheard(model: Any, most: int | None) -> Iterator[Overhearing | None]:
    """Hear what a model says, until the block ends. most: None where nobody wants to know."""
    if most is None:
        yield None
        return
    hearing = Overhearing(most)
    hook = causal_lm(model).register_forward_hook(hearing.step)
    try:
        yield hearing
    finally:
        hook.remove()


def in_openais_form(chances: Sequence[TokenChances], spelled: TokenBytes, as_ids: bool) -> dict[str, Any]:
    """A choice's `logprobs`.

    Args:
        chances: of tokens in the order in which they were said.
        spelled: what tokens are made of.
        as_ids: whether a token is named `token_id:7`, as vLLM does where it is asked to, instead of by its text.
    """

    def entry(token: int, logprob: float) -> dict[str, Any]:
        written = spelled.of(token)
        return {
            "token": f"token_id:{token}" if as_ids or written is None else written.decode(errors="replace"),
            "logprob": max(UNLIKELIEST, logprob),
            "bytes": None if written is None else list(written),
        }

    content = [
        {**entry(one.token, one.logprob), "top_logprobs": [entry(*other) for other in one.likeliest]} for one in chances
    ]
    return {"content": content, "refusal": None}
