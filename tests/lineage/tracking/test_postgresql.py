"""A PostgreSQL database as MLflow's: filled once, unchanged the second time, and not by its password in any file."""

from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import pytest

from lineage.config.schema import DEFAULT_NAME
from lineage.tracking.publish import publish
from tests.postgresql import database  # noqa: F401 (a fixture)

pytestmark = pytest.mark.slow


def test_a_postgresql_database_is_filled_once(
    workspace: Path,
    database: str,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
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
