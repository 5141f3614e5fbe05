import json
import shutil
from pathlib import Path

import yaml

from tests import tiny
from tests.lineage.cli.words import said

ROOT = Path(__file__).parents[3]


def test_show_prints_every_shipped_version_with_its_reason(tmp_path: Path, monkeypatch, capsys) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    versions = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["versions"]
    out = said(capsys, "show")
    for name, version in versions.items():
        assert f"{name} not here · dvc repro train@{name}" in out
        assert f"because: {version['because']}" in out


def test_show_says_what_is_built_and_what_is_stale(lineage_copy: Path, capsys) -> None:
    record = json.loads(Path("models/v3/lineage.json").read_text())
    out = said(capsys, "show")
    assert f"v3 built · adapter {record['adapter'][:12]} · 16 rows" in out
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"versions.v3.parent": "v2"})), encoding="utf-8")
    shutil.rmtree("models/v1")
    out = said(capsys, "show")
    assert "v3 stale · trained on v1, params.yaml says v2" in out
    assert "v1 not here · dvc repro train@v1" in out


def test_show_names_what_brings_an_adapter_back(workspace: Path, capsys) -> None:
    Path("dvc.lock").write_text("stages:\n  train@v1:\n    cmd: x\n", encoding="utf-8")
    out = said(capsys, "show")
    assert "dvc checkout models/v1 || dvc repro train@v1" in out
    assert "dvc checkout models/v2" not in out


def test_what_people_wrote_is_shown_and_steers_nothing(workspace: Path, capsys) -> None:
    reason = "[red]붉은[/red] [/] \x1b[31m글 <b>굵게</b>"
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"versions.v2.because": reason})), encoding="utf-8")
    out = said(capsys, "show")
    assert "because: [red]붉은[/red] [/] ␛[31m글 <b>굵게</b>" in out and "\x1b" not in out


def test_without_dvc_it_says_that_it_cannot_know(lineage_copy: Path, capsys) -> None:
    assert "this folder has no DVC (dvc init): which of it is stale, nobody can say" in said(capsys, "show")
