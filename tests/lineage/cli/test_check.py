import json
import os
from pathlib import Path

import yaml

from lineage.artifacts.ingest_counts import write_ingest_counts
from lineage.config.load import load_curriculum
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
    assert "v2, v3 cannot be built: no files for problems" in out, "a reason is given once"
    assert "no files yet in data/raw/own: company_reports, problems" in out
    table = out[out.index("steps") :]
    assert "v1 " in table and "v2 " not in table, "what cannot be built costs nothing yet"


def test_check_says_that_a_toy_is_a_toy_and_how_often_few_rows_are_seen(workspace: Path, capsys) -> None:
    params = tiny.params(data="own", **{"profiles.cpu.budget": {"tokens": 100_000}})
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    for source in tiny.PARAMS["sources"]:
        Path("data/raw/own", source).mkdir(parents=True)
        Path("data/raw/own", source, "rows.jsonl").write_text('{"prompt": "가?", "response": "나"}\n')
    tiny.mix(load_curriculum(), "v1")
    out = said(capsys, "check")
    assert "the base is a toy of 0.0 M parameters, made here: its answers are only a proof that the machine runs" in out
    (line,) = [part for part in out.split("v1 sees its ")[1:]]
    rows, times = line.split()[0], int(line.split()[2].replace(",", ""))
    assert rows == "31" and 50 < times < 300 and "set profiles.cpu.budget: {epochs: 3}" in line
    assert "v2 sees" not in out, "it has no mix yet"
    params["data"] = "sample"
    Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    assert "sees its" not in said(capsys, "check"), "the sample world is small by design"


def test_check_warns_of_a_head_that_is_the_embedding(workspace: Path, capsys) -> None:
    assert "lm_head" not in said(capsys, "check")
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**{"chain.lora.targets": ["q_proj", "lm_head"]})))
    assert "lm_head, but the head of this base is its embedding (tied weights)" in said(capsys, "check")


def test_check_says_what_a_setting_will_cost_whoever_serves_a_version(workspace: Path, capsys) -> None:
    assert "to be served" not in said(capsys, "check")
    changes = {"chain.lora.rslora": True, "versions.v2.train.r": 24, "profiles.cpu.load_in_4bit": True}
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(**changes)), encoding="utf-8")
    told = said(capsys, "check")
    for words in ("1/2.83 of its strength", "r 24: vLLM", "--max-lora-rank 32", "load_in_4bit, to be served"):
        assert words in told


def test_check_names_the_path_of_a_base_that_is_not_there(workspace: Path) -> None:
    for path, wrong in (("nowhere/qwen", "is not a folder"), (".", "has no config.json and no *.safetensors")):
        params = tiny.params(**{"profiles.cpu.base": {"path": path}})
        Path("params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
        assert f"profiles.cpu.base.path: {path} {wrong}" in refused("check")


def test_check_says_which_adapter_was_made_with_other_packages(lineage_copy: Path, capsys) -> None:
    assert "was trained with" not in said(capsys, "check")
    file = Path("models/v2/lineage.json")
    record = json.loads(file.read_text())
    record["packages"]["peft"] = "0.1.0"
    file.write_text(json.dumps(record))
    assert "v2 was trained with peft 0.1.0, here is" in said(capsys, "check")


def test_check_names_what_is_left_of_a_source_that_is_gone(workspace: Path, capsys) -> None:
    Path("data/heldout/news").mkdir(parents=True)
    assert "data/heldout/news: no source news in params.yaml any more; `lineage tidy`" in said(capsys, "check")


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
    write_ingest_counts(Path("data/records/companies"), counts)
    assert "companies, samples: nobody reads persona (2,400); name those" in said(capsys, "check")
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
