"""A document is read whole or refused by its file and the field that is wrong; its schema stands in docs."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lineage.artifacts.document import load_document
from lineage.core.code_identity import ROOT
from lineage.core.errors import LineageError

SCHEMA = ROOT / "docs/schemas/document.schema.json"
TEXT = {"kind": "paragraph", "page": 1, "bbox": [0, 0, 1, 1.5], "text": "가"}
TABLE = {
    "kind": "table",
    "page": 1,
    "bbox": [0, 0, 1, 1],
    "rows": [[{"text": "△ 1", "colspan": 1, "rowspan": 1, "minus": True}, {"text": "", "colspan": 1, "rowspan": 1}]],
    "pages": [1, 2],
}
GOOD = {
    "schema": 1,
    "file": "가.pdf",
    "sha256": "9f" * 32,
    "title": "가",
    "dates": ["2023-12-31"],
    "pages": 2,
    "blocks": [TEXT, TABLE],
    "page_text": ["가", "나"],
    "furniture": [],
    "warnings": [],
    "quality": 1.0,
}
WRONG: dict[str, Any] = {
    "schema": {"schema": 2},
    "sha256": {"sha256": "9f"},
    "title": {"title": ""},
    "pages": {"pages": "2"},
    "quality": {"quality": 1.1},
    "author": {"author": "x"},
    r"dates\.0": {"dates": ["31.12.2023"]},
    r"blocks\.0": {"blocks": [{**TEXT, "kind": "poem"}]},
    r"blocks\.0\.paragraph\.text": {"blocks": [{**TABLE, "kind": "paragraph"}]},
    r"blocks\.1\.table\.text": {"blocks": [TEXT, {**TABLE, "text": "가"}]},
    r"blocks\.0\.table\.rows\.0\.0\.colspan": {
        "blocks": [{**TABLE, "rows": [[{"text": "", "colspan": 0, "rowspan": 1}]]}]
    },
    r"blocks\.0\.paragraph\.bbox": {"blocks": [{**TEXT, "bbox": [0, 0, 1]}]},
}


def test_a_document_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(GOOD, ensure_ascii=False), encoding="utf-8")
    assert load_document(tmp_path / "x.json") == GOOD


@pytest.mark.parametrize("field", WRONG)
def test_what_is_wrong_is_named_and_the_published_schema_refuses_it_too(tmp_path: Path, field: str) -> None:
    file = tmp_path / "site_reports/x.json"
    file.parent.mkdir()
    file.write_text(json.dumps(GOOD | WRONG[field]))
    with pytest.raises(LineageError, match=rf"x\.json: not a converted document \({field}: .*`dvc repro convert@s"):
        load_document(file)
    schema = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert schema.is_valid(GOOD) and not schema.is_valid(GOOD | WRONG[field])
