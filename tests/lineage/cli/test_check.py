import json
from pathlib import Path

import yaml

from tests import tiny
from tests.lineage.cli.words import refused, said


def test_check_says_what_can_be_built_from_own_data(workspace: Path, capsys) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(data="own")), encoding="utf-8")
    assert "nothing can be built yet" in refused("check")
    for source in tiny.PARAMS["sources"]:
        assert Path("data/raw/own", source).is_dir()
    for source in ("samples", "companies"):
        Path("data/raw/own", source, "rows.jsonl").write_text("{}\n")
    capsys.readouterr()
    out = said(capsys, "check")
    assert "v1 can be built: dvc repro train@v1" in out
    assert "v2 cannot be built: no files for problems" in out
    assert "data/raw/own/company_reports" in out


def test_check_says_which_adapter_was_made_with_other_packages(lineage_copy: Path, capsys) -> None:
    assert "was trained with" not in said(capsys, "check")
    file = Path("models/v2/lineage.json")
    record = json.loads(file.read_text())
    record["packages"]["peft"] = "0.1.0"
    file.write_text(json.dumps(record))
    assert "v2 was trained with peft 0.1.0, here is" in said(capsys, "check")


def test_check_names_what_is_left_of_a_source_that_is_gone(workspace: Path, capsys) -> None:
    Path("data/heldout/news").mkdir(parents=True)
    assert "data/heldout/news is of nothing in params.yaml any more" in said(capsys, "check")
