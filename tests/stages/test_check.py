import json
from pathlib import Path

import pytest
import yaml

from lineage.cli.main import main as cli_main
from lineage.config.buildable import buildable, files_of, prepare
from lineage.config.load import parse_curriculum
from lineage.core.errors import LineageError
from lineage.pdf.folder import listed
from lineage.readers import reader
from lineage.readers.io.unread import UnreadColumns
from stages.check import main
from tests import tiny
from tests.workspace import shipped_curriculum


def test_the_output_is_constant_whatever_is_checked(workspace: Path, capsys) -> None:
    main()
    first = Path("data/checked.json").read_bytes()
    changed = tiny.params(data="own", seed=99, **{"versions.v3.parent": "v2"})
    Path("params.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
    main()
    assert Path("data/checked.json").read_bytes() == first
    assert json.loads(first) == {"curriculum": "checked"}


def test_own_sources_get_a_folder_and_the_sample_world_is_not_touched(workspace: Path) -> None:
    prepare(tiny.curriculum())
    assert not Path("data/raw").exists()
    prepare(tiny.curriculum(data="own"))
    assert sorted(p.name for p in Path("data/raw/own").iterdir()) == sorted(tiny.PARAMS["sources"])


def test_a_version_needs_what_its_ancestors_were_trained_on(workspace: Path) -> None:
    c = tiny.curriculum(data="own")
    prepare(c)
    Path("data/raw/own/problems/deep").mkdir()
    Path("data/raw/own/problems/deep/a.json").write_text("[]")
    Path("data/raw/own/samples/.gitignore").write_text("*")
    assert files_of(c, "problems") == 1 and files_of(c, "samples") == 0
    found = {b.version: b.missing for b in buildable(c)}
    assert found == {name: ("samples", "companies") for name in ("v1", "v2", "v3")}


def test_everything_can_be_built_from_the_sample_world(workspace: Path) -> None:
    assert all(not b.missing for b in buildable(tiny.curriculum()))
    assert all(not b.missing for b in buildable(parse_curriculum(shipped_curriculum())))


def test_a_source_that_the_sample_world_does_not_have_is_said_before_anything_is_spent(workspace: Path, capsys) -> None:
    more = {"v7": tiny.PARAMS["versions"]["v1"] | {"mix": {"news": {"form": "prompt_answer", "weight": 1}}}}
    sources = tiny.PARAMS["sources"] | {"news": tiny.PARAMS["sources"]["samples"]}
    tree = tiny.params(sources=sources, versions=tiny.PARAMS["versions"] | more)
    Path("params.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    cli_main(["check"])
    said = " ".join(capsys.readouterr().out.split())
    assert "v7 cannot be built: the sample world has no files for news; set data: own in params.yaml" in said
    assert "v1 can be built" in said
    main()
    excerpt = json.loads(Path("data/curriculum/samples.json").read_text())
    assert set(excerpt["sources"]) == set(tiny.PARAMS["sources"]) and excerpt["without_files"] == ["news"]


def test_an_empty_folder_gets_a_file_that_no_reader_sees_and_no_warning_is_left(workspace: Path) -> None:
    c = tiny.curriculum(data="own")
    Path("data/raw/own/samples").mkdir(parents=True)
    Path("data/raw/own/samples/rows.jsonl").write_text("{}\n")
    Path("data/raw/own/companies.dvc").write_text("outs: []\n")
    prepare(c)
    prepare(c)
    found = {p.relative_to("data/raw/own").as_posix() for p in Path("data/raw/own").rglob("*") if p.is_file()}
    assert found == {"samples/rows.jsonl", "companies.dvc", "problems/.keep", "company_reports/.keep"}
    assert files_of(c, "problems") == 0
    assert not list(
        reader("prompt_response").found_in(Path("data/raw/own/problems"), c.sources["problems"], UnreadColumns())
    )
    assert listed(Path("data/raw/own/company_reports")) == ([], [])


def test_files_that_dvc_tracks_and_that_are_not_here_are_brought_not_asked_for(workspace: Path, capsys) -> None:
    """An empty folder in their place would be taken for their deletion, and written into the `.dvc` file."""
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(data="own")), encoding="utf-8")
    for source in ("companies", "samples"):
        Path("data/raw/own", source).mkdir(parents=True)
        Path("data/raw/own", source, "rows.jsonl").write_text('{"prompt": "가?", "response": "나"}\n')
    Path("data/raw/own/problems.dvc").write_text("outs: []\n")
    cli_main(["check"])
    said = " ".join(capsys.readouterr().out.split())
    assert "v2, v3 cannot be built: the files of problems are not here: dvc pull data/raw/own/problems.dvc" in said
    assert not Path("data/raw/own/problems").exists()


def test_it_says_what_it_found(workspace: Path, capsys) -> None:
    main()
    assert "3 versions, 4 sources, profile cpu, data sample" in capsys.readouterr().out


def test_a_reader_that_is_not_there_is_refused_before_anything_is_spent(workspace: Path) -> None:
    wrong = tiny.params(data="own", **{"sources.problems.reader": "metamth"})
    Path("params.yaml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    for check in (main, lambda: cli_main(["check"])):
        with pytest.raises((LineageError, SystemExit), match=r"sources\.problems\.reader: unknown reader 'metamth'"):
            check()
    assert not Path("data/checked.json").exists() and not Path("data/raw").exists()
