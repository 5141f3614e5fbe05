"""What `lineage serve` says of a version, heard over HTTP and held against PEFT in float32.

A server tells no logits. It tells its greedy answer, and beside each token of it the log-probabilities of the 20
likeliest: these are compared, given the same question and the answer so far.
"""

import gc
import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lineage.base_model.special_tokens import held, special_tokens
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.evaluation import inference
from lineage.exporting.logits import LogitDifference, Probes
from lineage.serving.endpoints import application
from lineage.serving.listening import listening_at, served_meanwhile
from lineage.serving.served_models import serving

TOKENS, LIKELIEST = 8, 20  # of each answer; of each token, the most that OpenAI's protocol tells
UNIT = f"log-probabilities (nats) of the {LIKELIEST} likeliest, of each token of {TOKENS} answered"
DIRECTLY = urllib.request.build_opener(
    urllib.request.ProxyHandler({})
)  # a proxy does not reach this machine's loopback


@dataclass(frozen=True, slots=True)
class ServedAnswer:
    """An answer as a client heard it. asked, said: tokens. told: beside each of these the likeliest, with theirs."""

    asked: list[int]
    said: list[int]
    told: list[dict[int, float]]


def served_answers(c: Curriculum, version: str, rows: Probes) -> list[ServedAnswer]:
    """Serve a version at a free port of this machine, and ask it the questions of held-out rows.

    Raises:
        LineageError: the server has another question than the row.
    """
    models = serving(c, [version])
    app = application(models, seconds=3600)
    with listening_at("127.0.0.1", 0) as on, served_meanwhile(app, on) as address:
        found = answers_at(address, c, version, rows)
    del models, app
    gc.collect()
    return found


def answers_at(address: str, c: Curriculum, version: str, rows: Probes) -> list[ServedAnswer]:
    """Ask a server the questions of held-out rows.

    One that it refuses is not asked: that spells a control token, or leaves no room for an answer.

    Args:
        address: of the server, without `/v1`.
        c: the curriculum.
        version: who is asked.
        rows: what is asked.

    Raises:
        LineageError: the server has another question than the row.
    """
    special = special_tokens(inference.tokenizer_of_base())
    return [
        _asked(address, version, turns, asked)
        for turns, asked in zip(rows.turns, rows.asked, strict=True)
        if not held(special, turns) and len(asked) + TOKENS <= c.active.max_length
    ]


def served_difference(model: Any, answers: Sequence[ServedAnswer], bound: float | None) -> LogitDifference:
    """How far what was served is from what `model` holds likely, given the same tokens.

    Args:
        model: the adapter on its base, by PEFT in float32.
        answers: at least one.
        bound: what the largest difference may be at most, over the largest log-probability.
    """
    ours, theirs, agreed = [], [], []
    for one in answers:
        for chances, token, told in zip(_chances(model, one), one.said, one.told, strict=True):
            ours.append(chances[list(told)])
            theirs.append(np.array(list(told.values()), np.float64))
            agreed.append(int(chances.argmax()) == token)
    apart, scale = np.abs(np.concatenate(ours) - np.concatenate(theirs)), float(np.abs(np.concatenate(ours)).max())
    return LogitDifference(
        what="lineage serve, by OpenAI's protocol",
        rows=len(answers),
        places=len(agreed),
        largest=float(apart.max()),
        mean=float(apart.mean()),
        relative=float(apart.max()) / scale if scale else float("inf"),
        divergence=None,
        same_first=sum(agreed) / len(agreed),
        bound=bound,
        unit=UNIT,
    )


def _asked(address: str, version: str, turns: list[dict[str, str]], asked: list[int]) -> ServedAnswer:
    body = {
        "model": version,
        "messages": turns,
        "max_tokens": TOKENS,
        "logprobs": True,
        "top_logprobs": LIKELIEST,
        "return_tokens_as_token_ids": True,
    }
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with DIRECTLY.open(request) as answer:
        heard = json.load(answer)
    if heard["usage"]["prompt_tokens"] != len(asked):
        raise LineageError(
            f"{version}: the server makes {heard['usage']['prompt_tokens']} tokens of a question that has {len(asked)} "
            f"in training; it would answer something else, and nothing was exported"
        )
    said = heard["choices"][0]["logprobs"]["content"]
    told = [{_number(other["token"]): other["logprob"] for other in one["top_logprobs"]} for one in said]
    return ServedAnswer(asked, [_number(one["token"]) for one in said], told)


def _number(token: str) -> int:
    return int(token.removeprefix("token_id:"))


def _chances(model: Any, answer: ServedAnswer) -> np.ndarray:
    """Tokens of the answer × vocabulary, in nats."""
    import torch

    whole = torch.tensor([[*answer.asked, *answer.said]], device=model.device)
    with torch.inference_mode():
        logits = model(input_ids=whole, use_cache=False, logits_to_keep=len(answer.said) + 1).logits[0]
    places = logits[-len(answer.said) - 1 : -1].double().log_softmax(-1)
    return np.asarray(places.cpu())
