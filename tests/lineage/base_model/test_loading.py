"""A base on disk is the one that was checked, or training stops."""

from pathlib import Path

import pytest

from lineage.artifacts.base_manifest import BaseManifest, BaseOrigin, TemplateName
from lineage.base_model.loading import weights_of
from lineage.config.schema import BaseModelSpec
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from tests import tiny


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
