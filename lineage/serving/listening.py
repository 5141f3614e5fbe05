"""A socket to serve at, and an ASGI application that is served on it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from lineage.core.errors import LineageError

BACKLOG = 1024  # connections that wait to be accepted


def listening_at(host: str, port: int) -> socket.socket:
    """A socket; port 0: any that is free.

    Raises:
        LineageError: the address is none of this machine's, or the port is taken or not this user's to take.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)  # without TCP's number asyncio leaves Nagle's algorithm on
    except OSError as error:
        raise LineageError(f"--host {host}: {error}") from None
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
    except (OSError, OverflowError) as error:
        found.close()
        raise LineageError(f"port {port} of {host} cannot be listened on ({error}); choose another: --port") from None
    return found


def serve(app: Any, on: socket.socket) -> None:
    """Serve an ASGI application until Ctrl-C; clients that still listen do not hold it up."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        loop="asyncio",
        backlog=BACKLOG,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    with suppress(KeyboardInterrupt):  # uvicorn ends in good order, and raises it again
        uvicorn.Server(config).run(sockets=[on])


@contextmanager
def served_meanwhile(app: Any, on: socket.socket) -> Iterator[str]:
    """Serve an ASGI application in a thread of this process until the block ends; its address is given."""
    import uvicorn

    # Without settings of logging: they would close the streams of whoever logs in this process.
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None, loop="asyncio"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [on]}, name="served meanwhile")
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        if not server.started:
            raise LineageError("the server ended as it started; its last words stand above")
        yield f"http://{on.getsockname()[0]}:{on.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
