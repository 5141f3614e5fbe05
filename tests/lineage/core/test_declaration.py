import os
import shutil
from pathlib import Path

import pytest
import yaml

from lineage.core.code_identity import ROOT
from lineage.core.declaration import declared, looked_up


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, name)


def test_every_stage_is_declared_as_dvc_resolves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    from dvc.repo import Repo

    stages = Repo.init(no_scm=True).index.stages
    assert len(stages) > 50
    for stage in stages:
        found = declared(stage.cmd)
        assert found, stage.addressing
        assert found.stage == stage.addressing
        files = {os.path.relpath(d.fs_path) for d in stage.deps if d.__class__.__name__ != "ParamsDependency"}
        assert set(found.deps) == files
        assert set(found.params) == {key for d in stage.params for key in d.params}


@pytest.mark.parametrize("command", ["", "python -m stages.train v99", "python -m stages.train", "python -m pytest"])
def test_what_is_no_stage_is_not_declared(command: str) -> None:
    assert declared(command) is None


def test_a_folder_without_a_graph_or_with_a_broken_curriculum_declares_nothing() -> None:
    Path("params.yaml").write_text("seed: [", encoding="utf-8")
    assert declared("python -m stages.train v1") is None
    Path("dvc.yaml").unlink()
    assert declared("python -m stages.train v1") is None


def test_a_list_and_entries_with_options() -> None:
    graph = {
        "stages": {"count": {"foreach": ["a", "b"], "do": {"cmd": "count  ${item}", "deps": [{"${item}.txt": {}}]}}}
    }
    Path("dvc.yaml").write_text(yaml.safe_dump(graph), encoding="utf-8")
    found = declared("count b")
    assert found and (found.stage, found.deps, found.params) == ("count@b", ["b.txt"], [])


def test_a_key_leads_into_mappings_and_lists() -> None:
    assert looked_up({"a": [{"b": 1}]}, "a.0.b") == 1
