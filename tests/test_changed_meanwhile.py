"""What changes while a stage runs is never recorded as what it was made from: real processes, and DVC itself.

pytest tests/test_changed_meanwhile.py
pytest -m slow tests/test_changed_meanwhile.py
"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.core.code_identity import ROOT
from lineage.core.files import sha256
from tests import tiny
from tests.workspace import Workspace, built_once, copy_of, until, write_params


def when(process: subprocess.Popen[str], line: str) -> None:
    """Read what a process prints until a line begins so."""
    assert process.stdout
    assert any(said.startswith(line) for said in process.stdout), f"it never said {line!r}"


def rest(process: subprocess.Popen[str], *, code: int) -> str:
    said, _ = process.communicate(timeout=240)
    assert process.returncode == code, said
    return said


def test_every_stage_compares_its_inputs_where_it_publishes() -> None:
    for file in sorted((ROOT / "stages").glob("[!_]*.py")):
        calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        given = {ast.unparse(call.func) for call in calls if any(ast.unparse(a) == "inputs" for a in call.args)}
        assert given & {"publishing", "must_be_unchanged", "publish"}, f"{file.name} publishes without looking"


def test_a_training_whose_rate_is_edited_publishes_nothing_and_loses_nothing(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from stages import train

    shutil.copy(ROOT / "dvc.yaml", "dvc.yaml")
    before = sha256(Path("models/v2"))
    shutil.rmtree("models/v2")
    process = subprocess.Popen(
        [sys.executable, "-m", "stages.train", "v2"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    when(process, "v2: continues v1")
    write_params(Path(), tiny.params(**{"versions.v2.train.lr_scale": 0.5, "versions.v3.train.lr_scale": 0.25}))
    said = rest(process, code=1)
    assert "✗ train@v2: what it depends on changed while it ran, so nothing is published:\n" in said
    assert "  params.yaml: versions.v2.train.lr_scale: 1.0 → 0.5\nrun it again: dvc repro train@v2\n" in said
    assert "Nothing of the training is lost: its checkpoint is kept." in said
    assert not Path("models/v2").exists()

    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(), allow_unicode=True), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["stages/train.py", "v2"])
    train.main()
    assert "v2: resumed at step 12/12" in capsys.readouterr().out
    assert sha256(Path("models/v2")) == before
    assert not list(Path(".state/checkpoints").iterdir())


@pytest.fixture(scope="module")
def w(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    built = built_once(tmp_path_factory.getbasetemp())
    return copy_of(built, tmp_path_factory.mktemp("meanwhile") / "w")


def with_rate(w: Workspace, version: str, scale: float) -> dict[str, Any]:
    tree = w.params
    tree["versions"][version]["train"]["lr_scale"] = scale
    return tree


@pytest.mark.slow
def test_dvc_trains_again_with_the_value_that_came_meanwhile(w: Workspace) -> None:
    first = w.adapter("v2")
    w.params = with_rate(w, "v2", 0.5)
    process = w.start("dvc", "repro", "--single-item", "train@v2")
    when(process, "v2: continues v1")
    w.params = with_rate(w, "v2", 0.25)
    assert "params.yaml: versions.v2.train.lr_scale: 0.5 → 0.25" in rest(process, code=255)
    assert not (w.root / "models/v2").exists()
    assert w.repro("--single-item", "train@v2") == {"train@v2"}
    asked = w.json("models/v2/lineage.json")["requested"]["learning_rate"]
    assert asked == pytest.approx(0.25 * w.params["profiles"]["cpu"]["learning_rate"])
    assert w.adapter("v2") != first
    assert w.repro("--single-item", "train@v2") == set()


@pytest.mark.slow
def test_dvc_reads_the_raw_file_that_was_copied_in_meanwhile(w: Workspace) -> None:
    w.write_raw(rows=20_000)
    counts = w.root / "data/records/questions/ingest.json"
    process = w.start("dvc", "repro", "--single-item", "ingest@questions")
    until((w.root / ".state/scratch/data.heldout.questions").is_dir, of=process)
    w.add_rows("questions", 12)
    assert "data/raw/own/questions/more.json: new\nrun it again: dvc repro ingest@questions" in rest(process, code=255)
    assert not counts.exists()
    assert w.repro("--single-item", "ingest@questions") == {"ingest@questions"}
    assert w.json("data/records/questions/ingest.json")["raw_rows"] == 20_012


@pytest.mark.slow
def test_dvc_takes_what_a_stage_made_while_others_were_edited(w: Workspace) -> None:
    """Another version's rate, a touched file: `train@v2` is made and counts as fresh."""
    w.params = with_rate(w, "v2", 0.75)
    process = w.start("dvc", "repro", "--single-item", "train@v2")
    when(process, "v2: continues v1")
    w.params = with_rate(w, "v3", 0.5)
    os.utime(w.root / "stages/train.py")
    rest(process, code=0)
    assert w.repro("--single-item", "train@v2") == set()
