import json
import os
from pathlib import Path

import yaml

from lineage.artifacts.ingest_counts import write_ingest_counts
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


def test_check_names_the_columns_that_nobody_reads(workspace: Path, capsys) -> None:
    """Before the first training from the files themselves, afterwards from what ingest counted."""
    params = tiny.params(data="own")
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    raw, others = Path("data/raw/own/samples"), Path("data/raw/own/companies")
    raw.mkdir(parents=True)
    others.mkdir()
    (others / "rows.jsonl").write_text('{"prompt": "가?", "response": "나"}\n')
    row = {"prompt": "가?", "response": "나", "persona": "너는 비서이다.", "[점수]": 3}
    (raw / "rows.jsonl").write_text(json.dumps(row) + "\n")
    out = said(capsys, "check")
    assert "samples: nobody reads [점수] (1), persona (1) of the first 1 rows; name those" in out
    counts = tiny.counts("samples", 1200).model_copy(update={"unread": {"persona": 1200}})
    write_ingest_counts(Path("data/records/samples"), counts)
    assert "samples: nobody reads persona (1,200); name those" in said(capsys, "check")
    params["sources"]["samples"]["columns"] = {"reference": "persona"}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    os.utime("params.yaml", (2**31, 2**31))
    assert "samples: nobody reads [점수] (1) of the first 1 rows" in said(capsys, "check")
    params["sources"]["samples"]["columns"] = {"reference": "지문"}
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    os.utime("params.yaml", (2**31, 2**31))
    assert "samples cannot be read: rows.jsonl: no row has the column 지문" in said(capsys, "check")


def test_check_names_a_link_that_leads_nowhere(workspace: Path, capsys) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(data="own")), encoding="utf-8")
    Path("data/raw/own").mkdir(parents=True)
    Path("data/raw/own/samples").symlink_to("nowhere")
    assert "data/raw/own/samples: here belongs the folder of samples" in refused("check")
