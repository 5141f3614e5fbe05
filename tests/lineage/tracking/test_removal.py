"""Files of runs that show withdrawn text: they are found by their marks, whatever was trained on what."""

import json
import re
from pathlib import Path

import pytest

from lineage.artifacts.manifest import read_manifest
from lineage.tracking.publish import publish
from lineage.tracking.removal import artifacts_with, remove_artifacts, remove_runs
from lineage.tracking.server import tracking_uri
from tests.lineage.tracking.published_world import finished_workspace

MARK = re.compile(b"site_reports.document.5f0c")


def test_answers_of_the_base_go_and_come_back_without_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base and every version are asked the same held-out rows; weights and measures stay."""
    monkeypatch.chdir(tmp_path)
    finished_workspace(tmp_path)
    answers = [Path("metrics", model, "answers.jsonl") for model in ("base", "v1")]
    before = [file.read_text(encoding="utf-8") for file in answers]
    for file in answers:
        row = {"set": "site_reports.document", "id": "site_reports.document.5f0c", "expected": "가려질 문장"}
        file.write_text(json.dumps(row | {"prompt": "?", "answer": ""}, ensure_ascii=False) + "\n", encoding="utf-8")
    publish(tracking_uri())
    assert sorted(path for _, path in artifacts_with(MARK)) == ["answers.json"] * 2 + ["answers.jsonl"] * 2
    kept = sorted(Path(".state/mlflow/artifacts").rglob("measures.json"))
    assert remove_artifacts(MARK) == 4
    assert artifacts_with(MARK) == []
    assert sorted(Path(".state/mlflow/artifacts").rglob("measures.json")) == kept
    for file, text in zip(answers, before, strict=True):
        file.write_text(text, encoding="utf-8")
    publish(tracking_uri())
    assert len(list(Path(".state/mlflow/artifacts").rglob("answers.jsonl"))) == 4
    assert artifacts_with(MARK) == []


def test_nothing_names_the_adapter_of_a_run_that_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    finished_workspace(tmp_path)
    publish(tracking_uri())
    adapter = read_manifest("v2").adapter
    database = Path(".state/mlflow/mlflow.db")
    assert adapter[:12].encode() in database.read_bytes()
    assert remove_runs([adapter]) == 1
    assert adapter[:12].encode() not in database.read_bytes()
