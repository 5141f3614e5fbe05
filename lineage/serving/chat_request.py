"""What `POST /v1/chat/completions` may ask, in OpenAI's fields.

Left out, an answer is greedy, as that of `lineage ask`; a temperature above 0 draws it. What this server cannot do is
refused by its field: a request is never answered otherwise than it was asked.
"""

import json
import secrets
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lineage.chat.speaking import Turns
from lineage.config.measuring import Generation
from lineage.core.plain_text import one_line
from lineage.evaluation.sampled_decoding import Manner
from lineage.readers.text.normalize import clean
from lineage.serving.refusals import RequestRefused

DEFAULT_TOKENS = 128  # of an answer, as in `lineage ask`
AS_IT_IS = {"n": 1, "frequency_penalty": 0, "presence_penalty": 0, "store": False}
OF_NO_EFFECT = ("user", "metadata", "safety_identifier")  # they say who asks, and change no answer


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MessagePart(_Asked):
    """A part of a message; images and sound are none that this model reads."""

    type: Literal["text"]
    text: str


class Message(_Asked):
    """A turn of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[MessagePart]

    @property
    def text(self) -> str:
        """What was said, cleaned as the rows of training are."""
        whole = self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        return clean(whole.encode(errors="replace").decode())


class StreamOptions(_Asked):
    """What a stream ends with."""

    include_usage: bool = False


class ChatRequest(_Asked):
    """A request. max_completion_tokens: goes before max_tokens, its older name.

    return_tokens_as_token_ids: vLLM's; tokens with chances are named by number, so that none is taken for another.
    """

    model: str
    messages: list[Message] = Field(min_length=1)
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int | None = None
    logprobs: bool = False
    top_logprobs: Annotated[int, Field(ge=0, le=20)] = 0
    return_tokens_as_token_ids: bool = False

    @property
    def chances(self) -> int | None:
        """How many of the likeliest tokens are told beside each that is said; None: no chances at all."""
        return self.top_logprobs if self.logprobs else None

    @property
    def tokens(self) -> int:
        """How long the answer may be."""
        return self.max_completion_tokens or self.max_tokens or DEFAULT_TOKENS

    @property
    def turns(self) -> Turns:
        """The conversation as the chat template takes it."""
        return [
            {"role": "system" if one.role == "developer" else one.role, "content": one.text} for one in self.messages
        ]

    @property
    def manner(self) -> Manner | None:
        """How the answer is made; None: greedily."""
        if not self.temperature:
            return None
        drawn = Generation(temperature=self.temperature, top_p=self.top_p)
        return Manner(drawn, [secrets.randbits(56) if self.seed is None else self.seed % (1 << 56)])


def parsed_request(body: bytes) -> ChatRequest:
    """A request, of the bytes that were sent.

    Raises:
        RequestRefused: it is no JSON, or a field is wrong; the first one is named.
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, f"the body is no JSON in UTF-8: {error}", code="invalid_json") from None
    if not isinstance(sent, dict):
        raise RequestRefused(400, f"the body is {type(sent).__name__}, expected an object", code="invalid_json")
    asked = _without_what_says_nothing(sent)
    try:
        found = ChatRequest.model_validate(asked)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _wrong(first) from None
    if found.messages[-1].role != "user" or not found.messages[-1].text:
        at = f"messages.{len(found.messages) - 1}"
        raise RequestRefused(400, f"{at}: the last message is to be a user's, and to say something", param=at)
    if found.top_p < 1 and not found.temperature:
        raise RequestRefused(400, "top_p: nothing is drawn without a temperature above 0", param="top_p")
    if found.top_logprobs and not found.logprobs:
        raise RequestRefused(400, "top_logprobs: it stands beside logprobs: true alone", param="top_logprobs")
    return found


def _without_what_says_nothing(sent: dict[str, Any]) -> dict[str, Any]:
    """Without fields that are null or at the value that this server has; clients send them along."""
    kept = {
        name: value
        for name, value in sent.items()
        if value is not None and name not in OF_NO_EFFECT and (name not in AS_IT_IS or value != AS_IT_IS[name])
    }
    if isinstance(kept.get("messages"), list):
        kept["messages"] = [
            {name: value for name, value in one.items() if value is not None} if isinstance(one, dict) else one
            for one in kept["messages"]
        ]
    return kept


def _wrong(error: Any) -> RequestRefused:
    parts = [str(part) for part in error["loc"] if part not in ("str", "list[MessagePart]")]
    field, what = ".".join(parts), error["msg"]
    if error["type"] == "missing":
        return RequestRefused(400, f"{field}: this field is missing", param=field, code="missing_required_parameter")
    if error["type"] == "extra_forbidden":
        return RequestRefused(400, f"{field}: this server does not have it", param=field, code="unsupported_parameter")
    shown = one_line(repr(error["input"]))[:60]
    return RequestRefused(400, f"{field}: {what}, found {shown}", param=field, code="invalid_value")
