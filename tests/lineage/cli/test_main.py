import json
import shutil
from pathlib import Path

import pytest
import yaml

from lineage.cli.main import main
from tests import tiny

ROOT = Path(__file__).parents[3]


def said(capsys: pytest.CaptureFixture, *words: str) -> str:
    main(list(words))
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def refused(*words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    assert isinstance(end.value.code, str)  # a message, so the exit code is 1
    return end.value.code


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


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


def test_check_says_what_can_be_built_from_own_data(workspace: Path, capsys) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(data="own")), encoding="utf-8")
    assert "nothing can be built yet" in refused("check")
    for source in tiny.PARAMS["sources"]:
        assert Path("data/raw/own", source).is_dir()
    for source in ("samples", "companies"):
        Path("data/raw/own", source, "rows.jsonl").write_text("{}\n")
    capsys.readouterr()
    out = said(capsys, "check")
    assert "v1 can be built: dvc repro train@v1" in out
    assert "v2 cannot be built: no files for problems" in out
    assert "data/raw/own/company_reports" in out


def test_check_says_which_adapter_was_made_with_other_packages(lineage_copy: Path, capsys) -> None:
    assert "was trained with" not in said(capsys, "check")
    file = Path("models/v2/lineage.json")
    record = json.loads(file.read_text())
    record["packages"]["peft"] = "0.1.0"
    file.write_text(json.dumps(record))
    assert "v2 was trained with peft 0.1.0, here is" in said(capsys, "check")


def test_a_mistake_in_the_curriculum_is_shown_without_a_traceback(workspace: Path) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"versions.v3.parent": "v7"})), encoding="utf-8")
    for command in ("show", "check", "results"):
        assert "versions.v3.parent: unknown version 'v7'" in refused(command)


def test_asking_what_is_not_built_names_the_command(workspace: Path) -> None:
    assert "dvc repro train@v2" in refused("ask", "v2", "질문?")
    assert "dvc repro base" in refused("ask", "base", "질문?")
    assert "unknown version 'v9'; params.yaml has base, v1, v2, v3" in refused("ask", "v9", "질문?")


def test_asking_a_built_version_prints_its_answer(lineage_here: Path, capsys) -> None:
    main(["ask", "v2", "1 + 1 = ?", "--tokens", "3"])
    assert capsys.readouterr().out.count("\n") >= 1


def test_results_before_there_is_a_report(workspace: Path) -> None:
    assert "dvc repro report" in refused("results")


def test_check_names_what_is_left_of_a_source_that_is_gone(workspace: Path, capsys) -> None:
    Path("data/heldout/news").mkdir(parents=True)
    assert "data/heldout/news is of nothing in params.yaml any more" in said(capsys, "check")


def test_provenance_names_sources_and_terms_and_the_same_as_json(lineage_here: Path, capsys) -> None:
    out = said(capsys, "provenance", "v3")
    assert "Inside base → v1 → v3" in out and "samples" in out and "Redistribution: allowed" in out
    assert {p["source"] for p in json.loads(said(capsys, "provenance", "v3", "--json"))["portions"]} >= {"samples"}
    assert "unknown version 'v9'" in refused("provenance", "v9")


def test_cards_before_they_are_made(workspace: Path) -> None:
    assert "dvc repro cards" in refused("cards", "--check")
