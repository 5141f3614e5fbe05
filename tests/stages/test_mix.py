import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.errors import LineageError
from lineage.files import sha256
from lineage.record import Record, read_records
from stages.mix import main
from tests import tiny

SAMPLES = {"samples": {"form": "prompt_answer", "weight": 1}}


@pytest.fixture(autouse=True)
def here(workspace: Path) -> Path:
    return workspace


def rows(version: str, part: str = "own") -> list[Record]:
    return list(read_records(Path("data/mixes", version, f"{part}.jsonl")))


def summary(version: str) -> dict[str, Any]:
    return json.loads(Path("data/mixes", version, "mix.json").read_text(encoding="utf-8"))


def times(version: str, source: str) -> Counter[str]:
    return Counter(r.prompt for r in rows(version) if r.source == source)


def test_weight_one_takes_every_row_once_in_the_order_of_the_source() -> None:
    tiny.mix(tiny.curriculum(), "v1")
    assert [r.prompt for r in rows("v1") if r.source == "samples"] == [f"{n}번 상품은?" for n in range(24)]
    assert summary("v1")["own"]["samples"] == {"form": "prompt_answer", "available": 24, "taken": 24}
    assert summary("v1")["rows"] == len(rows("v1")) == 31
    assert rows("v1", "replay") == []


def test_a_weight_of_half_takes_about_half_of_the_rows() -> None:
    tiny.write_source("samples", [tiny.row("samples", str(n), "답") for n in range(400)])
    tiny.mix(tiny.curriculum(**{"versions.v1.mix.samples.weight": 0.5}), "v1")
    assert set(times("v1", "samples").values()) == {1}
    assert 160 < len(times("v1", "samples")) < 240
    assert summary("v1")["own"]["samples"]["available"] == 400


def test_a_weight_of_two_and_a_half_takes_half_of_the_rows_a_third_time() -> None:
    tiny.write_source("samples", [tiny.row("samples", str(n), "답") for n in range(400)])
    tiny.mix(tiny.curriculum(**{"versions.v1.mix.samples.weight": 2.5}), "v1")
    copies = Counter(times("v1", "samples").values())
    assert set(copies) == {2, 3} and copies.total() == 400
    assert 160 < copies[3] < 240
    assert summary("v1")["own"]["samples"]["taken"] == 2 * 400 + copies[3]


def test_a_count_takes_that_many_different_rows_and_says_how_many_there_were() -> None:
    tiny.mix(tiny.curriculum(), "v3")
    assert len(times("v3", "problems")) == 12
    assert summary("v3")["own"]["problems"] == {"form": "prompt_answer", "available": 16, "taken": 12}


def test_a_count_above_what_is_there_takes_all() -> None:
    tiny.mix(tiny.curriculum(**{"versions.v3.mix.problems.count": 99}), "v3")
    assert summary("v3")["own"]["problems"]["taken"] == 16


def test_a_row_s_fate_does_not_depend_on_other_rows() -> None:
    all_rows = [tiny.row("samples", str(n), "답") for n in range(60)]
    c = tiny.curriculum(**{"versions.v1.mix.samples.weight": 0.5})
    tiny.write_source("samples", all_rows)
    tiny.mix(c, "v1")
    before = set(times("v1", "samples"))
    tiny.write_source("samples", [tiny.row("samples", f"new {n}", "답") for n in range(30)] + all_rows[20:])
    tiny.mix(c, "v1")
    kept = {r.prompt for r in all_rows[20:]}
    assert set(times("v1", "samples")) & kept == before & kept


def test_versions_and_seeds_draw_differently() -> None:
    tiny.write_source("samples", [tiny.row("samples", str(n), "답") for n in range(60)])
    half = {"versions.v1.mix.samples.weight": 0.5}
    draws = []
    for c in (tiny.curriculum(**half), tiny.curriculum(**half, seed=8)):
        tiny.mix(c, "v1")
        draws.append(set(times("v1", "samples")))
    assert draws[0] != draws[1]


def test_replay_is_a_share_of_the_mix_and_comes_from_ancestors_only() -> None:
    tiny.mix(tiny.curriculum(), "v3")
    replayed = rows("v3", "replay")
    assert len(replayed) == 4  # a quarter of 16
    assert {r.source for r in replayed} <= {"samples", "companies"}
    said = summary("v3")["replay"]
    assert said == {"share": 0.25, "rows": 4, "from": {"v1": dict(Counter(r.source for r in replayed))}}


def test_replay_takes_each_row_once_and_at_most_what_is_there() -> None:
    tiny.mix(tiny.curriculum(**{"versions.v3.replay": 0.9}), "v3")
    replayed = rows("v3", "replay")
    assert len(replayed) == len({r.id for r in replayed}) == 24 + 7 - 2


def test_replay_never_brings_back_an_excluded_source() -> None:
    c = tiny.curriculum(**{"versions.v3.replay": 0.9, "versions.v3.exclude": ["samples"]})
    tiny.mix(c, "v3")
    assert {r.source for r in rows("v3", "replay")} == {"companies"}


def test_replay_never_brings_back_what_was_made_from_an_excluded_document_held_out_ones_included() -> None:
    tiny.mix(tiny.curriculum(**{"versions.v3.replay": 0.9}), "v3")
    inside = {d for r in rows("v3", "replay") for d in r.documents}
    assert not inside
    tiny.mix(tiny.curriculum(**{"versions.v3.replay": 0.9, "versions.v3.exclude": []}), "v3")
    inside = {d for r in rows("v3", "replay") for d in r.documents}
    assert inside == {tiny.TRAINED_DOCUMENT, tiny.HELDOUT_DOCUMENT}


def test_replay_does_not_repeat_a_version_s_own_rows() -> None:
    changes = {"versions.v3.mix": SAMPLES, "versions.v3.replay": 0.9}
    tiny.mix(tiny.curriculum(**changes), "v3")
    assert {r.source for r in rows("v3", "replay")} == {"companies"}


def test_replay_knows_only_the_rows_that_the_ancestor_took() -> None:
    c = tiny.curriculum(**{"versions.v1.mix.samples": {"form": "prompt_answer", "count": 5}, "versions.v3.replay": 0.9})
    tiny.mix(c, "v1")
    tiny.mix(c, "v3")
    assert {r.id for r in rows("v3", "replay")} <= {r.id for r in rows("v1")}


def test_replay_leaves_out_what_the_ancestor_itself_had_excluded() -> None:
    changes = {"versions.v1.exclude": ["company_reports"], "versions.v3.exclude": [], "versions.v3.replay": 0.9}
    c = tiny.curriculum(**changes)
    tiny.mix(c, "v1")
    tiny.mix(c, "v3")
    assert {r.id for r in rows("v3", "replay")} <= {r.id for r in rows("v1")}


def test_an_exclusion_drops_and_counts_what_was_made_from_the_excluded_documents() -> None:
    tiny.mix(tiny.curriculum(**{"versions.v1.exclude": ["company_reports"]}), "v1")
    assert summary("v1")["excluded"] == {
        "scope": "mix",
        "sources": ["company_reports"],
        "documents": 2,
        "dropped": {"companies": 2},
    }
    assert summary("v1")["own"]["companies"]["taken"] == 5
    assert not [r for r in rows("v1") if r.documents]


def test_a_count_is_filled_from_the_rows_that_are_not_excluded() -> None:
    companies = {"companies": {"form": "prompt_answer", "count": 5}}
    tiny.mix(tiny.curriculum(**{"versions.v1.mix": companies, "versions.v1.exclude": ["company_reports"]}), "v1")
    assert summary("v1")["own"]["companies"] == {"form": "prompt_answer", "available": 5, "taken": 5}


def test_a_source_without_records_is_named_with_its_folder() -> None:
    tiny.write_source("problems", [])
    with pytest.raises(LineageError, match=r"v2: its source 'problems'.*data/raw/sample/problems/.*versions\.v2\.mix"):
        tiny.mix(tiny.curriculum(), "v2")
    assert not Path("data/mixes/v2").exists()


def test_a_form_without_records_is_named() -> None:
    tiny.write_source("problems", [tiny.row("problems", "하나", "둘", form="record")])
    with pytest.raises(LineageError, match="no records of form 'prompt_answer'"):
        tiny.mix(tiny.curriculum(), "v2")


def test_a_source_that_is_excluded_to_the_last_row_says_so() -> None:
    reports = tiny.row("companies", "q", "a", documents=(tiny.TRAINED_DOCUMENT,))
    tiny.write_source("companies", [reports])
    with pytest.raises(LineageError, match=r"only records made from documents that the version excludes \(1\)"):
        tiny.mix(tiny.curriculum(**{"versions.v1.exclude": ["company_reports"]}), "v1")


def test_a_weight_that_takes_nothing_is_refused() -> None:
    with pytest.raises(LineageError, match=r"versions\.v2\.mix\.problems\.weight: 1e-09 takes none"):
        tiny.mix(tiny.curriculum(**{"versions.v2.mix.problems.weight": 1e-9}), "v2")


def test_the_same_inputs_give_the_same_bytes() -> None:
    first = sha256(tiny.mix(tiny.curriculum(), "v3"))
    assert sha256(tiny.mix(tiny.curriculum(), "v3")) == first


def test_a_new_source_in_v2_changes_nothing_of_v1() -> None:
    before = sha256(tiny.mix(tiny.curriculum(), "v1"))
    c = tiny.curriculum(**{"versions.v2.mix": tiny.PARAMS["versions"]["v2"]["mix"] | SAMPLES})
    assert sha256(tiny.mix(c, "v1")) == before
    assert sha256(tiny.mix(tiny.curriculum(), "v2")) != sha256(tiny.mix(c, "v2"))


def test_another_parent_of_v3_changes_neither_v1_nor_v2() -> None:
    c, other = tiny.curriculum(), tiny.curriculum(**{"versions.v3.parent": "v2"})
    for version in ("v1", "v2"):
        assert sha256(tiny.mix(c, version)) == sha256(tiny.mix(other, version))
    tiny.mix(other, "v3")
    assert set(summary("v3")["replay"]["from"]) <= {"v1", "v2"}


def test_the_stage_refuses_an_unknown_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stages/mix.py", "v9"])
    with pytest.raises(LineageError, match=r"unknown version 'v9'; params.yaml has v1, v2, v3"):
        main()


def test_the_stage_says_how_many_rows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(), sort_keys=False), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["stages/mix.py", "v3"])
    main()
    assert capsys.readouterr().out == "v3: 12 rows of its own, 4 replayed\n"
