"""What a user of MLflow sees after `publish`, and that publishing again changes nothing."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.promotions import read_promotions
from lineage.config.schema import DEFAULT_NAME
from lineage.core.code_identity import ROOT
from lineage.core.errors import LineageError
from lineage.core.inputs import inputs_of
from lineage.tracking.notes import LINE
from lineage.tracking.publish import RECEIPT, Published, publish, show
from lineage.tracking.server import local_uri
from tests.lineage.tracking.published_world import (
    TREE,
    V2,
    client,
    digest,
    finished_workspace,
    promote,
    runs,
    weights,
    with_database,
    write,
    write_measures,
    write_report,
    write_version,
)


def everything(root: Path) -> dict[str, Any]:
    """All tables and all files under .state/mlflow."""
    with sqlite3.connect(root / ".state/mlflow/mlflow.db") as database:
        dump = list(database.iterdump())
    files = {
        p.relative_to(root).as_posix(): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in sorted((root / ".state/mlflow").rglob("*"))
        if p.is_file() and p.name not in ("mlflow.db", "published.json")
    }
    return {"tables": dump, "files": files}


def outcomes(published: list[Published]) -> dict[str, str]:
    return {one.facts.name: one.told.outcome for one in published}


def test_a_run_per_version_tells_what_it_is_and_how_well_it_did(workspace: Path) -> None:
    publish(local_uri())
    found = runs()
    assert {run.info.run_name for run in found.values()} == {"base", "v1", "v2", "v3", "report"}
    run, parent = found[V2], found["v1:" + digest("v1fingerprint")]
    assert run.info.status == "FINISHED"
    tags = run.data.tags
    assert (tags["parent"], tags["parent_run"], tags["profile"]) == ("v1", parent.info.run_id, "cpu")
    assert (tags["mix"], tags["base"]) == (digest("v2mix"), digest("base"))
    assert tags["mlflow.note.content"].startswith("# v2")
    assert "mlflow.parentRunId" not in tags
    params = run.data.params
    assert (params["learning_rate"], params["lora.r"], params["lora.targets"]) == (
        "0.002",
        "32",
        "q_proj,v_proj",
    )
    assert (params["rows.metamath"], params["rows.all"]) == ("151", "300")
    assert len(params) < 16  # the record has all of them
    of_base = found["base:" + digest("base")].data.params
    assert of_base == {"base": digest("base")[:12], "parameters": "350000", "vocab_size": "1800"}
    metrics = run.data.metrics
    assert metrics["nll/metamath.prompt_answer"] == 4.0
    assert metrics["score/metamath.prompt_answer"] == 0.25
    assert "score/site_reports.document" not in metrics
    assert (metrics["own/nll"], metrics["own/nll_against_parent"]) == (4.5, -0.5)
    assert (metrics["ancestors/sets"], metrics["ancestors/forgotten"], metrics["ancestors/kept"]) == (2, 1, 0.5)
    assert (metrics["all/nll"], metrics["all/right"]) == (4.0, 0.25)
    assert "all/chance" not in metrics  # of the numbers nobody knows it here
    curve = client().get_metric_history(run.info.run_id, "train/loss")
    assert [point.step for point in curve] == list(range(1, 41))
    ends = client().get_metric_history(run.info.run_id, "train/heldout_nll")
    assert [(point.step, point.value) for point in ends] == [(0, 5.0), (40, 4.5)]
    inputs = {one.dataset.name: one for one in run.inputs.dataset_inputs}
    assert set(inputs) == {"krx_samples", "metamath"}
    assert digest("v2mix").startswith(inputs["metamath"].dataset.digest)
    folder = Path(client().download_artifacts(run.info.run_id, ""))
    assert (folder / "adapter/adapter_model.safetensors").read_text() == "weights of v2"
    assert {p.name for p in folder.iterdir()} == {
        "adapter",
        "card.md",
        "measures.json",
        "answers.jsonl",
        "answers.json",
        "manifest.json",
    }
    assert found["base:" + digest("base")].data.metrics["nll/metamath.prompt_answer"] == 6.0
    assert (Path(client().download_artifacts(found["report"].info.run_id, "")) / "lineage.html").is_file()
    note = client().get_experiment_by_name(DEFAULT_NAME).tags["mlflow.note.content"]
    assert "- base\n  - v1\n    - v2\n    - v3\n" in note
    view = json.loads(client().get_experiment_by_name(DEFAULT_NAME).tags["mlflow.sharedViewState.lineage"])
    assert "metrics.`all/nll`" in view["selectedColumns"]  # what the links that we print open the table with


def test_another_lineage_is_shown_beside_it_by_its_name(workspace: Path) -> None:
    publish(local_uri())
    tree = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    write(workspace / "params.yaml", yaml.safe_dump(tree | {"name": "our-loans"}))
    publish(local_uri())
    for name in (DEFAULT_NAME, "our-loans"):
        experiment = client().get_experiment_by_name(name).experiment_id
        assert len(client().search_runs([experiment])) == 5
        assert len(client().search_model_versions(f"name = '{name}'")) == 3


def test_the_answers_of_all_runs_are_one_table_of_mlflow(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", local_uri())
    publish(local_uri())
    identity = runs()[V2].info.run_id
    told = [run.info.run_id for key, run in runs().items() if key != "report"]
    table = client().load_table(runs()[V2].info.experiment_id, "answers.json", told, extra_columns=["run_id"])
    assert list(table.columns) == ["id", "answer", "expected", "question", "set", "run_id"]
    assert sorted(table["run_id"]) == sorted(told)  # each has the same one row
    shown = table[["question", "expected", "answer"]].astype(str)  # pandas reads a column of figures as numbers
    assert shown.to_numpy().tolist() == [["1+1?", "2", "2"]] * 4
    # A table that somebody else logs is listed beside ours, and stays so.
    client().log_table(identity, {"mine": ["yes"]}, "mine.json")
    assert set(outcomes(publish(local_uri())).values()) == {"unchanged"}
    assert json.loads(runs()[V2].data.tags["mlflow.loggedArtifacts"]) == [
        {"path": "answers.json", "type": "table"},
        {"path": "mine.json", "type": "table"},
    ]


def test_what_compares_all_runs_is_told_before_the_curves(workspace: Path) -> None:
    """MLflow's parallel coordinates begin with the metric that came first."""
    publish(local_uri())
    with sqlite3.connect(workspace / ".state/mlflow/mlflow.db") as database:
        told = database.execute(
            "SELECT key FROM metrics WHERE run_uuid = ? ORDER BY rowid", [runs()[V2].info.run_id]
        ).fetchall()
    names = list(dict.fromkeys(key for (key,) in told))
    assert names[:2] == ["all/nll", "all/right"] and "train/loss" in names[2:]


def test_a_second_phase_has_settings_and_curves_of_its_own(workspace: Path) -> None:
    from lineage.tracking.run_contents import read_facts

    record = json.loads((workspace / "models/v2/lineage.json").read_text(encoding="utf-8"))
    second = {"beta": 0.1, "steps": 2, "pairs": 30, "learning_rate": 5e-5, "trained_tokens": 900, "sources": {}}
    write(workspace / "models/v2/lineage.json", record | {"preference": second})
    write(workspace / "models/v2/preference.csv", "step,loss,margin\n1,0.69,0.0\n2,0.61,0.2\n")
    found = {one.name: one for one in read_facts()}
    assert found["v2"].params["preference.beta"] == "0.1" and found["v2"].params["preference.pairs"] == "30"
    assert found["v2"].history["preference/margin"] == {1: 0.0, 2: 0.2}
    assert "train/loss" in found["v2"].history
    assert not [name for name in (*found["v1"].params, *found["v1"].history) if name.startswith("preference")]


def test_an_adapter_is_loaded_by_its_alias(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(local_uri())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", local_uri())
    c = client()
    found = c.get_model_version_by_alias(DEFAULT_NAME, "lineage-v3")
    assert found.tags["lineage_version"] == "v3"
    assert c.get_run(found.run_id).data.tags["version"] == "v3"
    from mlflow.artifacts import download_artifacts

    folder = Path(download_artifacts(artifact_uri=f"models:/{DEFAULT_NAME}@lineage-v3"))
    assert (folder / "adapter_model.safetensors").read_text() == "weights of v3"
    assert "champion" not in c.get_registered_model(DEFAULT_NAME).aliases


def test_publishing_twice_changes_nothing(workspace: Path) -> None:
    promote(workspace, "v2")
    # MLflow keeps neither as it is; what it gives back has to count as the same.
    write_measures(workspace, "v1", digest(weights("v1")), float("nan"))
    write_measures(workspace, "v2", digest(weights("v2")), float("inf"))
    publish(local_uri())
    before = everything(workspace)
    again = publish(local_uri())
    assert set(outcomes(again).values()) == {"unchanged"}
    assert everything(workspace) == before


def test_a_changed_card_changes_its_run_alone(workspace: Path) -> None:
    publish(local_uri())
    before = runs()
    write(workspace / "reports/cards/v2.md", "# v2, corrected\n")
    assert outcomes(publish(local_uri())) == {
        "base": "unchanged",
        "v1": "unchanged",
        "v2": "updated",
        "v3": "unchanged",
        "report": "updated",
    }
    after = runs()
    assert after[V2].data.tags["mlflow.note.content"] == "# v2, corrected" + LINE
    assert after[V2].info.run_id == before[V2].info.run_id
    assert len(client().get_metric_history(after[V2].info.run_id, "train/loss")) == 40
    adapter = next(workspace.glob(f".state/mlflow/artifacts/{after[V2].info.run_id}/artifacts/adapter/*.safetensors"))
    card = adapter.parent.parent / "card.md"
    assert card.read_text() == "# v2, corrected\n"
    assert adapter.stat().st_mtime_ns < card.stat().st_mtime_ns


@pytest.mark.parametrize("nll", [0.5, 9.5])
def test_a_changed_measure_is_the_one_that_is_shown(workspace: Path, nll: float) -> None:
    publish(local_uri())
    write_measures(workspace, "v2", digest(weights("v2")), nll)
    publish(local_uri())
    assert runs()[V2].data.metrics["nll/metamath.prompt_answer"] == nll


@pytest.mark.parametrize("calls", [1, 6, 14])
def test_a_killed_publish_is_completed_by_the_next(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    from mlflow import MlflowClient

    left = calls

    def dying(real: Any) -> Any:
        def call(self: Any, *a: Any, **k: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return real(self, *a, **k)

        return call

    for name in ("log_artifact", "log_batch", "set_tag", "log_inputs"):
        monkeypatch.setattr(MlflowClient, name, dying(getattr(MlflowClient, name)))
    with pytest.raises(KeyboardInterrupt):
        publish(local_uri())
    assert not RECEIPT.exists()
    monkeypatch.undo()
    monkeypatch.chdir(workspace)
    assert "completed" in outcomes(publish(local_uri())).values()
    found = runs()
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    assert len(found) == 5
    for key, run in found.items():
        if key.startswith("v"):
            for metric in run.data.metrics:
                points = client().get_metric_history(run.info.run_id, metric)
                expected = 2 if metric == "train/heldout_nll" else 40 if metric.startswith("train/") else 1
                assert len(points) == len({p.step for p in points}) == expected
    assert len(client().search_model_versions(f"name = '{DEFAULT_NAME}'")) == 3


def test_curves_that_are_no_longer_true_are_replaced(workspace: Path) -> None:
    """The same fingerprint trained on another processor: slightly other losses, and other bytes."""
    publish(local_uri())
    before = runs()[V2].info.run_id
    history = workspace / "models/v2/history.csv"
    history.write_text(history.read_text().replace("\n3,", "\n3,1"))
    publish(local_uri())
    run = runs()[V2]
    assert run.info.run_id != before
    assert len(client().get_metric_history(run.info.run_id, "train/loss")) == 40
    versions = client().search_model_versions(f"name = '{DEFAULT_NAME}' AND tags.lineage_version = 'v2'")
    assert [v.run_id for v in versions] == [run.info.run_id]
    assert str(client().get_registered_model(DEFAULT_NAME).aliases["lineage-v2"]) == str(versions[0].version)


def test_another_attempt_is_another_run_and_the_alias_moves(workspace: Path) -> None:
    publish(local_uri())
    write_version(workspace, "v3", "v1", 2, attempt="again")
    publish(local_uri())
    assert {key.partition(":")[0] for key in runs()} == {"base", "v1", "v2", "v3", "report"}
    assert len(runs()) == 6
    assert client().get_model_version_by_alias(DEFAULT_NAME, "lineage-v3").tags["fingerprint"] == digest(
        "v3againfingerprint"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {version: v9, because: x}", "'v9' is not among"),
        ("- {version: v1}", "because missing"),
        ("- {version: v1, because: x, fingerprint: abc}", "fingerprint: expected 12 to 64 digits"),
        ("- {version: v1, because: x, who: me}", "unknown field who"),
        ("champion: v1", "expected a list"),
        ("- v1", "entry 1: expected version"),
        ("- [", "not valid YAML"),
    ],
)
def test_a_wrong_promotion_is_refused_before_anything_is_written(workspace: Path, text: str, said: str) -> None:
    write(workspace / "promotions.yaml", text)
    with pytest.raises(LineageError, match=r"promotions\.yaml") as error:
        publish(local_uri())
    assert said in str(error.value)
    assert client().get_experiment_by_name(DEFAULT_NAME) is None


def test_the_promotions_file_of_the_project_is_read() -> None:
    read_promotions(Path(__file__).parents[3] / "promotions.yaml")


def test_a_version_that_is_not_measured_yet_says_so(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_measures(workspace, "v3", digest("an older adapter"), 1.0)
    show(publish(local_uri()), local_uri())
    assert "dvc repro" in capsys.readouterr().out
    assert not [m for m in runs()["v3:" + digest("v3fingerprint")].data.metrics if m.startswith("nll/")]
    write_measures(workspace, "v3", digest(weights("v3")), 1.0)
    assert outcomes(publish(local_uri()))["v3"] == "updated"


def test_what_is_printed_leads_to_the_table_of_runs(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    published = publish(local_uri())
    show(published, local_uri())
    assert "look at it: lineage ui\n" in capsys.readouterr().out
    number = client().get_experiment_by_name(DEFAULT_NAME).experiment_id
    show(published, "https://jiwoo:secret@mlflow.example:5000/")
    page = f"https://mlflow.example:5000/#/experiments/{number}/runs?workflowType=machine_learning&viewStateShareKey=lineage"
    assert f"look at it: {page}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("gone", "remedy"),
    [
        ("reports/comparison.json", "dvc repro report"),
        ("reports/cards/v2.md", "dvc repro report"),
        ("models/v2/lineage.json", "dvc repro train@v2"),
        ("models/v2/history.csv", "train@v2"),
    ],
)
def test_a_missing_input_is_named_with_its_remedy(workspace: Path, gone: str, remedy: str) -> None:
    (workspace / gone).unlink()
    with pytest.raises(LineageError) as error:
        publish(local_uri())
    assert gone in str(error.value)
    assert remedy in str(error.value)


def test_a_server_that_is_not_there_is_said_quickly(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = time.monotonic()
    with pytest.raises(LineageError, match="lineage publish") as error:
        publish("http://someone:secret@127.0.0.1:9")
    assert time.monotonic() - begun < 15
    assert "secret" not in str(error.value)


def test_a_moved_workspace_says_what_to_do(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(local_uri())
    moved = workspace.rename(workspace.parent / "moved")
    monkeypatch.chdir(moved)
    with pytest.raises(LineageError, match=r"rm -r \.state/mlflow"):
        publish(local_uri())


def test_a_promotion_that_is_edited_meanwhile_gives_no_receipt(workspace: Path) -> None:
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, name)
    inputs = inputs_of("python -m stages.publish")
    Path("promotions.yaml").write_text("# edited\n", encoding="utf-8")
    with pytest.raises(LineageError, match=r"promotions\.yaml: (new|changed)\nrun it again: dvc repro publish"):
        publish(local_uri(), inputs)
    assert not RECEIPT.exists()
    publish(local_uri(), inputs_of("python -m stages.publish"))
    assert RECEIPT.exists()


def test_the_receipt_is_the_same_wherever_it_is_made(
    workspace: Path,
    tmp_path_factory: pytest.TempPathFactory,
    empty_database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(local_uri())
    here = RECEIPT.read_text()
    assert json.loads(here)["runs"]["v2"]["lineage_key"] == V2
    assert runs()[V2].info.run_id not in here
    other = finished_workspace(tmp_path_factory.mktemp("elsewhere"))
    with_database(other, empty_database)
    monkeypatch.chdir(other)
    publish(local_uri())
    assert RECEIPT.read_text() == here


def test_all_of_it_comes_back_after_the_database_is_deleted(workspace: Path) -> None:
    """As a stage, in a process of its own, with MLflow's migrations."""
    tree = {f"v{n}": "base" if n == 1 else f"v{n - 1}" for n in range(1, 10)}
    finished_workspace(workspace, tree, steps=200)
    shutil.rmtree(workspace / ".state")
    command = [sys.executable, "-m", "stages.publish"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "140"})
    assert done.returncode == 0, done.stderr
    assert "lineage ui" in done.stdout
    assert len(runs()) == 11
    assert len(client().get_registered_model(DEFAULT_NAME).aliases) == 9
    assert TREE.keys() <= json.loads(RECEIPT.read_text())["runs"].keys()


def test_a_new_version_joins_the_others(workspace: Path) -> None:
    publish(local_uri())
    write_version(workspace, "v4", "v3", 3)
    write_report(workspace, TREE | {"v4": "v3"})
    assert outcomes(publish(local_uri())) == {
        "base": "unchanged",
        "v1": "unchanged",
        "v2": "unchanged",
        "v3": "unchanged",
        "v4": "new",
        "report": "updated",
    }


def test_what_is_there_is_published_of_a_lineage_that_is_not_whole(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(workspace / "models/v3")
    write_report(workspace, {"v1": "base", "v2": "v1"}, {"v3": ["not trained; no file in data/raw/own/papers"]})
    promote(workspace, "v3")
    assert list(outcomes(publish(local_uri()))) == ["base", "v1", "v2", "report"]
    said = capsys.readouterr().out
    assert said.count("v3: not published, not trained; no file in data/raw/own/papers\n") == 1
    assert "is neither built here nor in MLflow" in said


def test_a_lineage_of_which_nothing_is_built_is_published(workspace: Path) -> None:
    for folder in ("models", "metrics", "reports/cards"):
        shutil.rmtree(workspace / folder)
    write_report(workspace, {}, {"v1": ["not trained"]})
    assert list(outcomes(publish(local_uri()))) == ["report"]
    note = client().get_experiment_by_name(DEFAULT_NAME).tags["mlflow.note.content"]
    assert "no version is built yet" in note
