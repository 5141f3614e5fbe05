"""`lineage diff` on a real DVC graph whose stages are short scripts: two sources, three mixes, three trainings."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.cli.main import main
from lineage.core import machine
from lineage.core.code_identity import ROOT
from lineage.planning.dvc_changes import changed_files, folder_hash
from lineage.planning.field_changes import Change
from lineage.planning.plan_text import show
from lineage.planning.rebuild_plan import Planned, RebuildPlan
from lineage.planning.stale_stages import StaleStage
from tests import tiny

GRAPH = """\
stages:
  check:
    cmd: python -m stages.check
    deps: [params.yaml]
    outs:
      - data/checked.json: {cache: false, persist: true}
      - data/curriculum
  ingest:
    foreach: [samples, problems]
    do:
      cmd: cat raw/${item}/* > data/${item}.txt
      deps: [data/checked.json, "raw/${item}", code]
      outs: ["data/${item}.txt"]
  mix:
    foreach: ${versions}
    do:
      cmd: python code/run.py data/mixed/${key} versions.${key}.replay
      deps: [data/samples.txt, data/problems.txt, "data/curriculum/mix/${key}.json"]
      outs: ["data/mixed/${key}"]
  train:
    foreach: ${versions}
    do:
      cmd: python code/run.py out/${key} versions.${key}.train
      deps: ["data/mixed/${key}", data/curriculum/train.json]
      params: ["profiles.${profile}.threads", "versions.${key}.train"]
      outs: ["out/${key}"]
"""
WORDS = '''"""Words."""\n\nimport json\n\n\ndef said() -> str:\n    """Say."""\n    return json.dumps(1)\n'''
SCRIPT = """\
import pathlib, sys, yaml
tree = yaml.safe_load(open('params.yaml'))
for name in sys.argv[2].split('.'):
    tree = tree.get(name, name)
out = pathlib.Path(sys.argv[1])
out.parent.mkdir(parents=True, exist_ok=True)
out.write_text(str(tree))
"""


def run(*command: str) -> None:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run(command, check=True, capture_output=True, env=environment)


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("graph")
    before = Path.cwd()
    os.chdir(root)
    try:
        Path("dvc.yaml").write_text(GRAPH, encoding="utf-8")
        Path("params.yaml").write_text(yaml.safe_dump(tiny.params()), encoding="utf-8")
        Path(".dvcignore").write_text(".gitignore\n", encoding="utf-8")
        files = {"code/run.py": SCRIPT, "code/words.py": WORDS, "raw/samples/a": "a", "raw/problems/b": "b"}
        for file, text in files.items():
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(text, encoding="utf-8")
        run("git", "init", "-q")
        run("dvc", "init", "-q")
        run("git", "add", "code")
        run("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "the code")
        run("dvc", "repro")
        shutil.rmtree(".state")  # how long it took here
    finally:
        os.chdir(before)
    return root


@pytest.fixture
def graph(rebuilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "graph"
    shutil.copytree(rebuilt, root, symlinks=True)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def diff(capsys: pytest.CaptureFixture) -> Callable[[], dict[str, Any]]:
    def planned() -> dict[str, Any]:
        main(["diff", "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found | {"stages": {row.pop("stage"): row for row in found["stages"]}}

    return planned


def change(**fields: Any) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**fields)), encoding="utf-8")


def test_nothing_changed_then_one_field(graph: Path, diff, capsys) -> None:
    main(["diff"])
    assert capsys.readouterr().out == "nothing would be rebuilt\n"
    change(**{"versions.v3.replay": 0.5})
    line = {"stage": "train@v3", "seconds": 60.0, "machine": machine.kind(), "profile": "cpu"}
    mixed = {"stage": "mix@v3", "seconds": 3.0, "machine": machine.kind()}
    Path(".state").mkdir()
    Path(".state/journal.jsonl").write_text(
        json.dumps(line | {"training_seconds": 50.0, "tokens": 1000}) + "\n" + json.dumps(mixed) + "\ntorn {", "utf-8"
    )
    stages = diff()["stages"]
    assert {stage for stage, row in stages.items() if row["certain"]} == {"check", "mix@v3"}
    assert stages["mix@v3"]["changes"] == [{"what": "versions.v3.replay", "old": 0.25, "new": 0.5}]
    assert stages["mix@v3"]["seconds"] == 3.0 and stages["mix@v3"]["measured"]
    # No other mix repeats what v3 repeats; what the check will write is known, what a mix writes is not.
    assert set(stages) == {"check", "mix@v3", "train@v3"}
    assert stages["train@v3"]["after"] == ["mix@v3"] and not stages["train@v3"]["certain"]
    capsys.readouterr()
    main(["diff"])
    said = capsys.readouterr().out
    assert "    versions.v3.replay: 0.25 → 0.5" in said
    assert "certain: 2 stages, about 3 s" in said
    assert "known after: dvc repro mix@v3 (about 3 s)" in said
    # After the check alone it says the same: the fields come from DVC's cache.
    run("dvc", "repro", "check")
    assert diff()["stages"]["mix@v3"]["changes"] == [{"what": "versions.v3.replay", "old": 0.25, "new": 0.5}]
    # It was right: v3's mix came out different.
    run("dvc", "repro", "mix@v1", "mix@v2", "mix@v3")
    assert {s: row["certain"] for s, row in diff()["stages"].items()} == {"train@v3": True}


def test_a_training_whose_result_is_there_under_another_name_costs_nothing(
    graph: Path, diff, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage.planning.rebuild_plan.foreseen", lambda c: {"v3": "plan"})
    change(**{"versions.v3.train": {"lr_scale": 3.0}})
    planned = diff()["stages"]["train@v3"]
    assert planned["taken_up"] == "plan" and planned["seconds"] == 0.0
    main(["diff"])
    assert "train@v3 · nothing is trained: takes up the finished adapter of plan" in capsys.readouterr().out
    Path("raw/samples/a").write_text("other rows", encoding="utf-8")
    assert diff()["stages"]["train@v3"]["taken_up"] is None, "who knows what its mix will be"


def test_a_profile_is_compared_with_the_one_before(graph: Path, diff) -> None:
    tree = tiny.params(profile="other")
    tree["profiles"]["other"] = tree["profiles"]["cpu"] | {"batch_size": 2}
    Path("params.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    stages = diff()["stages"]
    assert set(stages) == {"check", "train@v1", "train@v2", "train@v3"}
    assert stages["train@v1"]["certain"]
    assert stages["train@v1"]["changes"] == [
        {"what": "profile", "old": "cpu", "new": "other"},
        {"what": "profiles.other.batch_size", "old": 4, "new": 2},
    ]


def test_what_reaches_a_mix_through_its_ancestors(graph: Path, diff) -> None:
    change(**{"versions.v1.superseded": "keep"})
    mixes = {stage: row["changes"] for stage, row in diff()["stages"].items() if stage.startswith("mix@")}
    assert set(mixes) == {"mix@v1", "mix@v2", "mix@v3"}
    assert mixes["mix@v3"] == [{"what": "versions.v1.superseded", "old": "drop", "new": "keep"}]
    # Which of two rows that repeat one another is taken follows from the order of the mix.
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(), sort_keys=False), encoding="utf-8")
    found = diff()["stages"]["mix@v1"]["changes"]
    assert [row["what"] for row in found] == ["the order of fields in params.yaml changed"]


def test_an_excerpt_that_is_gone_makes_nothing_stale_but_the_check(graph: Path, diff) -> None:
    """As in a fresh clone: DVC calls the files deleted, though the check will make the very same."""
    shutil.rmtree("data/curriculum")
    assert set(diff()["stages"]) == {"check"}
    shutil.rmtree(".dvc/cache")
    change(**{"versions.v3.replay": 0.5})
    found = diff()["stages"]["mix@v3"]["changes"]
    assert "data/curriculum/mix/v3.json changed" in [row["what"] for row in found]


def test_code_of_which_only_words_changed_is_committed_not_run(graph: Path, diff, capsys) -> None:
    file = Path("code/words.py")
    file.write_text(WORDS.replace("Say.", "Say it.").replace("def said", "# why\ndef said"), encoding="utf-8")
    found = diff()
    assert [row["what"] for row in found["stages"]["ingest@problems"]["changes"]] == [f"{file} changed, in words only"]
    assert found["commit"] == "dvc commit -f"
    main(["diff"])
    assert "instead of a rebuild, dvc commit -f" in capsys.readouterr().out
    run("dvc", "commit", "-f")
    assert diff()["stages"] == {}
    # What the lock speaks of now stands in no commit.
    file.write_text(WORDS, encoding="utf-8")
    found = diff()
    assert found["commit"] is None and found["stages"]["ingest@problems"]["certain"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("dumps(1)", "dumps(2)"), ("import json", "from lineage.core import errors as json"), ("return", "return (")],
)
def test_code_of_which_more_than_words_changed(graph: Path, diff, old: str, new: str) -> None:
    Path("code/words.py").write_text(WORDS.replace(old, new), encoding="utf-8")
    found = diff()
    assert [row["what"] for row in found["stages"]["ingest@problems"]["changes"]] == ["code/words.py changed"]
    assert found["commit"] is None


def test_words_beside_a_real_change_are_rebuilt_with_it(graph: Path, diff) -> None:
    Path("code/words.py").write_text(WORDS + "# more\n", encoding="utf-8")
    change(**{"versions.v3.train": {"lr_scale": 3.0}})
    assert diff()["commit"] is None


def test_fields_are_shown_before_files_and_what_is_alike_once(
    capsys: pytest.CaptureFixture,
) -> None:
    files = tuple(Change(f"code/{number}.py changed") for number in range(12))
    field = Change("versions.v1.replay", old=0.1, new=0.2)
    stages = [StaleStage(f"mix@{v}", True, (*files, field), ()) for v in ("v1", "v2")]
    show(RebuildPlan(tuple(Planned(stage, None, None) for stage in stages), {}, frozenset()))
    said = capsys.readouterr().out
    # What v1 says of itself, v2 does not say of itself: they are no group.
    assert said.startswith("mix@v1 · unknown\n    versions.v1.replay: 0.1 → 0.2\n    code/0.py changed\n")
    assert "    and 5 more, see --json\nmix@v2 · unknown\n    versions.v1.replay: 0.1 → 0.2\n" in said
    own = [StaleStage(f"mix@{v}", True, (*files, Change(f"versions.{v}.replay", old=0.1, new=0.2)), ()) for v in "ab"]
    show(RebuildPlan(tuple(Planned(stage, None, None) for stage in own), {}, frozenset()))
    said = capsys.readouterr().out
    assert said.startswith("mix of a, b · unknown\n    versions.….replay: 0.1 → 0.2\n    code/0.py changed\n")
    assert said.count("code/0.py") == 1


def test_which_module_and_which_raw_file(graph: Path, diff) -> None:
    Path("code/words.py").write_text("2\n", encoding="utf-8")
    Path("raw/samples/new").write_text("more", encoding="utf-8")
    stages = diff()["stages"]
    assert [row["what"] for row in stages["ingest@problems"]["changes"]] == ["code/words.py changed"]
    # Raw files that were never added to DVC leave no list behind: the folder is named.
    assert "raw/samples changed" in [row["what"] for row in stages["ingest@samples"]["changes"]]
    assert stages["ingest@samples"]["certain"] and not stages["mix@v1"]["certain"]
    assert set(stages["train@v2"]["after"]) == {"mix@v2"}


def test_files_of_a_folder_in_dvcs_cache_are_named(graph: Path, diff) -> None:
    run("dvc", "add", "raw/samples")
    run("dvc", "repro")
    Path("raw/samples/new").write_text("more", encoding="utf-8")
    Path("raw/samples/a").unlink()
    found = [row["what"] for row in diff()["stages"]["ingest@samples"]["changes"]]
    assert found == ["raw/samples/a removed", "raw/samples/new added"]


def test_what_was_trained_elsewhere_costs_no_training(graph: Path, diff) -> None:
    Path(".state").mkdir()
    run_ = {"stage": "train@v3", "seconds": 600.0, "machine": machine.kind(), "profile": "cpu"}
    Path(".state/journal.jsonl").write_text(
        json.dumps(run_ | {"training_seconds": 590.0, "tokens": 10}) + "\n", "utf-8"
    )
    change(**{"versions.v2.mix": {}, "versions.v2.replay": 0.0, "versions.v2.train": {"adopted": "a" * 64}})
    found = diff()
    assert "train@v2" not in found["stages"]
    assert "data/adopted/v2 is not here" in found["cannot_be_built"]["v2"]
    Path("data/adopted/v2").mkdir(parents=True)
    row = diff()["stages"]["train@v2"]
    assert row["certain"] and row["seconds"] < 60 and not row["measured"]


def test_without_a_lock_everything_is_rebuilt(graph: Path, diff, capsys) -> None:
    for made in ("dvc.lock", "data", "out"):
        shutil.rmtree(made, ignore_errors=True)
        Path(made).unlink(missing_ok=True)
    found = diff()
    assert len(found["stages"]) == 9 and all(row["certain"] for row in found["stages"].values())
    assert {"what": "never run here", "old": None, "new": None} in found["stages"]["train@v1"]["changes"]
    main(["diff"])
    assert "9 stages, about" in capsys.readouterr().out


def test_a_result_that_is_gone_comes_from_dvcs_cache_or_is_made_again(graph: Path, diff, capsys) -> None:
    Path("data/mixed/v2").unlink()
    found = diff()
    what = "data/mixed/v2 is not here, but in DVC's cache"
    assert {stage: row["changes"][0]["what"] for stage, row in found["stages"].items()} == {"mix@v2": what}
    assert found["certain_seconds"] == found["at_most_seconds"] == 0
    main(["diff"])
    assert capsys.readouterr().out.startswith(f"mix@v2 · fetched\n    {what}\n")
    lock = yaml.safe_load(Path("dvc.lock").read_text())["stages"]
    md5 = lock["mix@v2"]["outs"][0]["md5"]
    Path(".dvc/cache/files/md5", md5[:2], md5[2:]).unlink()
    stages = diff()["stages"]
    assert [row["what"] for row in stages["mix@v2"]["changes"]] == ["data/mixed/v2 is not here"]
    # That v2 reads it is no reason of its own.
    assert stages["train@v2"]["after"] == ["mix@v2"] and not stages["train@v2"]["certain"]
    assert stages["train@v2"]["changes"] == []


def test_a_graph_that_dvc_refuses(graph: Path) -> None:
    Path("dvc.yaml").write_text("stages: {a: {cmd: x, outs: [b]}, c: {cmd: x, outs: [b]}}", encoding="utf-8")
    with pytest.raises(SystemExit, match="b"):
        main(["diff"])


def test_while_a_rebuild_is_running_it_says_who_is_at_work(graph: Path) -> None:
    writer = {"pid": os.getpid(), "cmd": "dvc repro"}
    Path(".dvc/tmp/rwlock").write_text(json.dumps({"write": {str(graph / "data/mixed/v1"): writer}, "read": {}}))
    with pytest.raises(SystemExit, match=rf"process {os.getpid()}: dvc repro; wait until it has ended"):
        main(["diff"])


def test_a_folder_whose_old_state_nobody_knows(graph: Path) -> None:
    assert changed_files("raw/samples", "0" * 32 + ".dir", {}, Path(".dvc/cache/files/md5")) is None
    assert folder_hash({}).endswith(".dir")
