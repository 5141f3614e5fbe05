"""A workspace whose versions are built, measured and searched, with known gains: v2 is better than v1 and lost nothing;
v4 is better than v3 but lost what v1 and v3 had learnt."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from lineage.core.paths import WEIGHTS
from tests.lineage.reporting.reported_world import (
    ROOT,
    put,
    small_curriculum,
    write_contamination,
    write_world,
)

C = small_curriculum()


def fingerprint(version: str) -> str:
    """Of a version as it is built here."""
    return hashlib.sha256(f"what {version} is made from".encode()).hexdigest()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("gate") / "world"
    write_world(root, C)
    for version in C.versions:
        (root / "models" / version / WEIGHTS).write_text(version, encoding="utf-8")
        record = root / "models" / version / "lineage.json"
        put(record, json.loads(record.read_text(encoding="utf-8")) | {"fingerprint": fingerprint(version)})
        write_contamination(root, version)
    tree = C.model_dump(mode="json", exclude_none=True)
    project = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    shown = project | {"versions": tree["versions"], "profile": "cpu", "data": "sample", "goal": {}}
    (root / "params.yaml").write_text(yaml.safe_dump(shown, sort_keys=False), encoding="utf-8")
    shutil.copy(ROOT / "promotions.yaml", root)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    subprocess.run(["git", "config", "user.name", "김하나"], cwd=root, check=True)
    return root


@pytest.fixture
def world(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace, to change; it is the working folder."""
    shutil.copytree(written, tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"
