"""A server that asks for a token: without it one clear error, with it each request has it, and nothing shows it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.tracking.publish import RECEIPT, publish

TOKEN = "not-for-everyone"
SENT: list[str | None] = []
REFUSAL = ["You are not authenticated."]  # the last counts


class Doorkeeper(BaseHTTPRequestHandler):
    """Lets in who has the token, and then fails; what it was sent it repeats."""

    def do_GET(self) -> None:
        SENT.append(header := self.headers.get("Authorization"))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        known = header == f"Bearer {TOKEN}"
        said = {"error_code": "BAD_REQUEST", "message": f"out of order; you are {header}"}
        self.send_response(400 if known else 401)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode() if known else REFUSAL[-1].encode())

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    SENT.clear()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Doorkeeper)
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{serving.server_port}"
    serving.shutdown()
    serving.server_close()


@pytest.mark.parametrize("body", [REFUSAL[0], '{"error_code": "UNAUTHENTICATED"}', '{"detail": "who?"}'])
def test_without_a_token_the_error_names_the_variable(
    workspace: Path, server: str, body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.REFUSAL", [body])
    with pytest.raises(LineageError, match=r"it asks who you are(:|,) set MLFLOW_TRACKING_TOKEN"):
        publish(server)
    assert SENT and set(SENT) == {None}
    assert not RECEIPT.exists()


def test_a_wrong_token_is_said_to_be_wrong(workspace: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "an-older-one")
    with pytest.raises(LineageError, match="it refuses the MLFLOW_TRACKING_TOKEN of this shell") as error:
        publish(server)
    assert "an-older-one" not in str(error.value)


def test_the_token_goes_to_the_server_and_nowhere_else(
    workspace: Path, server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", TOKEN)
    with pytest.raises(LineageError, match="out of order") as error:
        publish(server)
    assert SENT and set(SENT) == {f"Bearer {TOKEN}"}
    assert "MLFLOW_TRACKING_TOKEN" not in str(error.value)
    assert TOKEN not in str(error.value) + "".join(capsys.readouterr())
    for file in workspace.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file
