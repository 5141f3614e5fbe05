"""Answers that vLLM makes, many at a time: it is given a question's tokens, and gives those of the answer.

Template, stop and the text of the tokens are this project's own, the same as where transformers answers. Greedy is
asked for by name, whatever vLLM or the base have as their default.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import httpx

from lineage.chat.speaking import Listener, Turns, fitting
from lineage.core.errors import LineageError
from lineage.evaluation.sampled_decoding import Manner
from lineage.serving.one_at_a_time import MOST_WAITING, SaidSoFar, Spoken
from lineage.serving.refusals import RequestRefused
from lineage.serving.token_chances import TokenChances
from lineage.serving.vllm_voices import VllmVoices, said_wrong

Result = TypeVar("Result")


class VllmSpeaker:
    """Who asks vLLM; in the place of `Speaker`."""

    def __init__(self, voices: VllmVoices) -> None:
        self._voices, self._asked = voices, 0
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=MOST_WAITING)
        transport = httpx.AsyncHTTPTransport(uds=str(voices.socket), limits=limits)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://vllm", timeout=None)

    async def between_answers(self, work: Callable[[], Result]) -> Result:
        """Do something in a thread; vLLM itself keeps answers and the loading of adapters apart."""
        return await asyncio.to_thread(work)

    async def answer(
        self, voice: str, turns: Turns, tokens: int, manner: Manner | None, chances: int | None = None
    ) -> AsyncIterator[SaidSoFar | Spoken]:
        """What is said so far, each time longer, and last the whole.

        Args:
            voice: who is asked.
            turns: the conversation, to the question.
            tokens: the answer's length at most.
            manner: how it is drawn; None: greedily.
            chances: how many of the likeliest tokens are told beside each; None: no chances.

        Raises:
            RequestRefused: too many wait already, or vLLM refuses or cannot be reached.
            LineageError: the turns are too long for the base, or spell a control token of its tokenizer.
        """
        if self._asked >= MOST_WAITING:
            raise RequestRefused(503, f"{self._asked} requests wait already; ask again later", code="overloaded")
        prompt = fitting(self._voices.tokenizer, self._voices.room, turns, tokens)
        self._asked += 1
        try:
            async for piece in self._said(voice, prompt, tokens, manner, chances):
                yield piece
        except httpx.TransportError as error:
            raise RequestRefused(
                503, f"vLLM is away ({type(error).__name__}); ask again", code="engine_away"
            ) from error
        finally:
            self._asked -= 1

    async def _said(
        self, voice: str, prompt: list[int], tokens: int, manner: Manner | None, chances: int | None
    ) -> AsyncIterator[SaidSoFar | Spoken]:
        tokenizer = self._voices.tokenizer
        stop, shown, stopped = tokenizer.eos_token_id, list[str](), False
        untold: list[TokenChances] = []
        listener = Listener(tokenizer, shown.append)
        body = {
            "model": voice,
            "prompt": prompt,
            "max_tokens": tokens,
            "stream": True,
            "return_token_ids": True,
            "ignore_eos": True,  # what the base calls an end is none; the chain's stop is
            "stop_token_ids": [stop],
            **_drawn(manner),
            **({} if chances is None else {"logprobs": chances, "return_tokens_as_token_ids": True}),
        }
        async with self._client.stream("POST", "/v1/completions", json=body) as response:
            if response.status_code != 200:
                said = said_wrong((await response.aread()).decode(errors="replace"))
                raise RequestRefused(response.status_code, f"vLLM said: {said}", code="engine_refused")
            yield SaidSoFar("")
            async for line in response.aiter_lines():
                event = _event(line)
                if "error" in event:
                    raise LineageError(f"vLLM said: {event['error'].get('message', event['error'])}")
                for choice in event.get("choices", ()):
                    for token in choice.get("token_ids") or ():
                        listener.hear(token)
                    if chances is not None:
                        untold += _chances(choice, chances)
                    stopped = stopped or choice.get("finish_reason") == "stop"
                if shown:
                    yield SaidSoFar(shown[-1], tuple(untold))
                    shown.clear()
                    untold.clear()
        if stopped and listener.heard[-1:] != [stop]:
            listener.heard.append(stop)
        text = str(tokenizer.decode(listener.heard, skip_special_tokens=True)).strip()
        yield Spoken(text, stopped, len(prompt), len(listener.heard), tuple(untold))

    def close(self) -> None:
        """Nothing: what is asked ends with its connection."""


def _drawn(manner: Manner | None) -> dict[str, Any]:
    if manner is None:
        return {"temperature": 0.0}
    return {
        "temperature": manner.generation.temperature,
        "top_p": manner.generation.top_p,
        "seed": manner.seeds[0],
    }


def _chances(choice: dict[str, Any], most: int) -> Iterator[TokenChances]:
    """Of the tokens of a piece: vLLM tells the one that was said and the likeliest, each by its number."""
    told = choice.get("logprobs") or {}
    said, beside = told.get("token_logprobs", ()), told.get("top_logprobs", ())
    for token, logprob, others in zip(choice.get("token_ids") or (), said, beside, strict=True):
        ranked = sorted(others.items(), key=lambda one: -one[1])[:most]
        yield TokenChances(token, logprob, tuple((int(name.removeprefix("token_id:")), one) for name, one in ranked))


def _event(line: str) -> dict[str, Any]:
    """The event of a line of the stream; empty where it has none."""
    said = line.removeprefix("data:").strip()
    if not line.startswith("data:") or said == "[DONE]":
        return {}
    found: dict[str, Any] = json.loads(said)
    return found
