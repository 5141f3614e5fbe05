import json
from pathlib import Path

import pytest
import yaml

from lineage.cli.main import main as cli_main
from lineage.config.buildable import buildable, files_of, prepare
from lineage.core.errors import LineageError
from stages.check import main
from tests import tiny


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
