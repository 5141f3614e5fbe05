"""Who is told of a run that went wrong, and that a message which cannot be sent changes nothing; without a server."""

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.states import Failed

from flows import notify
from flows.lineage_flow import rebuild
from flows.notify import NOTIFY, tell_somebody
from flows.promote_flow import promote_version

RUN: Any = SimpleNamespace(id="0d1c", name="v3, v4", parameters={"versions": ["v3", "v4"]})
STATE: Any = Failed(message="train@v3: no such column\nrename it")


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[list[Any]]:
    """What a webhook receives; it refuses what is sent to /refused."""
    messages: list[Any] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(403 if self.path == "/refused" else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Webhook)
    Thread(target=server.serve_forever, daemon=True).start()

    def load(name: str, **_: object) -> Block:
        return CustomWebhookNotificationBlock(
            name="nightly",
            url=f"http://127.0.0.1:{server.server_port}/" + "{{token}}",
            json_data={"title": "{{subject}}", "text": "{{body}}"},
            secrets={"token": name.partition("/")[2]},
        )

    monkeypatch.setattr(Block, "load", load)
    monkeypatch.setattr(notify, "flow_run_logger", lambda *_: logging.getLogger("told"))
    monkeypatch.setattr(notify, "url_for", lambda _, obj_id: f"http://127.0.0.1:4200/runs/flow-run/{obj_id}")
    yield messages
    server.shutdown()
    server.server_close()


def test_a_webhook_hears_what_failed(heard: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    tell_somebody(rebuild, RUN, STATE)
    assert heard == []  # nobody is asked for
    monkeypatch.setenv(NOTIFY, "custom-webhook/nightly")
    for hook in rebuild.on_failure_hooks:
        hook(rebuild, RUN, STATE)
    (told,) = heard
    assert told["title"] == "krx-lineage: lineage failed"
    for part in ("v3, v4", "train@v3: no such column", "rename it", "http://127.0.0.1:4200/runs/flow-run/0d1c"):
        assert part in told["text"]
    assert tell_somebody in rebuild.on_crashed_hooks
    refused: Any = SimpleNamespace(id="0d1d", name="promote v4", parameters={"version": "v4", "by": "회의"})
    for asked in promote_version.on_failure_hooks:
        asked(promote_version, refused, Failed(message="v4 is not promoted: worse"))
    assert "versions: v4\nv4 is not promoted: worse" in heard[1]["text"]


def test_a_message_that_is_refused_changes_nothing_and_tells_no_secret(
    heard: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(NOTIFY, "custom-webhook/refused")
    with caplog.at_level("WARNING"):
        tell_somebody(rebuild, RUN, STATE)
    assert len(heard) == 1
    assert f"custom-webhook/refused ({NOTIFY}: HTTPStatusError 403)" in caplog.text
    assert "http://" not in caplog.text
