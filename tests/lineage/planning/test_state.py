"""What is told of a version, in a workspace that DVC takes for built: a chain of four versions on four sources.

v1 is trained on accounting, v2 on questions, v3 on problems, v4 on krx_samples.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.many_versions import write_rows, write_workspace
from lineage.cli.main import main
from lineage.config.load import load_curriculum
from lineage.planning import state
from lineage.planning.at_work import stage_of
from lineage.planning.dvc_graph import look
from lineage.planning.state import older_than_shown


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "w"
    write_workspace(root, 4, "chain")
    return root


@pytest.fixture
def here(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "w"
    shutil.copytree(built, root, symlinks=True)
    monkeypatch.chdir(root)
    monkeypatch.setenv("COLUMNS", "300")
    return root


def words() -> dict[str, tuple[str, str]]:
    return {name: (found.word, found.reason) for name, found in state.states(load_curriculum()).items()}


def change(**fields: Any) -> None:
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    for path, value in fields.items():
        *folders, name = path.split(".")
        place = tree
        for folder in folders:
            place = place[folder]
        place[name] = value
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")


def told(capsys: pytest.CaptureFixture, *command: str) -> str:
    capsys.readouterr()
    main(list(command))
    return capsys.readouterr().out


def test_what_is_built_and_what_a_file_more_makes_of_it(here: Path, capsys) -> None:
    c = load_curriculum()
    found = state.states(c)
    assert {(s.word, s.measured, s.reason, s.perhaps, s.back) for s in found.values()} == {
        ("built", "measured", "", "", "")
    }
    assert older_than_shown(c) == []
    write_rows(Path("data/raw/own/questions/more.jsonl"), "more")
    found = state.states(c)
    assert [(s.word, s.reason) for s in found.values()] == [
        ("built", ""),
        ("built", ""),  # v1 is trained on other rows,
        ("stale", "files of questions changed"),
        ("stale", "parent v2 is stale"),
        ("stale", "parent v3 is stale"),
    ]
    assert found["v1"].perhaps == "files of questions changed"  # but a row of its own may repeat a new one
    assert found["v2"].back == "dvc repro train@v2"
    older = older_than_shown(c)
    assert older[0] == "v2 is stale: files of questions changed" and "dvc repro report" in older[-1]
    said = told(capsys, "show")
    assert "v2 stale · files of questions changed · adapter a1a1a1a1a1a1 · 40 rows · 100 steps · measured" in said
    # `diff` reads the same.
    plan = json.loads(told(capsys, "diff", "--json"))["stages"]
    assert [row["stage"] for row in plan if row["certain"]] == ["ingest@questions"]
    assert {"train@v1", "train@v2", "train@v4"} <= {row["stage"] for row in plan}


@pytest.mark.slow
def test_a_switch_of_the_data_and_settings(here: Path) -> None:
    change(**{"versions.v2.train.lr_scale": 0.5, "evaluation.rows": 12})
    found = state.states(load_curriculum())
    assert (found["v2"].word, found["v2"].reason) == ("stale", "train: versions.v2.train.lr_scale: 1.0 → 0.5")
    assert (found["v1"].word, found["v1"].measured) == ("built", "measures are older")
    assert "the measures of v1 are older than what is here" in older_than_shown(load_curriculum())
    change(**{"versions.v2.train.lr_scale": 1.0, "evaluation.rows": 48, "versions.v3.replay": 0.5})
    assert words()["v3"] == ("stale", "mix: versions.v3.replay: 0.1 → 0.5")
    change(**{"versions.v3.replay": 0.1, "data": "sample"})
    assert words()["v1"] == ("stale", "data switched to sample")


def test_dvc_checkout_is_named_only_for_what_fits_now(here: Path) -> None:
    shutil.rmtree("models/v2")
    found = state.states(load_curriculum())
    assert (found["v2"].word, found["v2"].back) == ("not here", "dvc checkout models/v2")
    assert found["v3"].word == "built"
    change(**{"versions.v2.train.lr_scale": 0.5})
    assert state.states(load_curriculum())["v2"].back == "dvc repro train@v2", "what the cache holds was made otherwise"
    change(**{"versions.v2.train.lr_scale": 1.0})
    shutil.rmtree(".dvc/cache")
    found = state.states(load_curriculum())
    assert found["v2"].back == "dvc repro train@v2"
    assert "models/v1 is in DVC's cache no longer" in found["v1"].reason
    assert "dvc commit -f train@v1" in found["v1"].reason


@pytest.fixture
def training() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose command line is that of a stage."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "stages.train", "v2"])
    yield process
    process.kill()
    process.wait()


def test_what_is_being_trained_now_is_not_to_be_fetched(here: Path, training: subprocess.Popen[bytes]) -> None:
    shutil.rmtree("models/v2")  # DVC takes it away before the stage begins
    held = {"who": "python -m stages.train v2", "pid": training.pid}
    Path(".state/writer.lock").write_text(json.dumps(held), encoding="utf-8")
    reserved = {"pid": training.pid, "cmd": "dvc repro"}
    lock = {"write": {str(here / "models/v2"): reserved}, "read": {}}
    Path(".dvc/tmp/rwlock").write_text(json.dumps(lock), encoding="utf-8")
    found = state.states(load_curriculum())
    assert (found["v2"].word, found["v2"].back) == ("being trained now", "")
    assert str(training.pid) in found["v2"].reason
    assert (found["v3"].word, found["v3"].reason) == ("stale", "parent v2 is being trained now")
    assert found["v1"].word == "built"
    assert json.loads(Path(".dvc/tmp/rwlock").read_text(encoding="utf-8")) == lock, "looking takes no lock"
    training.kill()
    training.wait()
    assert state.states(load_curriculum())["v2"].back == "dvc checkout models/v2", "a dead process trains nothing"


def test_what_cannot_be_built_is_named_once_with_its_reason(here: Path, capsys) -> None:
    for gone in ("data/raw/own/problems", "models/v3", "models/v4"):
        shutil.rmtree(gone)
    Path("data/raw/own/problems").mkdir()
    found = words()
    assert [found[v] for v in ("v2", "v3", "v4")] == [
        ("built", ""),
        ("cannot be built", "no files for problems"),
        ("cannot be built", "no files for problems"),
    ]
    said = told(capsys, "diff")
    assert said.count("no files for problems") == 1 and "cannot be built: v3, v4 · no files for problems" in said
    assert "train@v3" not in said and "evaluate@v3" not in said and "mix@v4" not in said
    write_rows(Path("data/raw/own/questions/more.jsonl"), "more")
    said = told(capsys, "diff", "train@v2")
    assert "train of v1, v2" in said and "v3" not in said and "report" not in said
    with pytest.raises(SystemExit, match="no stage or version 'train@v9'"):
        main(["diff", "train@v9"])


@pytest.mark.slow
def test_a_version_that_is_taken_out_leaves_nothing_when_it_is_tidied(here: Path, capsys) -> None:
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    del tree["versions"]["v4"]
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    Path("models/v2").rename("models/away")
    assert "evaluate@v4" in (said := told(capsys, "tidy")) and "train@v4" not in said, "v2 waits to be trained"
    Path("models/away").rename("models/v2")
    said = told(capsys, "tidy", "--yes")
    for name in ("data/mixes/v4", "models/v4", "metrics/v4", "mix@v4", "train@v4", "evaluate@v4"):
        assert name in said
    lock = yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"]
    assert "train@v3" in lock and not [stage for stage in lock if stage.endswith("@v4")]
    assert "nothing is left" in told(capsys, "tidy")
    assert {word for word, _ in words().values()} == {"built"}


@pytest.mark.slow
def test_dvc_itself_says_the_same(here: Path) -> None:
    write_rows(Path("data/raw/own/questions/more.jsonl"), "more")
    Path("metrics/v2/measures.json").unlink()
    change(**{"versions.v3.train.budget_scale": 2.0})

    def python(*command: str) -> str:
        return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True).stdout

    found = json.loads(python("-m", "lineage.planning.dvc_view"))
    assert len(found["status"]) > 5
    assert found["status"] == json.loads(python("-m", "dvc", "status", "--json"))
    view, dot = look(), python("-m", "dvc", "dag", "--dot")
    edges = re.findall(r'^"([^"]+)" -> "([^"]+)";$', dot, re.M)
    assert {(before, stage) for stage, ones in view.graph.items() for before in ones} == set(edges)


def test_stages_are_named_as_dvc_names_them() -> None:
    assert stage_of("python -m stages.train v3") == "train@v3"
    assert stage_of("python -m stages.evaluate base") == "baseline"
    assert stage_of("python -m stages.report") == "report"
