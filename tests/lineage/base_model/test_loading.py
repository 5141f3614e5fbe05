"""A base on disk is the one that was checked, or training stops."""

from pathlib import Path

import pytest

from lineage.artifacts.base_manifest import BaseManifest, BaseOrigin, TemplateName
from lineage.base_model.loading import weights_of
from lineage.core.errors import LineageError
from lineage.core.files import sha256


def test_weights_replaced_behind_the_graph_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"weights")
    base = BaseManifest(
        origin=BaseOrigin(path="local"),
        weights=str(tmp_path),
        files={file.name: sha256(file)},
        identity="b" * 64,
        template=TemplateName(name="chatml", sha256="t" * 64),
        parameters=1,
        vocab_size=1,
    )
    assert weights_of(base) == str(tmp_path)
    file.write_bytes(b"others")
    with pytest.raises(LineageError, match=r"model.safetensors: not the file .* dvc repro -f base"):
        weights_of(base)
