"""A run whose server is away: when it waits, and what it says."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flows.server_away import is_away, wait_until_back


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)  # a server that asks for a password is there
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_run_waits_for_a_server_that_is_away_and_for_none_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefect.settings.PREFECT_API_URL.value", lambda: None)
    assert not is_away()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr("prefect.settings.PREFECT_API_URL.value", lambda: f"http://127.0.0.1:{port}/api")
    monkeypatch.setattr("flows.server_away.PATIENCE", 0.05)
    assert is_away()
    said: list[str] = []
    waiting = threading.Thread(target=wait_until_back, args=(said.append,))
    waiting.start()
    with HTTPServer(("127.0.0.1", port), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        waiting.join(10)
        assert not waiting.is_alive() and not is_away()
        server.shutdown()
    assert len(said) <= 1 and all(f"127.0.0.1:{port}/api does not answer" in line for line in said)
