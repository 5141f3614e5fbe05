"""The server: OpenAI's `GET /v1/models` and `POST /v1/chat/completions`, and `GET /health`."""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.serving.chat_request import ChatRequest, parsed_request
from lineage.serving.gatekeeper import Gatekeeper
from lineage.serving.one_at_a_time import SaidSoFar, Speaker, Spoken
from lineage.serving.refusals import RequestRefused
from lineage.serving.served_models import CHAMPION, ServedModel, ServedModels
from lineage.serving.token_bytes import TokenBytes
from lineage.serving.token_chances import TokenChances, in_openais_form
from lineage.serving.vllm_speaker import VllmSpeaker

LARGEST = 4 << 20  # bytes of a request
SECONDS = 1.0  # between two looks at who is the champion
LAST = "data: [DONE]\n\n"

Chances = dict[str, Any] | None  # a choice's `logprobs`


def application(
    models: ServedModels, key: str = "", seconds: float = SECONDS, speaker: Speaker | VllmSpeaker | None = None
) -> Any:
    """The server as an ASGI application.

    Args:
        models: who answers.
        key: what is asked for before anything is answered; empty: nothing, and this machine alone may ask.
        seconds: between two looks at `promotions.yaml`.
        speaker: who asks them; None: a thread of this process.
    """
    speaker, spelled = speaker or Speaker(models.voices), TokenBytes(models.voices.tokenizer)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        watch = asyncio.create_task(_crowning(models, speaker, seconds))
        yield
        watch.cancel()
        speaker.close()

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def listed(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": models.cards()})

    async def one(request: Request) -> Response:
        name = request.path_params["name"]
        return JSONResponse(models.named(name).card(name, models.owner))

    async def chat(request: Request) -> Response:
        asked = parsed_request(await _body(request))
        model = models.named(asked.model)
        said = speaker.answer(model.voice, asked.turns, asked.tokens, asked.manner, asked.chances)
        head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": asked.model}
        head["system_fingerprint"] = model.fingerprint[:12]

        def logprobs(chances: Sequence[TokenChances]) -> Chances:
            return in_openais_form(chances, spelled, asked.return_tokens_as_token_ids) if asked.logprobs else None

        if not asked.stream:
            pieces = [piece async for piece in said]
            whole = pieces[-1]
            assert isinstance(whole, Spoken)
            return JSONResponse(_completion(head, whole, logprobs([one for piece in pieces for one in piece.chances])))
        first = await anext(said)  # what cannot be asked is refused before the stream has begun
        return StreamingResponse(_events(head, asked, logprobs, first, said), media_type="text/event-stream")

    routes = [
        Route("/health", health),
        Route("/v1/models", listed),
        Route("/v1/models/{name}", one),
        Route("/v1/chat/completions", chat, methods=["POST"]),
    ]
    told = {LineageError: _refused, 404: _no_such_place, 405: _no_such_place, Exception: _failed}
    return Gatekeeper(Starlette(routes=routes, exception_handlers=told, lifespan=life), key)


async def _crowning(models: ServedModels, speaker: Speaker | VllmSpeaker, seconds: float) -> None:
    """Look for another champion as long as the server runs; where it cannot answer, say so, and keep the one before."""
    seen = _last_change()
    while True:
        await asyncio.sleep(seconds)
        if (now := _last_change()) == seen:
            continue
        seen = now
        before = models.table.get(CHAMPION)
        try:
            changed = await speaker.between_answers(models.crown)
        except Exception as error:  # whatever it is: who answers now goes on
            stays = f"{before.version} stays the champion" if before else "there is no champion"
            print(f"note: {stays}: {error}", file=sys.stderr, flush=True)
            continue
        if changed:
            print(f"champion: {_told(before)} → {_told(models.table.get(CHAMPION))}", flush=True)


def _told(one: ServedModel | None) -> str:
    return f"{one.version} ({one.fingerprint[:12]})" if one else "nobody"


def _last_change() -> tuple[int, int] | None:
    with suppress(OSError):
        found = paths.PROMOTIONS.stat()
        return found.st_mtime_ns, found.st_size
    return None


async def _body(request: Request) -> bytes:
    whole = bytearray()
    async for part in request.stream():
        whole += part
        if len(whole) > LARGEST:
            raise RequestRefused(413, f"the request is larger than {LARGEST:,} bytes", code="request_too_large")
    return bytes(whole)


def _completion(head: dict[str, Any], spoken: Spoken, chances: Chances) -> dict[str, Any]:
    message = {"role": "assistant", "content": spoken.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": chances, "finish_reason": _ending(spoken)}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(spoken)}


async def _events(
    head: dict[str, Any],
    asked: ChatRequest,
    logprobs: Callable[[Sequence[TokenChances]], Chances],
    first: SaidSoFar | Spoken,
    rest: AsyncIterator[SaidSoFar | Spoken],
) -> AsyncIterator[str]:
    """The answer as it grows: each event has what is new in it. What fails on the way ends it with an error's event.

    Chances stand beside the text that was settled by the last of their tokens; those of the stop beside the ending.
    """
    shown = ""
    yield _event(head, {"role": "assistant", "content": ""}, None)
    try:
        async for piece in _with(first, rest):
            text, chances = piece.text, logprobs(piece.chances) if piece.chances else None
            if not text.startswith(shown):
                raise LineageError("the tokenizer took back what it had said; ask without stream")
            if text != shown:
                yield _event(head, {"content": text[len(shown) :]}, None, chances)
                chances = None
            shown = text
            if isinstance(piece, Spoken):
                yield _event(head, {}, _ending(piece), chances)
                if asked.stream_options.include_usage:
                    yield _sent({**head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(piece)})
    except LineageError as error:
        yield _sent(_as_refused(error).body())
    yield LAST


async def _with(
    first: SaidSoFar | Spoken, rest: AsyncIterator[SaidSoFar | Spoken]
) -> AsyncIterator[SaidSoFar | Spoken]:
    yield first
    async for piece in rest:
        yield piece


def _event(head: dict[str, Any], delta: dict[str, str], ending: str | None, chances: Chances = None) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": chances, "finish_reason": ending}
    return _sent({**head, "object": "chat.completion.chunk", "choices": [choice]})


def _sent(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def _ending(spoken: Spoken) -> str:
    return "stop" if spoken.stopped else "length"


def _usage(spoken: Spoken) -> dict[str, int]:
    return {
        "prompt_tokens": spoken.asked,
        "completion_tokens": spoken.said,
        "total_tokens": spoken.asked + spoken.said,
    }


def _as_refused(error: Exception) -> RequestRefused:
    if isinstance(error, RequestRefused):
        return error
    if isinstance(error, LineageError):  # what was said cannot be asked
        return RequestRefused(400, f"messages: {error}", param="messages", code="invalid_value")
    return RequestRefused(500, f"the answer failed: {type(error).__name__}", code="internal_error")


async def _refused(_: Request, error: Exception) -> Response:
    found = _as_refused(error)
    return JSONResponse(found.body(), found.status)


async def _failed(_: Request, error: Exception) -> Response:
    return JSONResponse(_as_refused(error).body(), 500)


async def _no_such_place(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    refused = RequestRefused(
        status, f"{request.method} {request.url.path}: this server has /v1/models, /v1/chat/completions"
    )
    return JSONResponse(refused.body(), status)
