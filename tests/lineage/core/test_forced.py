"""What counts as force: DVC's option however it is written, and a flow's variable."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.core.forced import VARIABLE, asks_by_force


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("/v/bin/python -m dvc repro -f evaluate@v3", True),
        ("/v/bin/python /v/bin/dvc repro --force", True),
        ("dvc repro -fs evaluate@v3", True),
        ("dvc repro -sf evaluate@v3", True),
        ("dvc exp run -f", True),
        ("dvc repro", False),
        ("dvc repro --single-item evaluate@v3", False),
        ("dvc repro -s offer", False),
        ("dvc commit -f", False),
        ("python -m stages.evaluate v3", False),
    ],
)
def test_the_option_is_seen(line: str, asks: bool) -> None:
    assert asks_by_force(line.split()) is asks


@pytest.mark.parametrize(("options", "asked"), [((), "False"), (("-f",), "True")])
def test_a_stage_knows_how_its_dvc_was_asked(tmp_path: Path, options: tuple[str, ...], asked: str) -> None:
    dvc = [sys.executable, "-m", "dvc"]
    subprocess.run([*dvc, "init", "-q", "--no-scm"], cwd=tmp_path, check=True)
    code = "from lineage.core.forced import forced; print('forced', forced())"
    graph = {"stages": {"a": {"cmd": f'{sys.executable} -c "{code}"'}}}
    (tmp_path / "dvc.yaml").write_text(json.dumps(graph), encoding="utf-8")
    done = subprocess.run([*dvc, "repro", *options], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert f"forced {asked}" in done.stdout, done.stderr


def test_a_flow_says_it_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage.core.forced import forced

    assert not forced()
    monkeypatch.setenv(VARIABLE, "1")
    assert forced()
