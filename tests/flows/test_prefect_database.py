"""A PostgreSQL database as Prefect's: one variable, and runs are kept there."""

import socket
from pathlib import Path

import httpx
import pytest

from flows.kept import answers, server
from flows.serve import prefect_command
from tests.postgresql import database  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


def test_prefect_keeps_its_runs_in_postgresql(
    workspace: Path,
    database: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import psycopg

    monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", database.replace("+psycopg", "+asyncpg"))
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    monkeypatch.setenv("PREFECT_API_URL", api)
    with server("prefect", prefect_command(port)) as process:
        answers("prefect", f"{api}/health", process)
        flow = httpx.post(f"{api}/flows/", json={"name": "lineage"}, timeout=30).json()["id"]
        assert httpx.post(f"{api}/flow_runs/", json={"flow_id": flow, "name": "tonight"}, timeout=30).is_success
    with psycopg.connect(database.replace("+psycopg", "")) as asked:
        assert asked.execute("SELECT name FROM flow_run").fetchall() == [("tonight",)]
    said = Path(".state/logs/prefect.log").read_text(encoding="utf-8", errors="replace")
    assert "pass-of-jiwoo" not in said
