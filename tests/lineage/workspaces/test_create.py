"""A workspace is a folder of its own: the repository's graph, with the program told in small files."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.config.load import load_curriculum
from lineage.core import program
from lineage.core.errors import LineageError
from lineage.core.inputs import inputs_of
from lineage.core.program import is_code, must_be_the_program, told
from lineage.workspaces.create import _called, _first_files, create, systems
from lineage.workspaces.own_graph import graph_files
from lineage.workspaces.proposals import propose
from lineage.workspaces.upgrade import upgrade
from tests.workspace import ROOT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("workspaces") / "ours"
    create(root, "empty")
    return root


@pytest.fixture
def here(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace as it was made."""
    monkeypatch.chdir(made)
    subprocess.run(["git", "checkout", "--quiet", "."], check=True)
    return made


def stages(text: str) -> dict[str, Any]:
    graph: dict[str, Any] = yaml.safe_load(text)["stages"]
    return {name: stage.get("do", stage) for name, stage in graph.items()}


def test_its_graph_is_the_repositorys_but_for_the_code() -> None:
    files = graph_files()
    own, shipped = stages(files[Path("dvc.yaml")]), stages((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    assert list(own) == list(shipped)
    for name, stage in shipped.items():
        code = [dep for dep in stage["deps"] if is_code(dep)]
        assert own[name] | {"deps": []} == stage | {"deps": []}
        assert [dep for dep in own[name]["deps"] if not dep.startswith("program/")] == [
            dep for dep in stage["deps"] if dep not in code
        ]
        chosen = [dep for dep in code if "${" in dep]
        assert [dep for dep in own[name]["deps"] if dep.startswith("program/")] == [
            f"program/{name}.json",
            *(f"program/template.{Path(dep).stem}.json" for dep in chosen),
        ]
        tells = json.loads(files[Path(f"program/{name}.json")])
        assert tells["code"] == sorted(set(code) - set(chosen))
        assert f"stages/{stage['cmd'].split('.')[1].split()[0]}.py" in tells["files"]


def test_a_template_is_told_in_a_file_of_its_own() -> None:
    """Which the base of the workspaces that use it waits for: a release with one more makes nothing stale."""
    files = graph_files()
    for name in ("chatml", "question_answer"):
        tells = json.loads(files[Path(f"program/template.{name}.json")])
        assert list(tells["files"]) == [f"lineage/base_model/templates/{name}.jinja"]
    others = [text for file, text in files.items() if not file.name.startswith("template.")]
    assert not any("base_model/templates" in text for text in others)


@pytest.mark.parametrize(
    ("folder", "name"), [("2024-11-28", "2024-11-28"), ("2024", "2024"), ("on", "on"), ("대출 심사", "daecul-simsa")]
)
def test_a_lineage_is_named_after_its_folder_also_where_yaml_reads_a_value(
    folder: str, name: str, tmp_path: Path
) -> None:
    shipped = _first_files("empty")[Path("params.yaml")]
    (tmp_path / "params.yaml").write_text(_called(shipped, folder), encoding="utf-8")
    assert load_curriculum(tmp_path / "params.yaml").name == name


def test_each_system_begins_with_a_curriculum_that_is_sound() -> None:
    assert {"krx", "empty"} <= set(systems())
    for system in systems():
        load_curriculum(Path(program.ROOT, "lineage/workspaces/systems", system, "params.yaml"))
    assert "대출 심사에 쓰는 도구가 아닙니다" in _first_files("kor_llama")[Path("dossier.yaml")], (
        "for the papers on a version"
    )


def test_it_is_a_clean_repository_of_its_own(here: Path) -> None:
    said = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert said.stdout == ""
    assert "profile: cpu" in Path("params.yaml").read_text(encoding="utf-8")
    for line in Path("promotions.yaml").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#"), "it begins with nobody's champion"


def test_a_folder_that_has_one_is_refused_and_left_alone(here: Path) -> None:
    before = Path("params.yaml").read_text(encoding="utf-8")
    with pytest.raises(LineageError, match=r"has params.yaml, .* already.*lineage upgrade"):
        create(here, "krx")
    with pytest.raises(LineageError, match="lies inside the workspace"):
        create(here / "inner", "krx")
    assert not (here / "inner").exists()
    assert Path("params.yaml").read_text(encoding="utf-8") == before


def test_files_of_ones_own_stay_where_they_are_and_outside_the_first_commit(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    create(tmp_path, "empty")
    said = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout == "?? rows.jsonl\n"


def test_what_the_sources_were_made_of_is_left_to_nobody_however_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`lineage init /home/me/ours --from .` in it: otherwise the next `git add -A` takes all of it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "qa.jsonl").write_text('{"prompt": "1 더하기 1은?", "response": "2"}\n', encoding="utf-8")
    create(tmp_path, "empty", propose(Path()).proposals)
    said = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert Path("data/raw/own/qa/qa.jsonl").is_file() and said.stdout == ""


def test_what_a_file_of_code_computes_is_blind_to_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "ROOT", tmp_path)
    (tmp_path / "lineage/mixture").mkdir(parents=True)
    file = tmp_path / "lineage/mixture/draw.py"

    def says(text: str) -> str:
        file.write_text(text, encoding="utf-8")
        program._computes.cache_clear()
        return told("mix", ["lineage/mixture"])

    first = says('"""Draws."""\nX = 1\n\n\ndef f(a):\n    """One."""\n    return f"{a} {X}"\n')
    assert says("# why\nX = 1\ndef f(a):\n    '''Other words.'''\n    return f'{a} {X}'\n") == first
    assert says("X = 2\ndef f(a):\n    return f'{a} {X}'\n") != first
    (tmp_path / "lineage/mixture/words.txt").write_text("more", encoding="utf-8")
    assert set(json.loads(says("X = 1\n"))["files"]) == {"lineage/mixture/draw.py", "lineage/mixture/words.txt"}


def other_program(stage: str, file: str) -> None:
    """As a workspace is found by a program in which this file computes something else."""
    path = Path("program") / f"{stage}.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree["files"][file] = "0" * 16
    path.write_text(json.dumps(tree, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def test_a_stage_refuses_to_run_with_another_program(here: Path) -> None:
    assert "program/mix.json" in inputs_of("python -m stages.mix v1").deps
    other_program("mix", "stages/mix.py")
    with pytest.raises(
        LineageError, match=r"program/mix.json tells of another program .*stages/mix.py.*lineage upgrade"
    ):
        inputs_of("python -m stages.mix v1")
    inputs_of("python -m stages.train v1")  # whose code is what it was
    Path("program/train.json").unlink()
    with pytest.raises(LineageError, match=r"program/train.json: cannot be read .*lineage upgrade"):
        inputs_of("python -m stages.train v1")
    must_be_the_program(["data/mixes/v1", "lineage/mixture"])  # the repository's way


def test_an_upgrade_writes_what_the_program_computes_now_and_nothing_else(here: Path) -> None:
    assert upgrade() == []
    other_program("mix", "stages/mix.py")
    Path("program/gone.json").write_text("{}", encoding="utf-8")
    Path("program/train.json").unlink()
    ignored = Path(".gitignore").read_text(encoding="utf-8")
    Path(".gitignore").write_text(ignored.replace("/exports/\n", "").replace("/reports/\n", ""), encoding="utf-8")
    assert upgrade() == [
        "program/mix.json: stages/mix.py",
        "program/train.json: new",
        "program/gone.json: removed, the stage is no more",
        ".gitignore: /exports/",
    ]
    now = Path(".gitignore").read_text(encoding="utf-8").splitlines()
    assert now[-1] == "/exports/" and "/reports/" not in now  # who has taken a line out wants it so
    Path(".gitignore").write_text(ignored, encoding="utf-8")
    assert subprocess.run(["git", "diff", "--quiet"], check=False).returncode == 0


def test_a_folder_that_is_no_such_workspace_is_not_upgraded(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("profile: cpu\n", encoding="utf-8")
    with pytest.raises(LineageError, match="no workspace that `lineage init` made"):
        upgrade(tmp_path)
    assert not (tmp_path / "dvc.yaml").exists()
