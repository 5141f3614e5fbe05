"""`lineage fetch` against a stand-in for the hub: the real client, a server on this machine."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from lineage.readers import metamath
from tests import tiny
from tests.lineage.cli.words import refused

ROOT = Path(__file__).parents[3]
REPO, COMMIT = "someone/reworded", "0123456789abcdef0123456789abcdef01234567"
ROWS = [
    {"type": "t", "query": f"{n} + 1?", "original_question": f"{n}", "response": f"{n + 1}.\nThe answer is: {n + 1}"}
    for n in range(5)
]
FILES = {"rows.json": json.dumps(ROWS).encode(), "README.md": b"---\nlicense: mit\n---\n", "evil.py": b"boom"}


class Hub(BaseHTTPRequestHandler):
    """The part of the hub's interface that a client of one dataset meets."""

    asked: list[str]

    def _answer(self, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.asked.append(f"{self.command} {path}")
        files = [
            {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()} for n, b in FILES.items()
        ]
        if path in (f"/api/datasets/{REPO}", f"/api/datasets/{REPO}/revision/{COMMIT}"):
            siblings = [{"rfilename": name} for name in FILES]
            self._answer(json.dumps({"id": REPO, "sha": COMMIT, "siblings": siblings, "tags": []}).encode())
        elif path.startswith(f"/api/datasets/{REPO}/tree/{COMMIT}"):
            self._answer(json.dumps(files).encode())
        elif path.startswith(f"/datasets/{REPO}/resolve/{COMMIT}/") and (name := path.rsplit("/", 1)[1]) in FILES:
            body = FILES[name]
            self._answer(body, "text/plain", ETag=f'"{hashlib.sha1(body).hexdigest()}"', X_Repo_Commit=COMMIT)
        else:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_HEAD = do_GET

    def do_POST(self) -> None:
        wanted = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append(f"POST {self.path}")
        found = [
            {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
            for n, b in FILES.items()
            if n in wanted
        ]
        self._answer(json.dumps(found).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    handler = type("Asked", (Hub,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tree = tiny.params(**{"sources.problems.hub": {"repo": REPO}})
    Path("params.yaml").write_text("# kept\n" + yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    return tmp_path


def run(workspace: Path, endpoint: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: the client reads its endpoint once, when it is imported."""
    environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": str(workspace / "hf"), "PYTHONPATH": str(ROOT)}
    environment = {k: v for k, v in environment.items() if k != "HF_HUB_OFFLINE"} | {"HF_HUB_DOWNLOAD_TIMEOUT": "3"}
    command = [sys.executable, "-m", "lineage.cli.main", "fetch", "problems", *arguments]
    return subprocess.run(command, cwd=workspace, env=environment, capture_output=True, text=True, timeout=120)


def pin() -> None:
    file = Path("params.yaml")
    pinned = file.read_text(encoding="utf-8").replace(f"repo: {REPO}", f"repo: {REPO}\n      revision: {COMMIT}")
    file.write_text(pinned, encoding="utf-8")


def test_pinned_fetched_once_and_read(workspace: Path, hub: ThreadingHTTPServer) -> None:
    endpoint = f"http://127.0.0.1:{hub.server_port}"
    unpinned = run(workspace, endpoint)
    assert unpinned.returncode == 1 and "lineage fetch problems --pin" in unpinned.stderr
    assert hub.RequestHandlerClass.asked == []

    first = run(workspace, endpoint, "--pin")
    assert first.returncode == 0, first.stderr
    assert "5 rows" in first.stdout
    text = Path("params.yaml").read_text(encoding="utf-8")
    assert text.startswith("# kept\n") and yaml.safe_load(text)["sources"]["problems"]["hub"]["revision"] == COMMIT
    folder = Path("data/raw/own/problems")
    records = list(metamath.read(folder, ["prompt_answer"]))
    assert [r.completion for r in records] == [row["response"] for row in ROWS]
    assert not any("evil" in asked for asked in hub.RequestHandlerClass.asked), "no code of a repository is fetched"
    assert not any("/main" in asked for asked in hub.RequestHandlerClass.asked), "only the pinned commit is read"

    before = [(p.name, p.stat().st_mtime_ns) for p in sorted(folder.iterdir())]
    hub.RequestHandlerClass.asked.clear()
    again = run(workspace, endpoint)
    assert again.returncode == 0 and hub.RequestHandlerClass.asked == []
    assert [(p.name, p.stat().st_mtime_ns) for p in sorted(folder.iterdir())] == before


def test_without_a_network_it_names_the_command_to_run_elsewhere(workspace: Path) -> None:
    pin()
    result = run(workspace, "http://127.0.0.1:9")
    assert result.returncode == 1
    assert "lineage fetch problems" in result.stderr and "on a machine that has one" in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("data/raw/own/problems").exists()


def test_it_overwrites_nothing(workspace: Path) -> None:
    pin()
    folder = Path("data/raw/own/problems")
    folder.mkdir(parents=True)
    (folder / "mine.jsonl").write_text("{}", encoding="utf-8")
    assert "mine.jsonl" in refused("fetch", "problems")
    assert (folder / "mine.jsonl").is_file()


def test_a_source_that_is_not_on_the_hub(workspace: Path) -> None:
    assert "by hand (from the hub come problems)" in refused("fetch", "samples")
