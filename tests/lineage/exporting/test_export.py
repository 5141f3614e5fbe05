"""Folders that leave the workspace: loaded where they were carried to, by what their own card shows."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.base_manifest import BaseOrigin, read_base
from lineage.artifacts.manifest import read_manifest
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.files import sha256
from lineage.evaluation import inference
from lineage.exporting import merging, served_answers
from lineage.exporting.travelling_adapter import copy_adapter
from lineage.reporting.report import report
from lineage.serving.served_models import ServedModels, serving
from tests import tiny
from tests.lineage.cli.words import refused, said
from tests.lineage.exporting.shaped import shape
from tests.lineage.training import stranger

QUESTION = "질문을 여기에 씁니다."  # of the snippet


def as_asked(version: str) -> str:
    """What `lineage ask` answers to the snippet's question."""
    return stranger.answer(*inference.load(version, tiny.curriculum().active), QUESTION, 128)


def snippet_says(card: Path, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> str:
    """What the Python of a card prints in a folder, as it stands."""
    (code,) = re.findall(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.S)
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.chdir(here)
        exec(compile(code, str(card), "exec"), {})
    return capsys.readouterr().out.strip()


def test_the_snippet_of_a_versions_card_answers_as_asked_and_its_export_tells_what_the_card_does(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    Path("reports").mkdir()
    report(load_curriculum(), Path("reports"))
    card = Path("reports/cards/v3.md")
    assert snippet_says(card.resolve(), lineage_copy, monkeypatch, capsys) == as_asked("v3") != ""
    said(capsys, "export", "v3", "--as", "adapter")
    told = Path("exports/v3-adapter/README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(told.split("---\n")[1])
    assert front["library_name"] == "peft" and front["tags"] == ["lora", "finance", "korean"]
    assert "## Data inside" in told and "## Limits" in told and "models/v3" not in told


def record_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "export.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("kind", ["adapter", "merged"])
def test_an_export_travels_and_says_what_the_version_says(
    kind: str, lineage_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    own = {"title": "AI Hub terms of use", "redistribution": "forbidden", "commercial": "unknown"}
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"licences.own": own}), allow_unicode=True))
    main_said = said(capsys, "export", "v3", "--as", kind)
    assert f"exports/v3-{kind}" in main_said
    answer = as_asked("v3")
    folder = tmp_path / "elsewhere" / "given"
    folder.parent.mkdir()
    shutil.move(f"exports/v3-{kind}", folder)
    shutil.rmtree("models")  # nothing of the workspace is needed
    monkeypatch.chdir(tmp_path)
    assert snippet_says(folder / "README.md", folder, monkeypatch, capsys) == answer
    record, card = record_of(folder), (folder / "README.md").read_text(encoding="utf-8")
    assert record["adapter"] in card and len(record["equality"]) == {"adapter": 3, "merged": 1}[kind]
    for one in record["equality"]:
        assert one["relative"] <= one["bound"] == 1e-4 and one["rows"] > 5 and one["same_first"] == 1
        assert f"| {one['what']} | {one['unit']} | {one['rows']} | {one['places']} |" in card
    assert {name: sha256(folder / name) for name in record["files"]} == record["files"]
    lying = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
    assert lying - set(record["files"]) == {"export.json"} and "lineage.json" in lying
    assert record["obligations"]["redistribution"]["term"] == "forbidden"
    assert "Redistribution: forbidden, because of" in card and "**Invented data.**" in card
    assert not [f for f in folder.rglob("*") if f.is_file() and str(lineage_copy).encode() in f.read_bytes()]
    if kind == "merged":
        stop = json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
        assert json.loads((folder / "config.json").read_text())["dtype"] == record["dtype"] == "float32"
        assert stop == stranger_stop(folder)
        return
    assert record["equality"][2]["what"].startswith("lineage serve") and record["equality"][2]["divergence"] is None
    from peft import AutoPeftModelForCausalLM

    with pytest.raises((OSError, ValueError), match=r"\./base-"):  # from elsewhere no other base is taken
        AutoPeftModelForCausalLM.from_pretrained(folder)


def stranger_stop(folder: Path) -> int:
    from transformers import AutoTokenizer

    return int(AutoTokenizer.from_pretrained(folder).eos_token_id)


def test_a_hub_base_is_named_by_repository_and_commit_and_not_copied(lineage_here: Path, tmp_path: Path) -> None:
    base = read_base().model_copy(update={"origin": BaseOrigin(repo="Qwen/Qwen2-7B-Instruct", revision="a" * 40)})
    copy_adapter(read_manifest("v3"), base, Path("models/base"), tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == ("Qwen/Qwen2-7B-Instruct", "a" * 40)
    assert not [one for one in tmp_path.iterdir() if one.is_dir()]


def as_the_base(c: Curriculum, versions: Sequence[str]) -> ServedModels:
    """A server that has the base answer to the name of a version."""
    models = serving(c, versions)
    models.table = {name: replace(one, voice="base") for name, one in models.table.items()}
    return models


def test_an_export_that_is_another_model_is_refused_and_leaves_the_earlier_one(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = Path("exports/v3-merged/export.json")
    earlier.parent.mkdir(parents=True)
    earlier.write_text("earlier")
    monkeypatch.setattr(merging, "merge", lambda model: model.unload())
    monkeypatch.setattr("lineage.exporting.chosen_merge.merge", lambda model: model.unload())  # the bare base
    why = refused("export", "v3", "--as", "merged")
    assert "v3, merged, safetensors in float32: its logits differ" in why and "nothing was exported" in why
    assert [f for f in Path("exports").rglob("*") if f.is_file()] == [earlier] and earlier.read_text() == "earlier"
    assert not [f for f in Path(".state/scratch").rglob("*") if f.is_file()]
    monkeypatch.setattr(served_answers, "serving", as_the_base)
    why = refused("export", "v3", "--as", "adapter")
    assert "v3, lineage serve, by OpenAI's protocol: its log-probabilities" in why and "nothing was exported" in why
    assert not Path("exports/v3-adapter").exists()
    monkeypatch.undo()
    assert "v9" in refused("export", "v9", "--as", "merged")


@pytest.mark.parametrize("changes", [{"dora": True}, {"targets": ("q_proj", "lm_head")}], ids=["dora", "tied head"])
def test_what_a_merge_would_lose_is_kept(
    changes: dict[str, Any], lineage_copy: Path, capsys: pytest.CaptureFixture
) -> None:
    shape("v1", **changes)
    said(capsys, "export", "v1", "--as", "merged")
    record = record_of(Path("exports/v1-merged"))
    (one,) = record["equality"]
    assert one["relative"] <= one["bound"]
    if "targets" in changes:  # the head is the base's embedding
        assert json.loads(Path("exports/v1-merged/config.json").read_text())["tie_word_embeddings"] is False
        assert "a head of its own" in record["notes"][0]
        said(capsys, "export", "v1", "--as", "adapter")
        record = record_of(Path("exports/v1-adapter"))
        lies, merged, _ = record["equality"]
        assert lies["relative"] <= lies["bound"] and merged["bound"] is None and merged["relative"] > 1e-3
        assert "Do not merge it by merge_and_unload" in Path("exports/v1-adapter/README.md").read_text()
