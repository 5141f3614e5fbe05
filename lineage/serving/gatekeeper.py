"""Who may ask: with a key, who has it; without one, programs of this machine.

A port on 127.0.0.1 is within reach of every page that a browser here opens, so that without a key a request must name
this machine as its `Host` (DNS rebinding) and may not come from a page of elsewhere, by its `Origin` (CSRF).
"""

import hmac
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from lineage.core.errors import LineageError
from lineage.serving.refusals import RequestRefused

KEY = "KRX_SERVE_KEY"
LOCAL = ("127.0.0.1", "localhost", "::1")
OPEN = ("/health",)  # it tells nothing of the models


class Gatekeeper:
    """An ASGI application that passes on what may be asked. key: empty for none."""

    def __init__(self, app: Any, key: str) -> None:
        self.app, self.key = app, key

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse a request, or pass it on."""
        if scope["type"] == "http" and (refused := self.refusal(scope["path"], Headers(scope=scope))):
            await JSONResponse(refused.body(), refused.status)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def refusal(self, path: str, headers: Headers) -> RequestRefused | None:
        """Why a request is refused; None where it is not."""
        if self.key and path not in OPEN:
            given = headers.get("authorization", "").partition("Bearer ")[2].encode()
            if not hmac.compare_digest(given, self.key.encode()):
                message = f"this server asks for its key: Authorization: Bearer …, as {KEY} has it where it runs"
                return RequestRefused(401, message, code="invalid_api_key")
        if self.key:
            return None
        for name in ("host", "origin"):
            said = headers.get(name)
            if said is not None and _host(said) not in LOCAL:
                return RequestRefused(
                    403, f"without a key, programs of this machine alone may ask; {name} is {said!r:.80}"
                )
        return None


def may_listen(host: str, key: str) -> None:
    """Whether a server may listen at an address.

    Raises:
        LineageError: others reach it, and it asks for no key.
    """
    if host not in LOCAL and not key:
        raise LineageError(
            f"--host {host}: others reach it, so it wants a key: set {KEY} in the environment (24 letters and digits "
            f"or more), and give it to who may ask"
        )
    if key and len(key) < 24:
        raise LineageError(f"{KEY} has {len(key)} characters; a key has 24 at least: openssl rand -hex 24")


def _host(said: str) -> str:
    try:
        return urlsplit(said if "//" in said else f"//{said}").hostname or said
    except ValueError:
        return said
