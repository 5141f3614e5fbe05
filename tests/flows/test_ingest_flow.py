"""Which stages an ingest runs, what it gives to DVC, and what it tells."""

from pathlib import Path

import pytest

from flows.ingest_flow import choose, new_folders
from flows.ingest_summary import told
from lineage.artifacts.conversion import Conversion, Quarantined, write_conversion
from lineage.artifacts.ingest_counts import BothSides, IngestCounts
from lineage.config.edit import edit_curriculum
from lineage.config.load import load_curriculum
from lineage.planning.state import State
from tests.flows.conftest import ROOT

GRAPH = {
    "check": frozenset[str](),
    "convert@site_reports": frozenset({"check"}),
    "ingest@site_reports": frozenset({"convert@site_reports"}),
    "ingest@rules": frozenset({"check"}),
    "ingest@questions": frozenset({"check"}),
    "generate@drills": frozenset({"ingest@rules"}),
    "ingest@drills": frozenset({"generate@drills"}),
    "duplicates": frozenset({"ingest@site_reports", "ingest@rules", "ingest@questions", "ingest@drills"}),
    "mix@v1": frozenset({"duplicates"}),
    "train@v1": frozenset({"mix@v1"}),
    "report": frozenset({"train@v1"}),
}


def test_it_goes_from_the_raw_files_to_the_mixes() -> None:
    c = load_curriculum(ROOT / "params.yaml")
    stages, forced = choose(c, ["rules"], GRAPH)
    assert set(stages) == {"check", "ingest@rules", "generate@drills", "ingest@drills", "duplicates", "mix@v1"}
    assert stages.index("generate@drills") < stages.index("ingest@drills") < stages.index("mix@v1")
    assert not forced
    assert set(choose(c, list(c.sources), GRAPH)[0]) == set(GRAPH) - {"train@v1", "report"}


def test_own_folders_that_dvc_does_not_know_are_given_to_it(workspace: Path) -> None:
    rules, questions, empty = (Path("data/raw/own") / name for name in ("rules", "questions", "metamath"))
    for folder, file in ((rules, "1.txt"), (questions, "a.jsonl"), (empty, ".keep")):
        folder.mkdir(parents=True)
        (folder / file).touch()
    questions.with_name("questions.dvc").touch()
    assert new_folders(load_curriculum(), ["rules"]) == []
    edit_curriculum(lambda tree: tree.update(data="own"))
    c = load_curriculum()
    assert new_folders(c, list(c.sources)) == [rules.as_posix()]


def counts(source: str, records: int, **more: object) -> IngestCounts:
    found = {"raw_rows": records + 2, "rejected_rows": 2, "rejected": {"no answer": 2}, "rejected_parts": 0}
    found |= {"source": source, "reader": "rules", "licence": "krx", "made": records, "duplicates": 0, "personal": {}}
    found |= {"records": records, "heldout": 0, "forms": {}, "groups": BothSides(records=1, heldout=0), "note": ""}
    return IngestCounts.model_validate(found | more)


def test_it_tells_what_was_read_and_what_is_stale_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c = load_curriculum(ROOT / "params.yaml")
    monkeypatch.chdir(tmp_path)
    conversion = Conversion(
        files=3, converted=2, quarantined=1, ignored=(), pages=9, tables=0, warnings=0, reasons={"damaged": 1}
    )
    folder = Path("data/documents/sample/site_reports")
    folder.mkdir(parents=True)
    row = Quarantined(file="2023/[스캔].pdf", sha256="9f", reason="damaged", detail="", remedy="get it again")
    write_conversion(folder, conversion, [row])
    before = {"rules": counts("rules", 10), "site_reports": counts("site_reports", 5)}
    now = {"rules": counts("rules", 10), "site_reports": counts("site_reports", 8, conversion=conversion)}
    states = {name: State(name, word) for name, word in (("v1", "built"), ("v3", "stale"))}  # type: ignore[arg-type]
    title, text = told(c, ["rules", "site_reports"], before, now, states)
    assert title == "1 source changed, 1 version to be built"
    assert "| rules | 12 | 2 |  |  | 10 | 0 |" in text
    assert "| site_reports | 10 (**+3**) | 2 | 3 (**+3**) | 1 (**+1**) | 8 (**+3**) | 0 |" in text
    assert "- rules: 2 no answer (listed in `data/records/rules/rejected.jsonl`)" in text
    assert "- site_reports: 2023/\\[스캔\\].pdf: damaged; get it again" in text
    assert "- v3: stale" in text and "- v1" not in text
