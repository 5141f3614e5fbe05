"""Files of one's own become a workspace, a source and a version, and params.yaml keeps its comments."""

import subprocess
from difflib import ndiff
from pathlib import Path
from types import SimpleNamespace

import pytest

from lineage.cli.main import main
from lineage.config.load import load_curriculum
from tests.lineage.workspaces.test_proposals import ASKED, PAIRS, write


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of somebody who has files and no workspace."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "files/asked/a.jsonl", ASKED)
    write(tmp_path / "files/pairs.jsonl", PAIRS)
    (tmp_path / "files/notes.docx").write_bytes(b"x")
    return tmp_path


def refused(*words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        main([*words])
    return str(stopped.value)


def test_a_folder_of_files_becomes_a_workspace_a_source_and_a_version(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["init", "ours", "--from", "files"])
    said = capsys.readouterr().out
    assert "asked  1 file, prompt_response reads 30 rows" in said and "left alone: notes.docx" in said
    monkeypatch.chdir("ours")
    c = load_curriculum()
    assert c.name == "ours", "two workspaces in one MLflow are told apart"
    assert (c.data, list(c.sources), list(c.versions["v1"].mix)) == ("own", ["asked", "pairs"], ["asked", "pairs"])
    assert c.sources["pairs"].reader == "pairs" and c.licences[c.sources["pairs"].licence].commercial == "unknown"
    assert Path("data/raw/own/asked/a.jsonl").is_file() and (here / "files/asked/a.jsonl").is_file()
    assert subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout == ""
    main(["check"])
    assert "v1 can be built" in capsys.readouterr().out

    write(here / "more/memos.jsonl", ASKED)
    before = Path("params.yaml").read_text(encoding="utf-8")
    main(["add", "source", "memos", str(here / "more"), "--title", "메모"])
    main(["add", "version", "v2", "--parent", "v1"])
    main(["add", "version", "v3", "--parent", "base", "--mix", "pairs=0.5", "--because", "only the pairs"])
    c = load_curriculum()
    assert c.sources["memos"].title == "메모" and Path("data/raw/own/memos/memos.jsonl").is_file()
    assert list(c.versions["v2"].mix) == ["memos"] and c.versions["v2"].replay == 0.1
    assert c.versions["v3"].mix["pairs"].weight == 0.5 and c.versions["v3"].because == "only the pairs"
    after = Path("params.yaml").read_text(encoding="utf-8").splitlines()
    assert [line for line in ndiff(before.splitlines(), after) if line.startswith("-")] == [], "every line stays"

    params = Path("params.yaml").read_text(encoding="utf-8")
    write(here / "late/rows.jsonl", ASKED)
    write(Path("data/raw/own/late/rows.jsonl"), PAIRS)
    assert "another file of this name is there" in refused("add", "source", "late", "../late")
    assert Path("params.yaml").read_text(encoding="utf-8") == params
    write(Path("data/raw/own/late/rows.jsonl"), ASKED)  # as a command that was killed leaves it
    main(["add", "source", "late", "../late"])
    assert "late" in load_curriculum().sources
    main(["add", "version", "v10", "--parent", "base"])

    now = Path("params.yaml").read_bytes()
    for words, why in (
        (("source", "memos", "../more"), "is there already"),
        (("source", "more", "../none"), "no such file"),
        (("source", "more", "../files/notes.docx"), "no reader reads it"),
        (("source", "con", "../more"), "Windows keeps"),
        (("source", "../../out", "../more"), "mistake"),
        (("source", "more", "../more", "--licence", "cc"), "unknown licence"),
        (("version", "v3", "--parent", "v2", "--mix", "memos"), "is there already"),
        (("version", "v4", "--parent", "v9", "--mix", "memos"), "no such version"),
        (("version", "v4", "--parent", "v3"), "every source is in a version's mix already"),
        (("version", "v4", "--parent", "v3", "--mix", "memo"), "no such source"),
        (("version", "v4", "--parent", "v3", "--mix", "memos=half"), "no weight"),
        (("version", "v4", "--parent", "v3", "--mix", "memos.record"), "is none of sources.memos.forms"),
    ):
        assert why in refused("add", *words)
    assert Path("params.yaml").read_bytes() == now
    assert not Path("data/raw/out").exists() and not Path("data/out").exists()
    assert not Path("data/raw/own/more").exists() and not Path("data/raw/own/con").exists()


def test_it_is_made_in_the_folder_of_the_files_too_and_git_leaves_them_alone(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(here / "files/[new] #1.jsonl", ASKED)
    monkeypatch.chdir("files")
    main(["init"])
    assert "This folder is a workspace" in capsys.readouterr().out
    assert Path("asked/a.jsonl").is_file() and Path("data/raw/own/asked/a.jsonl").is_file()
    said = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert said.stdout == "?? notes.docx\n"


def test_a_folder_without_anything_to_train_on_is_refused_before_anything_is_made(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "empty").mkdir()
    assert "it holds no files" in refused("init", "ours", "--from", "empty")
    assert "no such folder" in refused("init", "ours", "--from", "nowhere")
    assert "name one of them" in refused("init", "ours", "--from", "files", "--system", "krx")
    monkeypatch.setenv("HOME", str(here))
    assert "holds all that you have" in refused("init")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    assert "the files are 0.0 GB, and 0.0 GB are free there" in refused("init", "ours", "--from", "files")
    assert not Path("ours").exists()
