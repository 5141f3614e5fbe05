"""Rows of the whole ancestry that resemble an answer."""

import json
from pathlib import Path

import pytest
import yaml

from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.records.record import read_records
from lineage.trace.trained_rows import trace


def test_a_row_is_found_with_all_versions_that_were_trained_on_it(lineage_here: Path) -> None:
    found = trace(load_curriculum(), "v3", "7번 상품은? 7번은 채권입니다.", 3)
    first = found.rows[0]
    replayed = {record.id for record in read_records(Path("data/mixes/v3/replay.jsonl"))}
    assert first.record.prompt == "7번 상품은?" and first.near > 0.99 > found.rows[1].near
    assert first.versions == ("v1", "v3") if first.record.id in replayed else ("v1",)
    assert [one.name for one in found.line] == ["v1", "v3"] and len(found.rows) == 3
    again = next(record for record in read_records(Path("data/mixes/v3/replay.jsonl")))
    both = trace(load_curriculum(), "v3", f"{again.prompt} {again.completion}", 1).rows[0]
    assert both.record.id == again.id and both.versions == ("v1", "v3"), "one row, though two mixes hold it"


def test_where_nothing_is_shared_nothing_is_found(lineage_here: Path) -> None:
    assert trace(load_curriculum(), "v2", "xyz", 5).rows == ()


def test_a_mix_that_changed_since_explains_nothing(lineage_copy: Path) -> None:
    file = Path("data/mixes/v1/own.jsonl")
    file.write_text("".join(file.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    with pytest.raises(LineageError, match=r"not the rows that v1 was trained on.*dvc checkout"):
        trace(load_curriculum(), "v3", "채권", 5)
    with pytest.raises(LineageError, match="name a version"):
        trace(load_curriculum(), "base", "채권", 5)


def test_rows_of_another_line_than_it_was_trained_on_explain_nothing(lineage_copy: Path) -> None:
    """A parent may be named anew, or trained again by itself, and the version still lies here as it was."""
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree["versions"]["v3"]["parent"] = "v2"
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    with pytest.raises(LineageError, match=r"on base → v1 → v3, params\.yaml now says base → v1 → v2 → v3; run"):
        trace(load_curriculum(), "v3", "채권", 5)
    record = Path("models/v2/lineage.json")
    made = json.loads(record.read_text(encoding="utf-8")) | {"parent_adapter": "1" * 64}
    record.write_text(json.dumps(made), encoding="utf-8")
    with pytest.raises(LineageError, match=r"v2 continued another v1 than the present one"):
        trace(load_curriculum(), "v2", "채권", 5)
