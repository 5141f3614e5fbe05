"""The excerpts of params.yaml: what is in them, and that no stage runs under DVC with another curriculum."""

import json
from pathlib import Path
from typing import Any

import pytest

from lineage.config.excerpts import excerpts, must_be_checked, write_excerpts
from lineage.core import paths
from lineage.core.errors import LineageError
from tests import tiny


def texts(**fields: Any) -> dict[str, str]:
    found = excerpts(tiny.curriculum(**fields))
    return {path.relative_to(paths.CURRICULUM).as_posix(): text for path, text in found.items()}


@pytest.mark.parametrize(
    ("field", "value", "changed"),
    [
        ("versions.v3.replay", 0.5, {"mix/v3.json"}),
        ("versions.v1.superseded", "keep", {"mix/v1.json", "mix/v2.json", "mix/v3.json"}),
        ("versions.v1.drawn_as", "v0", {"mix/v1.json", "mix/v2.json", "mix/v3.json"}),
        ("versions.v1.replay", 0.0, set()),
        ("sources.samples.near_duplicates", "keep", {"mix/v1.json", "mix/v2.json", "mix/v3.json"}),
        ("sources.problems.near_duplicates", "keep", {"mix/v2.json", "mix/v3.json"}),
        ("profiles.cpu.learning_rate", 0.5, {"train.json"}),
        ("profiles.cpu.max_length", 256, {"train.json", "evaluate.json"}),
        ("profiles.cpu.double_quant", False, {"train.json", "evaluate.json"}),
        ("evaluation.rows", 7, {"evaluate.json"}),
        ("evaluation.generation", {"repetition_penalty": 1.1}, {"evaluate.json"}),
        ("evaluation.generation", None, set()),
        ("profiles.cpu.checkpoint_steps", 7, set()),
        ("seed", 8, {"mix/v1.json", "mix/v2.json", "mix/v3.json", "train.json", "evaluate.json"}),
    ],
)
def test_what_an_edit_reaches(field: str, value: Any, changed: set[str]) -> None:
    before, now = texts(), texts(**{field: value})
    assert {name for name in before if before[name] != now[name]} - {"report.json", "cards.json"} == changed


def test_a_new_version_reaches_no_other() -> None:
    more = tiny.params()["versions"]["v3"]
    before, now = texts(), texts(**{"versions.v4": more | {"parent": "v3"}})
    assert {name for name in now if before.get(name) != now[name]} == {"mix/v4.json", "report.json", "cards.json"}


def test_a_withdrawn_document_is_not_named() -> None:
    document = "69" * 32
    now = texts(**{"sources.samples.withdrawn": [document], "papers.company_reports.withdrawn": [document]})
    assert not any(document in text for text in now.values())
    assert now["report.json"] != texts()["report.json"]


def test_under_dvc_the_curriculum_must_be_the_checked_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_STAGE", "mix@v3")
    c, edited, excerpt = tiny.curriculum(), tiny.curriculum(**{"versions.v3.replay": 0.5}), paths.mix_excerpt("v3")
    write_excerpts(c, paths.CURRICULUM)
    assert "replay" in json.loads(excerpt.read_text(encoding="utf-8"))["versions"]["v3"]
    must_be_checked(c, excerpt)
    with pytest.raises(
        LineageError, match=r"params\.yaml was edited after .*v3\.json was made from it; run `dvc repro`"
    ):
        must_be_checked(edited, excerpt)
    must_be_checked(edited, paths.mix_excerpt("v2"))  # the edit does not reach it
    monkeypatch.delenv("DVC_STAGE")
    must_be_checked(edited, excerpt)
