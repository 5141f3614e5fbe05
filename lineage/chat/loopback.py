"""A server that answers this machine's browsers alone, and no other site through them.

A port on 127.0.0.1 is within reach of every page that a browser here opens: a name of its own may be pointed at it (DNS
rebinding), and a form or a script may send what it cannot read (CSRF). So the `Host` must be this server's own, and
what acts (a WebSocket, a POST) must come from a page of its own, by its `Origin`. Against others who have an account on
this machine it is no protection.
"""

import socket
from contextlib import suppress
from typing import Any

from lineage.core.errors import LineageError

HOST = "127.0.0.1"
SAFE = ("GET", "HEAD")
# Nothing is fetched from elsewhere, and no page of elsewhere may frame this one and have its buttons clicked.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class OnlyFromHere:
    """An ASGI application that refuses what did not come from a page of its own."""

    def __init__(self, app: Any, port: int) -> None:
        self.app = app
        self.hosts = tuple(f"{name}:{port}" for name in (HOST, "localhost"))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse a request with 403, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if why := self.refusal(scope):
            await _refuse(scope, send, why)
            return

        async def hardened(message: Any) -> None:
            if message["type"] == "http.response.start":
                more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = message | {"headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, hardened)

    def refusal(self, scope: Any) -> str:
        """Why a request is refused; "" where it is not."""
        host, origin = _header(scope, b"host"), _header(scope, b"origin")
        if host not in self.hosts:
            return f"open http://{self.hosts[0]} instead"
        acts = scope["type"] == "websocket" or scope["method"] not in SAFE
        if (acts or origin is not None) and origin != f"http://{host}":
            return "this did not come from a page of this server"
        return ""


def listening(port: int) -> socket.socket:
    """A socket on this machine's loopback address; port 0: any that is free.

    Raises:
        LineageError: the port is taken, or not this user's to take.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except (OSError, OverflowError) as error:
        found.close()
        raise LineageError(f"port {port} cannot be listened on ({error}); choose another with --port") from None
    return found


def serve(app: Any, on: socket.socket) -> None:
    """Serve an ASGI application on a socket from `listening`, until Ctrl-C; open tabs do not hold it up."""
    import uvicorn

    config = uvicorn.Config(
        OnlyFromHere(app, on.getsockname()[1]),
        log_level="warning",
        loop="asyncio",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    with suppress(KeyboardInterrupt):  # uvicorn ends in good order, and raises it again
        uvicorn.Server(config).run(sockets=[on])


def _header(scope: Any, name: bytes) -> str | None:
    """The value of a header; None where it is not there, and what fits nothing where it is there twice."""
    found = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else "twice" if found else None


async def _refuse(scope: Any, send: Any, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": f"refused: {why}\n".encode()})
