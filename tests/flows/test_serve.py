"""Both servers and a run as the UI starts it, through the REST API."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.serve import free
from lineage.core.errors import LineageError

DEAD = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def test_a_taken_port_is_named_with_the_option() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(LineageError, match=f"port {port} is taken.*--mlflow-port {port + 1}"):
            free(port, "--mlflow-port")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def ask(address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    for attempt in range(6):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 503 or attempt == 5:  # busy: Prefect says so while its SQLite is locked
                raise
            time.sleep(2)
    return None


@pytest.fixture
def served(workspace: Path) -> Iterator[tuple[str, str, subprocess.Popen[str]]]:
    """The addresses of Prefect's API and of MLflow, and the process, once the deployment is there."""
    graph = workspace / "dvc.yaml"
    graph.write_text(graph.read_text().partition("  refused:")[0].replace("  deaf:", "  deaf@x:"), encoding="utf-8")
    graph.write_text(graph.read_text().partition("  slow:")[0], encoding="utf-8")
    ports = (free_port(), free_port())
    command = [sys.executable, "-m", "flows.serve", "--prefect-port", str(ports[0]), "--mlflow-port", str(ports[1])]
    output = (workspace / "serve.log").open("w")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment)
    api = f"http://127.0.0.1:{ports[0]}/api"
    deadline = time.monotonic() + 240
    while True:
        try:
            ask(f"{api}/deployments/name/lineage/rebuild")
            break
        except (OSError, ValueError):
            assert process.poll() is None, (workspace / "serve.log").read_text()
            assert time.monotonic() < deadline, (workspace / "serve.log").read_text()
            time.sleep(0.5)
    yield api, f"http://127.0.0.1:{ports[1]}", process
    process.send_signal(signal.SIGINT)
    process.wait(timeout=90)
    output.close()


def run(api: str, parameters: dict[str, Any]) -> tuple[str, str]:
    """Start a run as the UI does; its last state and its message."""
    deployment = ask(f"{api}/deployments/name/lineage/rebuild")["id"]
    started = ask(f"{api}/deployments/{deployment}/create_flow_run", {"parameters": parameters})
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        state = ask(f"{api}/flow_runs/{started['id']}")["state"]
        if state["type"] in DEAD:
            return state["type"], state["message"] or ""
        time.sleep(0.5)
    raise AssertionError(f"still {state['type']}")


@pytest.mark.slow
def test_a_run_from_the_ui_rebuilds_the_workspace(
    served: tuple[str, str, subprocess.Popen[str]], workspace: Path
) -> None:
    api, mlflow, process = served
    with urllib.request.urlopen(f"{mlflow}/health", timeout=30) as answer:
        assert answer.status == 200
    assert ask(f"{api}/v2/concurrency_limits/gpu")["limit"] == 1

    assert run(api, {"versions": ["v1"], "dry_run": True})[0] == "COMPLETED"
    assert not (workspace / "out").exists()
    assert run(api, {}) == ("COMPLETED", "")
    assert (workspace / "out/report").read_text() == "one\n" * 3
    found = {one["key"]: one for one in ask(f"{api}/artifacts/filter", {})}
    assert "| report | **rebuilt** |" in found["lineage-summary"]["data"]
    assert "| train@v1 |" in found["lineage-plan"]["data"]
    assert mlflow in found["mlflow"]["data"]

    state, message = run(api, {"profile": "gpu"})
    assert state == "FAILED"
    assert "change that line to `profile: gpu`" in message
    for wrong in ({"profile": "tpu"}, {"versions": ["v9"]}, {"force": "maybe"}):
        with pytest.raises(urllib.error.HTTPError) as error:
            run(api, wrong)
        assert error.value.code in (409, 422)

    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=90) == 0
    for address in (f"{api}/health", f"{mlflow}/health"):
        with pytest.raises(OSError):
            ask(address)
