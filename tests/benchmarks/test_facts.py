"""Files of facts: what they may hold, and what is said when they do not."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.drawn.canvas import Paper
from benchmarks.fidelity.facts import Facts, TableFact, WrongFacts, as_json, load_facts


def written(folder: Path, entries: Any) -> Path:
    path = folder / "facts.json"
    path.write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
    return path


def test_an_entry_becomes_facts(tmp_path: Path) -> None:
    entry = {
        "file": "보고서.pdf",
        "strings": ["매출은 120억원이다."],
        "order": [["1. 개요", "2. 실적"]],
        "tables": [{"rows": 2, "columns": 3, "cells": [["국내", "2031", "120"], [1, 3, "2032"]]}, {"cells": []}],
        "furniture": ["- 3 -"],
        "refused": None,
    }
    assert load_facts(written(tmp_path, [entry])) == [
        Facts(
            "보고서.pdf",
            strings=("매출은 120억원이다.",),
            order=(("1. 개요", "2. 실적"),),
            tables=(TableFact((("국내", "2031", "120"), (1, 3, "2032")), 2, 3), TableFact()),
            furniture=("- 3 -",),
        )
    ]


def test_facts_survive_their_way_through_a_file(drawn: dict[str, Paper], tmp_path: Path) -> None:
    facts = [paper.facts for paper in drawn.values()]
    assert load_facts(written(tmp_path, [as_json(one) for one in facts])) == facts


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({}, "a dict: give a list"),
        ([["x.pdf"]], "entry 1: ['x.pdf']: give an object"),
        ([{"strings": []}], "entry 1: file: missing"),
        ([{"file": "x.pdf", "string": ["a"]}], "entry 1: string: no such field: use one of absent, file"),
        ([{"file": "x.pdf"}, {"file": "x.pdf"}], "file: 'x.pdf' stands there twice"),
        ([{"file": "x.pdf", "strings": "a"}], "entry 1 (x.pdf): strings: 'a': give a list"),
        ([{"file": "x.pdf", "lines": [" "]}], "(x.pdf): lines: ' ': give a text"),
        ([{"file": "x.pdf", "order": [["a"]]}], "(x.pdf): order: 1: ['a']: give two texts"),
        ([{"file": "x.pdf", "refused": True}], "(x.pdf): refused: True: give null or a reason"),
        ([{"file": "x.pdf", "tables": [{"rows": 0, "columns": 2}]}], "tables: 1: rows: 0: give a number"),
        ([{"file": "x.pdf", "tables": [{"rows": 3}]}], "tables: 1: rows, columns: one is missing"),
        ([{"file": "x.pdf", "tables": [{"cells": [["a", "b"]]}]}], "tables: 1: cells: ['a', 'b']: give [row label"),
        ([{"file": "x.pdf", "tables": [{"cells": [[0, 1, "b"]]}]}], "tables: 1: cells: [0, 1, 'b']: give [row label"),
        ([{"file": "x.pdf", "tables": [{"cell": []}]}], "tables: 1: cell: no such field"),
    ],
)
def test_a_wrong_file_says_where_and_what_to_do(tmp_path: Path, entries: Any, said: str) -> None:
    with pytest.raises(WrongFacts, match=r"facts\.json: ") as error:
        load_facts(written(tmp_path, entries))
    assert said in str(error.value)


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongFacts, match=r"facts\.json: .*give a JSON list"):
        load_facts(tmp_path / "facts.json")
    (tmp_path / "facts.json").write_text("[", encoding="utf-8")
    with pytest.raises(WrongFacts, match=r"facts\.json: .*give a JSON list"):
        load_facts(tmp_path / "facts.json")
