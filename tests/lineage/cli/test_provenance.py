import json
from pathlib import Path

from tests.lineage.cli.words import refused, said


def test_provenance_names_sources_and_terms_and_the_same_as_json(lineage_here: Path, capsys) -> None:
    out = said(capsys, "provenance", "v3")
    assert "Inside base → v1 → v3" in out and "samples" in out and "Redistribution: allowed" in out
    assert {p["source"] for p in json.loads(said(capsys, "provenance", "v3", "--json"))["portions"]} >= {"samples"}
    assert "unknown version 'v9'" in refused("provenance", "v9")
