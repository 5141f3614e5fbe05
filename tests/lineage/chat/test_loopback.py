import socket
from contextlib import closing
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from lineage.chat.loopback import HEADERS, OnlyFromHere, listening
from lineage.core.errors import LineageError

PORT = 8765
HERE = f"127.0.0.1:{PORT}"
STRANGERS = (
    "http://evil.example",
    f"http://127.0.0.1:{PORT + 1}",
    f"https://{HERE}",
    f"http://localhost:{PORT}",
    "null",
)


@pytest.fixture
def client() -> TestClient:
    async def page(_: Any) -> PlainTextResponse:
        return PlainTextResponse("the page")

    async def talk(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("the socket")
        await socket.close()

    app = Starlette(routes=[Route("/", page, methods=["GET", "POST"]), WebSocketRoute("/ws", talk)])
    return TestClient(OnlyFromHere(app, PORT), base_url=f"http://{HERE}")


def test_a_page_of_its_own_is_served_and_may_act(client: TestClient) -> None:
    assert client.get("/").text == "the page"
    assert client.get("/", headers={"host": f"localhost:{PORT}"}).status_code == 200
    assert client.post("/", headers={"origin": f"http://{HERE}"}).status_code == 200
    with client.websocket_connect("/ws", headers={"host": HERE, "origin": f"http://{HERE}"}) as found:
        assert found.receive_text() == "the socket"


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1.evil.example:{PORT}", ""]
)
def test_another_name_for_this_machine_is_refused(client: TestClient, host: str) -> None:
    """A page of evil.example, whose name was pointed at 127.0.0.1, sends its own name as Host and a fitting Origin."""
    for headers in ({"host": host}, {"host": host, "origin": f"http://{host}"}):
        found = client.get("/", headers=headers)
        assert found.status_code == 403 and f"open http://{HERE} instead" in found.text
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws", headers=headers):
            pass


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_page_of_elsewhere_neither_acts_nor_reads(client: TestClient, origin: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, "/", headers={"origin": origin}).status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws", headers={"host": HERE, "origin": origin}):
        pass


def test_who_does_not_say_where_he_is_from_may_not_act(client: TestClient) -> None:
    assert client.post("/").status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws", headers={"host": HERE}):
        pass
    twice = [("origin", f"http://{HERE}"), ("origin", "http://evil.example")]
    assert client.post("/", headers=twice).status_code == 403


def test_every_page_forbids_what_lies_elsewhere(client: TestClient) -> None:
    headers = client.get("/").headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "http:" not in HEADERS["content-security-policy"] and "*" not in HEADERS["content-security-policy"]


def test_it_listens_on_this_machine_alone() -> None:
    with closing(listening(0)) as found:
        address, port = found.getsockname()
        assert address == "127.0.0.1"
        found.listen()
        with pytest.raises(LineageError, match=f"port {port} cannot be listened on .*--port"):
            listening(port)
    with pytest.raises(LineageError, match="--port"):
        listening(70_000)
    assert isinstance(found, socket.socket)
