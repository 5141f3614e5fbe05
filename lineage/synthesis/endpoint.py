"""The one hook to a language model: any endpoint that speaks OpenAI's chat completions (vLLM, Ollama, a service).

    export OPENAI_BASE_URL=http://127.0.0.1:8000/v1     # no default: a source's text goes nowhere unasked
    export OPENAI_API_KEY=…                              # may be left out where none is needed
    export OPENAI_PRICE_IN=0.15 OPENAI_PRICE_OUT=0.60    # per million tokens, if costs are wanted; OPENAI_CURRENCY

The key is read when it is used, never written anywhere, and taken out of every message. It is not sent in the clear:
http to another machine is refused where there is a key.
"""

import ipaddress
import os
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from lineage.core.errors import LineageError
from lineage.synthesis import response_cache

NO_KEY = ("", "EMPTY", "none")  # what servers without keys are given
NEEDED = (
    "set OPENAI_BASE_URL (such as http://127.0.0.1:8000/v1) and, if it asks for one, OPENAI_API_KEY; "
    "or use kind: cloze, which needs no model"
)


class Refusal(Exception):
    """The endpoint will not answer this one request, however often it is asked: too long, or against its rules."""


@dataclass(frozen=True)
class Endpoint:
    """A model behind the endpoint that the environment names. Answers are looked for in the cache first.

    timeout: seconds for one attempt. retries: further attempts after 408, 409, 429, 5xx and lost connections, each
    after a longer pause, or the one that the endpoint asks for.
    """

    model: str
    seed: int
    max_tokens: int = 2048
    timeout: float = 120
    retries: int = 6
    folder: Path = field(default=response_cache.FOLDER)

    @property
    def settings(self) -> dict[str, Any]:
        """What is sent besides model and messages, and so is a part of an answer's name."""
        return {
            "temperature": 0,
            "seed": self.seed,
            "max_tokens": self.max_tokens,
            "response_format": {"type": "json_object"},
        }

    def ask(self, messages: list[dict[str, str]]) -> dict[str, Any]:
        """The answer to some messages, see `lineage.synthesis.response_cache`.

        Raises:
            Refusal: 400, 413 or 422 for this request.
            LineageError: no endpoint is named, it cannot be reached, or it refuses everything (key, model).
        """
        key = response_cache.key_of(self.model, messages, self.settings)
        if (found := response_cache.kept(key, self.folder)) is not None:
            return found
        answer = self._paid(messages, key)
        response_cache.keep(answer, self.folder)
        return answer

    def _paid(self, messages: list[dict[str, str]], key: str) -> dict[str, Any]:
        import openai

        client = self._client
        try:
            said = client.chat.completions.create(model=self.model, messages=messages, **self.settings)
        except openai.APIStatusError as error:
            why = redacted(error.message)
            if error.status_code in (400, 413, 422):
                raise Refusal(why) from None
            raise LineageError(self._failed(why)) from None
        except (openai.OpenAIError, ValueError) as error:  # not reached, timed out, a reply that is not JSON
            why = f"{error} ({error.__cause__})" if error.__cause__ else f"{error}"
            raise LineageError(self._failed(redacted(f"{type(error).__name__}: {why}"))) from None
        choice = said.choices[0] if getattr(said, "choices", None) else None
        message = getattr(choice, "message", None)
        if choice is None or message is None:
            raise LineageError(self._failed("the reply is no chat completion; does OPENAI_BASE_URL end in /v1?"))
        usage = getattr(said, "usage", None)
        tokens_in = getattr(usage, "prompt_tokens", None) or 0
        tokens_out = getattr(usage, "completion_tokens", None) or 0
        return {
            "key": key,
            "model": self.model,
            "served": getattr(said, "model", None) or "",
            "text": message.content or "",
            "finish": getattr(choice, "finish_reason", None) or "",
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            **cost(tokens_in, tokens_out),
        }

    @cached_property
    def _client(self) -> Any:
        from openai import OpenAI

        cost(0, 0)  # a price that is no number is said before anything is paid for
        return OpenAI(base_url=address(), api_key=_key() or NO_KEY[1], timeout=self.timeout, max_retries=self.retries)

    def _failed(self, why: str) -> str:
        return (
            f"{host()} did not answer for the model {self.model}: {why:.400}. What it has answered is kept in "
            f"{self.folder}: run again once it is mended. It is chosen by OPENAI_BASE_URL and OPENAI_API_KEY"
        )


def address() -> str:
    """OPENAI_BASE_URL. Raises LineageError where it is missing, no address, or would take the key in the clear."""
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    if not url:
        raise LineageError(f"no endpoint to ask, and the answer is not in the cache: {NEEDED}")
    parts = _parts(url)
    if parts.username or parts.password or parts.query:
        raise LineageError("OPENAI_BASE_URL holds a password or a query; give the key in OPENAI_API_KEY alone")
    has_key = _key() not in NO_KEY
    if parts.scheme == "http" and has_key and not _is_this_machine(parts.hostname or ""):
        raise LineageError(
            f"OPENAI_BASE_URL is http on another machine ({parts.hostname}): OPENAI_API_KEY would travel readable "
            "by all between. Use https, an ssh tunnel to 127.0.0.1, or no key if the server needs none"
        )
    return url


def host() -> str:
    """Where requests go, for people: without path or credentials."""
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    if not url:
        return "no endpoint (OPENAI_BASE_URL is not set: answers come from the cache alone)"
    parts = _parts(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def cost(tokens_in: int, tokens_out: int) -> dict[str, Any]:
    """{"cost": 0.0031, "currency": "USD"} by the prices of the environment; {} where they are not given."""
    said = [os.environ.get(name, "") for name in ("OPENAI_PRICE_IN", "OPENAI_PRICE_OUT")]
    if not all(said):
        return {}
    try:
        price_in, price_out = map(Decimal, said)
    except InvalidOperation:
        raise LineageError(
            f"OPENAI_PRICE_IN and OPENAI_PRICE_OUT are prices per million tokens, such as 0.15; got {said}"
        ) from None
    paid = (price_in * tokens_in + price_out * tokens_out) / 1_000_000
    return {"cost": float(round(paid, 8)), "currency": os.environ.get("OPENAI_CURRENCY", "USD")}


def redacted(text: str) -> str:
    """A message without the key, also where an endpoint quotes a piece of it."""
    key = _key()
    if key not in NO_KEY:
        text = re.sub(rf"{re.escape(key)}|\b{re.escape(key[:5])}[\w*.…-]*", "…", text)
    return re.sub(r"\bsk-[\w*.-]{4,}", "…", text)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # half a bracket, a port that is no number
        sound = False
    if not sound:
        raise LineageError(f"OPENAI_BASE_URL is no http address; {NEEDED}")
    return parts


def _key() -> str:
    return os.environ.get("OPENAI_API_KEY", "").strip()


def _is_this_machine(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
