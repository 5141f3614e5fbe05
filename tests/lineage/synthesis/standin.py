"""A stand-in for an OpenAI-compatible endpoint on loopback, and records to ask it about.

with stand_in(lambda asked, count: chat('{"questions": []}')) as server:
    …   # server.url, server.requests: what came in, headers and bodies
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lineage.records.record import Record, qa

KEY = "sk-very-secret-0123456789"


@dataclass
class Reply:
    """What the stand-in says: a status, a body, headers."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class StandIn:
    """A running server. `requests` are (headers, body) in the order in which they came."""

    url: str
    requests: list[tuple[dict[str, str], dict[str, Any]]]

    def asked(self) -> list[str]:
        """The last message of every request."""
        return [body["messages"][-1]["content"] for _, body in self.requests]


def chat(text: str, finish: str = "stop", tokens: tuple[int, int] = (100, 20)) -> Reply:
    """A chat completion that says `text`."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "standin-1", "choices": [choice]}
    return Reply(json.dumps(body | {"usage": usage}))


def failing(status: int, message: str) -> Reply:
    """An error, which may be tried again at once."""
    return Reply(json.dumps({"error": {"message": message}}), status, {"retry-after-ms": "1"})


@contextmanager
def stand_in(say: Callable[[str, int], Reply]) -> Iterator[StandIn]:
    """Serve `say(what was asked, how many requests came before)` on a free port."""
    requests: list[tuple[dict[str, str], dict[str, Any]]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                requests.append(({name.lower(): said for name, said in self.headers.items()}, body))
                count = len(requests) - 1
            reply = say(body["messages"][-1]["content"], count)
            content = reply.body.encode()
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return  # the client was killed, or did not wait

        def log_message(self, *arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield StandIn(f"http://127.0.0.1:{server.server_port}/v1", requests)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def article(number: int, days: int = 5) -> Record:
    """An article of a rule, as the reader of rules gives it."""
    name = f"가온시장 업무규정 제{number}조"
    text = (
        f"① 회원은 제{number}호 신청서를 거래소에 내야 한다.\n"
        f"② 거래소는 접수한 날부터 {days}일 이내에 결과를 알려야 한다. <개정 2024.1.1>"
    )
    record = qa(
        f"{name}(호가의 접수)의 내용은 무엇입니까?", text, group=name, origin={"file": "a.txt"}, documents=("d" * 64,)
    )
    return Record(
        **{n: getattr(record, n) for n in ("group", "turns", "origin", "documents")}, as_of="2024-01-01"
    ).placed("rules", "krx")


def write_records(root: Path, train: list[Record], held: list[Record], source: str = "rules") -> None:
    """Records as `ingest` leaves them."""
    for path, records in (
        (root / "data/records" / source / "records.jsonl", train),
        (root / "data/heldout" / source / "prompt_answer.jsonl", held),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(record.to_json() + "\n" for record in records), encoding="utf-8")
