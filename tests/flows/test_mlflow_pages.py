"""The links that `lineage ui` prints and a run leaves, against an MLflow that answers as a real one does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flows.mlflow_pages import report_page, runs_page

TOKENS: list[str | None] = []  # as they were sent


class Answers(BaseHTTPRequestHandler):
    """One experiment, number 7, with a report."""

    def do_GET(self) -> None:
        self.server.tokens.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        self._say({"experiment": {"experiment_id": "7"}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"runs": [{"info": {"run_id": "abc"}}]})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _say(self, what: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(what).encode())


@pytest.fixture
def mlflow() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    server.tokens = TOKENS  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_links_open_the_table_of_runs_and_the_report(mlflow: str) -> None:
    assert runs_page(mlflow) == f"{mlflow}/#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=lineage"
    assert (report_page(mlflow) or "").endswith("/7/runs/abc/artifacts/lineage.html?workflowType=machine_learning")


def test_a_server_that_asks_for_a_token_gets_it(mlflow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "not-for-everyone")
    assert runs_page(mlflow).endswith("/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=lineage")
    assert TOKENS[-1] == "Bearer not-for-everyone"
    assert "not-for-everyone" not in (report_page(mlflow) or "")


def test_before_anything_is_published_the_list_of_experiments() -> None:
    nobody = "http://127.0.0.1:9"
    assert runs_page(nobody) == f"{nobody}/#/experiments?workflowType=machine_learning"
    assert report_page(nobody) is None
