"""What people or accidents did to MLflow: what is ours is repaired and named, what they added is left."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from lineage.config.schema import DEFAULT_NAME
from lineage.tracking.notes import LINE, NOTE
from lineage.tracking.publish import publish
from lineage.tracking.server import local_uri
from tests.lineage.tracking.published_world import V2, client, runs


def sql(workspace: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(workspace / ".state/mlflow/mlflow.db") as database:
        assert database.execute(statement, values).rowcount
    database.close()


def test_what_can_be_told_again_is_told_again(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(local_uri())
    run = runs()[V2]
    identity, folder = run.info.run_id, workspace / f".state/mlflow/artifacts/{run.info.run_id}/artifacts"
    c = client()
    c.set_tag(identity, "mix", "another")
    c.delete_tag(identity, "parent")
    c.set_tag(identity, "reviewed", "by Kim")
    c.set_tag(identity, NOTE, run.data.tags[NOTE].replace("continues v1", "my words") + "a thought")
    c.log_metric(identity, "nll/metamath.prompt_answer", 0.1, step=7)
    c.log_metric(identity, "my own", 1.0)
    c.log_text(identity, "mine", "mine.txt")
    sql(workspace, "DELETE FROM metrics WHERE run_uuid = ? AND key = 'train/loss' AND step = 3", identity)
    sql(workspace, "DELETE FROM params WHERE run_uuid = ? AND key = 'lora.r'", identity)
    (folder / "card.md").write_text("edited", encoding="utf-8")
    shutil.rmtree(folder / "adapter")
    capsys.readouterr()
    publish(local_uri())
    said = capsys.readouterr().out
    assert "v2: repaired, changed or lost in MLflow: tag parent, tag mix, tag mlflow.note.content, parameter" in said
    assert "v1: unchanged" in said

    after = runs()[V2]
    assert after.info.run_id == identity
    assert after.data.metrics == run.data.metrics | {"my own": 1.0}
    assert after.data.params == run.data.params
    assert after.data.tags[NOTE] == "# v2\n\ncontinues v1" + LINE + "a thought"
    same = {k: v for k, v in after.data.tags.items() if k not in (NOTE, "reviewed")}
    assert same == {k: v for k, v in run.data.tags.items() if k != NOTE}
    assert after.data.tags["reviewed"] == "by Kim"
    assert [p.value for p in c.get_metric_history(identity, "train/loss") if p.step == 3] == [3.0]
    assert (folder / "card.md").read_text(encoding="utf-8").startswith("# v2")
    assert (folder / "adapter/adapter_model.safetensors").read_text(encoding="utf-8") == "weights of v2"
    assert (folder / "mine.txt").is_file()
    capsys.readouterr()
    publish(local_uri())
    assert "v2: unchanged" in capsys.readouterr().out


def test_what_cannot_be_taken_back_is_replaced_with_all_that_people_gave_it(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(local_uri())
    c, run = client(), runs()[V2]
    number = c.get_model_version_by_alias(DEFAULT_NAME, "lineage-v2").version
    c.set_tag(run.info.run_id, "reviewed", "by Kim")
    c.set_tag(run.info.run_id, NOTE, run.data.tags[NOTE] + "a thought")
    c.set_registered_model_alias(DEFAULT_NAME, "staging", number)
    c.set_registered_model_alias(DEFAULT_NAME, "champion", number)
    sql(workspace, "UPDATE params SET value = '9' WHERE run_uuid = ? AND key = 'learning_rate'", run.info.run_id)
    sql(
        workspace,
        "UPDATE metrics SET value = 9 WHERE run_uuid = ? AND key = 'train/loss' AND step = 3",
        run.info.run_id,
    )
    capsys.readouterr()
    publish(local_uri())
    said = capsys.readouterr().out
    assert "v2: repaired, changed or lost in MLflow: parameter learning_rate, curve train/loss" in said
    assert "set by hand" in said
    after = runs()[V2]
    assert after.info.run_id != run.info.run_id
    assert after.data.params == run.data.params
    assert (after.data.tags["reviewed"], after.data.tags[NOTE]) == ("by Kim", run.data.tags[NOTE] + "a thought")
    for alias in ("lineage-v2", "staging", "champion"):
        assert c.get_model_version_by_alias(DEFAULT_NAME, alias).run_id == after.info.run_id
    versions = c.search_model_versions(f"name = '{DEFAULT_NAME}' AND tags.lineage_version = 'v2'")
    assert [v.run_id for v in versions] == [after.info.run_id]
