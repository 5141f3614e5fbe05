"""What a training will take up is told before its mix is made, and is what it then takes up."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.excerpts import excerpts
from lineage.config.load import parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.dvc_cache import CachedObjects
from lineage.planning.foreseen import foreseen
from lineage.training import taken_up
from tests import tiny

CACHE = Path("cache")


def stored(content: bytes, ending: str = "") -> str:
    oid = hashlib.md5(content, usedforsecurity=False).hexdigest() + ending
    file = CACHE / "files/md5" / oid[:2] / oid[2:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return oid


@pytest.fixture
def here(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny lineage in DVC's lock and cache: what its mixes read of params.yaml, and its adapters."""
    monkeypatch.delenv("KRX_TRAIN_AGAIN", raising=False)
    monkeypatch.setattr(taken_up, "cached_objects", lambda: CachedObjects(CACHE))
    texts, stages = excerpts(tiny.curriculum()), dict[str, Any]()
    for version in tiny.VERSIONS:
        excerpt = paths.mix_excerpt(version)
        stages[f"mix@{version}"] = {"deps": [{"path": excerpt.as_posix(), "md5": stored(texts[excerpt].encode())}]}
        folder = Path("models", version)
        rows = [{"md5": stored(f.read_bytes()), "relpath": f.name} for f in sorted(folder.iterdir())]
        made = {"path": folder.as_posix(), "md5": stored(json.dumps(rows, sort_keys=True).encode(), ".dir")}
        stages[f"train@{version}"] = {"outs": [made]}
    Path("dvc.lock").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    shutil.rmtree("data/mixes")
    return lineage_copy


def renamed(names: dict[str, str], **changes: Any) -> Curriculum:
    tree = tiny.params(**changes)
    tree["versions"] = {
        names.get(name, name): spec | {"parent": names.get(spec["parent"], spec["parent"])}
        for name, spec in tree["versions"].items()
    }
    return parse_curriculum(tree)


def test_what_is_up_to_date_takes_up_its_own(here: Path) -> None:
    assert foreseen(tiny.curriculum()) == {version: version for version in tiny.VERSIONS}


def test_a_renamed_line_takes_up_what_it_was(here: Path) -> None:
    assert foreseen(renamed({"v1": "first", "v3": "plan"})) == {"first": "v1", "v2": "v2", "plan": "v3"}


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
    assert foreseen(renamed({"v1": "first"}, **{field: value})) == left


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
