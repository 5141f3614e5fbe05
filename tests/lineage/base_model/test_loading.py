"""A base on disk is the one that was checked, or training stops."""

import json
from pathlib import Path

import pytest

from lineage.artifacts.base_manifest import BaseManifest, BaseOrigin, TemplateName
from lineage.base_model.loading import hub_folder, weights_of
from lineage.config.schema import BaseModelSpec
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from tests import tiny

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_weights_replaced_behind_the_graph_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    base = BaseManifest(
        origin=BaseOrigin(model="Qwen2ForCausalLM of 1 parameters"),
        files={file.name: sha256(file)},
        identity="b" * 64,
        template=TemplateName(name="chatml", sha256="t" * 64),
        parameters=1,
        vocab_size=1,
    )
    spec = BaseModelSpec(path=str(tmp_path))
    assert weights_of(base, spec) == str(tmp_path)
    file.write_bytes(b"others")
    with pytest.raises(LineageError, match=r"model.safetensors: not the file .* dvc repro -f base"):
        weights_of(base, spec)
    file.unlink()
    with pytest.raises(LineageError, match=r"model.safetensors: not found, models/base was made with it; put the base"):
        weights_of(base, spec)
    built = tiny.curriculum().active.base
    with pytest.raises(LineageError, match=r"base.json: it is not the base of the active profile; run: dvc repro base"):
        weights_of(base, built)


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A snapshot in the hub's cache without the hub's list of its files, and no way to the hub."""
    for name, value in {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": True}.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    folder = tmp_path / "models--team--base" / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "model-1.safetensors", "model-2.safetensors"):
        (folder / name).write_text("{}")
    shards = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    return folder


def test_a_base_that_was_carried_into_a_closed_network_is_found(carried: Path) -> None:
    assert hub_folder("team/base", COMMIT) == carried


@pytest.mark.parametrize("name", ["model-2.safetensors", "config.json", "tokenizer.json"])
def test_a_base_of_which_a_part_is_missing_is_not_taken_for_whole(carried: Path, name: str) -> None:
    (carried / name).unlink()
    with pytest.raises(LineageError, match=r"team/base@0123456789ab: not in the local cache, .*hf download team/base"):
        hub_folder("team/base", COMMIT)
