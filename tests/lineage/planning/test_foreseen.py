"""What a training will take up is told before its mix is made, and is what it then takes up."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.excerpts import excerpts
from lineage.core import paths
from lineage.core.dvc_cache import CachedObjects
from lineage.planning.foreseen import foreseen
from lineage.training import taken_up
from tests import tiny
from tests.finished import CACHE, renamed, stored, stored_folder


@pytest.fixture
def here(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny lineage in DVC's lock and cache: what its mixes read of params.yaml, and its adapters."""
    monkeypatch.delenv("KRX_TRAIN_AGAIN", raising=False)
    monkeypatch.setattr(taken_up, "cached_objects", lambda: CachedObjects(CACHE))
    texts, stages = excerpts(tiny.curriculum()), dict[str, Any]()
    for version in tiny.VERSIONS:
        excerpt = paths.mix_excerpt(version)
        stages[f"mix@{version}"] = {"deps": [{"path": excerpt.as_posix(), "md5": stored(texts[excerpt].encode())}]}
        stages[f"train@{version}"] = {"outs": [stored_folder(Path("models", version))]}
    Path("dvc.lock").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    shutil.rmtree("data/mixes")
    return lineage_copy


def test_what_is_up_to_date_takes_up_its_own(here: Path) -> None:
    assert foreseen(tiny.curriculum()) == {version: version for version in tiny.VERSIONS}


def test_a_renamed_line_takes_up_what_it_was(here: Path) -> None:
    assert foreseen(renamed(tiny.params(), {"v1": "first", "v3": "plan"})) == {"first": "v1", "v2": "v2", "plan": "v3"}


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("versions.v2.train.lr_scale", 0.5, {"first": "v1", "v3": "v3"}),
        ("versions.v1.train.lr_scale", 0.5, {}),
        ("versions.v1.mix.samples.weight", 2, {}),
        ("versions.v3.replay", 0.5, {"first": "v1", "v2": "v2"}),
        ("versions.v3.deduplicate", "none", {"first": "v1", "v2": "v2"}),
        ("sources.problems.near_duplicates", "keep", {"first": "v1"}),
        ("versions.v3.because", "another reason", {"first": "v1", "v2": "v2", "v3": "v3"}),
        ("seed", 8, {}),
        ("profiles.cpu.learning_rate", 0.5, {}),
        ("profiles.cpu.threads", 2, {}),
    ],
)
def test_what_will_be_trained_is_not_promised(here: Path, field: str, value: Any, left: dict[str, str]) -> None:
    assert foreseen(renamed(tiny.params(**{field: value}), {"v1": "first"})) == left


def test_without_objects_lock_base_or_leave_nothing_is_promised(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c = tiny.curriculum()
    with monkeypatch.context() as patch:
        patch.setenv("KRX_TRAIN_AGAIN", "1")
        assert foreseen(c) == {}
    shutil.move("models/base", "elsewhere")
    assert foreseen(c) == {}
    shutil.move("elsewhere", "models/base")
    assert foreseen(c)
    shutil.rmtree(CACHE)
    assert foreseen(c) == {}
    Path("dvc.lock").unlink()
    assert foreseen(c) == {}
