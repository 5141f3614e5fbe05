"""Who is told of a run that went wrong, and that a message which cannot be sent changes nothing; without a server."""

import json
import logging
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.states import Failed

from flows import notify
from flows.lineage_flow import rebuild
from flows.mail_block import MailBySmtp
from flows.notify import NOTIFY, tell_somebody
from flows.promote_flow import promote_version

RUN: Any = SimpleNamespace(id="0d1c", name="v3, v4", parameters={"versions": ["v3", "v4"]})
REFUSED: Any = SimpleNamespace(id="0d1d", name="promote v4", parameters={"version": "v4", "by": "회의"})
STATE: Any = Failed(message="Flow run encountered an exception: LineageError: train@v3: no such column\nrename it")


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
    for asked in promote_version.on_failure_hooks:
        asked(promote_version, REFUSED, Failed(message="v4 is not promoted: worse"))
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


@pytest.fixture
def mails() -> Iterator[tuple[int, list[EmailMessage]]]:
    """A mail server: its port, and what it was given."""
    taken: list[EmailMessage] = []

    class Smtp(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                said = line.split(b" ")[0].strip().upper()
                if said == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    text = b"".join(iter(self.rfile.readline, b".\r\n"))
                    taken.append(message_from_bytes(text, policy=policy.default))  # type: ignore[arg-type]
                refused = said == b"RCPT" and b"nobody@" in line
                code = b"550" if refused else b"221" if said == b"QUIT" else b"250"
                self.wfile.write(code + b" it is\r\n")
                if said == b"QUIT":
                    return

    server = ThreadingTCPServer(("127.0.0.1", 0), Smtp)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], taken
    server.shutdown()
    server.server_close()


def test_a_mail_tells_of_a_failure_and_of_a_refused_gate(
    heard: list[Any], mails: tuple[int, list[EmailMessage]], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    port, taken = mails

    def load(name: str, **_: object) -> Block:
        assert name == "mail-by-smtp/nightly"
        return MailBySmtp(host="127.0.0.1", port=port, encryption="none", sender="krx@here", to=to)

    monkeypatch.setattr(Block, "load", load)
    monkeypatch.setenv(NOTIFY, "mail-by-smtp/nightly")
    to = ["lee@here", "kim@here"]
    tell_somebody(rebuild, RUN, STATE)
    tell_somebody(promote_version, REFUSED, Failed(message="v4 is not promoted: 회계 worse"))
    failed, refused = taken
    assert failed["Subject"] == "krx-lineage: lineage failed" and failed["To"] == "lee@here, kim@here"
    assert "\ntrain@v3: no such column" in failed.get_content().replace("\r", "")
    assert "versions: v4\nv4 is not promoted: 회계 worse" in refused.get_content().replace("\r", "")
    to = ["nobody@here"]
    with caplog.at_level("WARNING"):
        tell_somebody(rebuild, RUN, STATE)
    assert "mail-by-smtp/nightly (KRX_NOTIFY: SMTPRecipientsRefused)" in caplog.text
    assert "@here" not in caplog.text and str(port) not in caplog.text
