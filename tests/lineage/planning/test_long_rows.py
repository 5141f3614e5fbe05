"""What `lineage check` says of rows that are longer than max_length."""

import re
from pathlib import Path
from typing import Any

import pytest

from lineage.planning.long_rows import rows_too_long
from lineage.records.record import qa
from tests import tiny


def said(**changes: Any) -> dict[str, str]:
    return {line.partition(":")[0]: line for line in rows_too_long(tiny.curriculum(**changes))}


def test_nothing_is_said_of_rows_that_fit(lineage_here: Path) -> None:
    assert said(**{"profiles.cpu.max_length": 2048}) == {}


def test_a_source_with_rows_that_do_not_fit_is_named_with_what_to_do(lineage_copy: Path) -> None:
    for source in ("company_reports", "samples"):
        long = qa("보고서를 써라", "매출은 늘었다. " * 60, group="보고서", origin={"file": "가.pdf"})
        with Path("data/records", source, "records.jsonl").open("a", encoding="utf-8") as file:
            file.write(long.placed(source, "krx").to_json() + "\n")
    found = said(**{"profiles.cpu.max_length": 128})
    line = found["company_reports"]
    long, rows = (int(n) for n in re.findall(r"(\d+) of (\d+) rows are longer than 128 tokens", line)[0])
    assert 0 < long < rows
    assert re.search(r"set sources\.company_reports\.part_characters: \d+, or raise profiles\.cpu\.max_length$", line)
    assert found["samples"].endswith(": raise profiles.cpu.max_length")


def test_without_a_base_nothing_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert said() == {}
