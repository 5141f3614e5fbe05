"""A PostgreSQL database as MLflow's: filled once, unchanged the second time, and not by its password in any file."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

from lineage.config.schema import DEFAULT_NAME
from lineage.tracking.publish import publish

pytestmark = pytest.mark.slow


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty database that listens on a socket in a folder of its own, on no port."""
    programs = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    programs += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not programs:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="no driver: pip install -e '.[postgresql]'")
    user = None if os.geteuid() else "postgres"  # it refuses to run as root
    if user and not [one for one in pwd.getpwall() if one.pw_name == user]:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path is short
    if user:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> None:
        command = [str(programs[0] / program), "-D", str(folder / "data"), *words]
        done = subprocess.run(command, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 0, done.stderr

    try:
        run("initdb", "-U", "jiwoo", "--auth", "trust", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql+psycopg://jiwoo:pass-of-jiwoo@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def test_a_postgresql_database_is_filled_once(
    workspace: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlflow import MlflowClient

    assert {one.told.outcome for one in publish(database)} == {"new"}
    client = MlflowClient(database, database)
    experiment = client.get_experiment_by_name(DEFAULT_NAME)
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in runs) == ["base", "report", "v1", "v2", "v3"]
    v2 = next(run for run in runs if run.info.run_name == "v2")
    assert len(client.get_metric_history(v2.info.run_id, "train/loss")) == 40
    files = Path(url2pathname(urlparse(v2.info.artifact_uri).path))
    assert (files / "adapter/adapter_model.safetensors").read_text(encoding="utf-8") == "weights of v2"
    assert files.is_relative_to(workspace / ".state/mlflow/artifacts")
    assert not (workspace / "mlruns").exists()
    assert {one.told.outcome for one in publish(database)} == {"unchanged"}
    import psycopg

    with psycopg.connect(database.replace("+psycopg", "")) as asked:
        (found,) = asked.execute("SELECT count(*) FROM runs WHERE status = 'FINISHED'").fetchone() or (0,)
    assert found == 5
    assert "pass-of-jiwoo" not in "".join(capsys.readouterr())
    for file in workspace.rglob("*"):
        assert not file.is_file() or b"pass-of-jiwoo" not in file.read_bytes(), file
