import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.ingest_counts import write_ingest_counts
from lineage.artifacts.mix_summary import find_mix
from lineage.config.load import parse_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256
from lineage.core.paths import CLUSTERS, SUPERSEDED_ROWS
from lineage.records.record import Record, read_records
from stages.mix import main
from tests import tiny
from tests.finished import renamed

SAMPLES = {"samples": {"form": "prompt_answer", "weight": 1}}


NO_DUPLICATES = {
    "versions.v1.deduplicate": "none",
    "versions.v2.deduplicate": "none",
    "versions.v3.deduplicate": "none",
}


@pytest.fixture(autouse=True)
def here(workspace: Path) -> Path:
    clusters()
    superseded()
    return workspace


def clusters(*lines: dict[str, Any]) -> None:
    write_lines(CLUSTERS, lines)


def superseded(*lines: dict[str, Any]) -> None:
    write_lines(SUPERSEDED_ROWS, lines)


def write_lines(file: Path, lines: Iterable[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def same(*records: Record) -> dict[str, Any]:
    members = sorted(r.id for r in records)
    return {"cluster": members[0], "members": members, "how": "exact"}


def alike(one: Record, other: Record) -> dict[str, Any]:
    return same(one, other) | {"how": "near", "similarity": 0.9}


def left_out(version: str) -> list[tuple[str, ...]]:
    with Path("data/mixes", version, "left_out.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(line) for line in csv.reader(file)][1:]


def record(source: str, number: int) -> Record:
    return list(read_records(Path("data/records", source, "records.jsonl")))[number]


def ids(version: str, part: str = "own") -> list[str]:
    return [r.id for r in rows(version, part)]


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


def test_seeds_draw_differently() -> None:
    tiny.write_source("samples", [tiny.row("samples", str(n), "답") for n in range(60)])
    half = {"versions.v1.mix.samples.weight": 0.5}
    draws = []
    for c in (tiny.curriculum(**half), tiny.curriculum(**half, seed=8)):
        tiny.mix(c, "v1")
        draws.append(set(times("v1", "samples")))
    assert draws[0] != draws[1]


def test_what_a_version_is_called_decides_nothing() -> None:
    """Drawn by weight, by count and from ancestors: the same bytes under other names, its own and its parent's."""
    tiny.write_source("samples", [tiny.row("samples", str(n), "답") for n in range(60)])
    tree = tiny.params(**{"versions.v1.mix.samples.weight": 0.5})
    names = {"v1": "first", "v3": "plan"}
    for version in ("v1", "v3"):
        tiny.mix(parse_curriculum(tree), version)
        tiny.mix(renamed(tree, names), names[version])
        for part in ("own", "replay"):
            mine, other = (Path("data/mixes", name, f"{part}.jsonl") for name in (version, names[version]))
            assert sha256(mine) == sha256(other)
    assert rows("plan", "replay")


def test_the_same_mix_on_two_roads_draws_the_same_rows_and_a_second_draw_in_a_line_other_ones() -> None:
    tiny.write_source("problems", [tiny.row("problems", str(n), "답") for n in range(200)])
    half = {"problems": {"form": "prompt_answer", "weight": 0.5}}
    tree = tiny.params(**{"versions.v2.mix": half, "versions.v3.mix": half, "versions.v3.replay": 0.2})
    again = tree["versions"]["v3"] | {"parent": "v3"}
    tree["versions"] |= {"again": again, "clean": again | {"parent": "base", "exclude": [], "replay": 0.0}}
    for version in (*tiny.VERSIONS, "again", "clean"):
        tiny.mix(parse_curriculum(tree), version)
    assert ids("v2") == ids("v3") == ids("clean")
    drawn, second = set(ids("v3")), set(ids("again"))
    assert 70 < len(second) < 130 and 30 < len(second - drawn) < 70
    assert ids("again", "replay") != ids("v3", "replay")


def test_a_version_that_takes_every_row_counts_for_no_draw() -> None:
    """v1 has seen all of a source: which half v3 repeats is that of a version that starts from the base."""
    half = {"samples": {"form": "prompt_answer", "weight": 0.5}}
    tree = tiny.params(**{"versions.v3.mix": half, "versions.v3.replay": 0.0, "versions.v2.mix": half})
    tree["versions"]["v2"]["parent"] = "base"
    for version in ("v2", "v3"):
        tiny.mix(parse_curriculum(tree), version)
    assert ids("v3") == ids("v2")


def test_a_draw_that_names_were_hashed_for_can_be_kept() -> None:
    """The rows that releases drew which hashed the name of a version, under any name."""
    prompts = [str(n) for n in range(60)]
    tiny.write_source("samples", [tiny.row("samples", prompt, "답") for prompt in prompts])
    half = {"samples": {"form": "prompt_answer", "weight": 0.5}}
    tree = tiny.params(**{"versions.v1.mix": half, "versions.v1.drawn_as": "v1", "versions.v3.drawn_as": "v3"})
    c = renamed(tree, {"v1": "first", "v3": "plan"})
    tiny.mix(c, "first")
    tiny.mix(c, "plan")

    def rank(*parts: str) -> bytes:
        return hashlib.blake2b("\0".join(("7", *parts)).encode(), digest_size=8).digest()

    source = [r.id for r in read_records(Path("data/records/samples/records.jsonl"))]
    assert ids("first") == [id for id in source if rank("v1", id)[0] < 128]
    pool = sorted(ids("first"), key=lambda id: rank("replay", "v3", id))
    assert ids("plan", "replay") == pool[:4]
    counted = [r.id for r in read_records(Path("data/records/problems/records.jsonl"))]
    assert ids("plan") == sorted(counted, key=lambda id: rank("v3", id))[:12]


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


def why(version: str) -> dict[str, str]:
    """What the note in place of a mix says; there is nothing beside it that could be taken for a mix."""
    folder = Path("data/mixes", version)
    assert not (folder / "mix.json").exists() and find_mix(version) is None
    for part in ("own", "replay"):
        assert (folder / f"{part}.jsonl").read_text(encoding="utf-8") == "\n", (
            "no rows, but not empty: DVC warns of that"
        )
    note = json.loads((folder / "not_built.json").read_text(encoding="utf-8"))
    assert note["version"] == version
    return dict(note["no_rows"])


def test_every_source_without_rows_is_named_in_a_note(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    for source in ("samples", "companies"):
        tiny.write_source(source, [])
        write_ingest_counts(Path("data/records", source), tiny.counts(source, 0))
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params(data="own")), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["-m", "v1"])
    main()
    assert why("v1") == {"samples": "no rows came in", "companies": "no rows came in"}
    said = capsys.readouterr().out
    assert "v1: NOT BUILT, no rows of companies, samples: put files into data/raw/own/companies/, " in said
    assert "data/raw/own/samples/, or take them out of versions.v1.mix in params.yaml" in said


def test_a_note_is_the_same_wherever_the_raw_files_lie() -> None:
    """DVC compares what the stage depends on, and `data` is not among it: a reason may not speak of it."""
    tiny.write_source("problems", [])
    notes = [tiny.mix(tiny.curriculum(data=data), "v2") / "not_built.json" for data in ("sample", "own")]
    assert len({note.read_bytes() for note in notes}) == 1


def test_rows_that_were_all_rejected_or_held_out_are_told_from_none() -> None:
    tiny.write_source("problems", [])
    rejected = tiny.counts("problems", 0, rejected={"no answer": 3})
    write_ingest_counts(Path("data/records/problems"), rejected)
    tiny.mix(tiny.curriculum(), "v2")
    assert why("v2") == {"problems": "all its 3 rows were rejected; see data/records/problems/rejected.jsonl"}
    write_ingest_counts(Path("data/records/problems"), tiny.counts("problems", 0, 4))
    tiny.mix(tiny.curriculum(), "v2")
    assert why("v2") == {"problems": "it has no records of form 'prompt_answer' to train on, 4 are held out"}


def test_a_version_is_mixed_though_what_it_would_repeat_is_not_there() -> None:
    for source in ("samples", "companies"):
        tiny.write_source(source, [])
    tiny.mix(tiny.curriculum(), "v3")
    assert summary("v3")["own"]["problems"]["taken"] == 12 and rows("v3", "replay") == []


def test_a_form_without_records_is_named() -> None:
    tiny.write_source("problems", [tiny.row("problems", "하나", "둘", form="record")])
    tiny.mix(tiny.curriculum(), "v2")
    assert why("v2") == {"problems": "it has no records of form 'prompt_answer'"}


def test_a_source_that_is_excluded_to_the_last_row_says_so() -> None:
    reports = tiny.row("companies", "q", "a", documents=(tiny.TRAINED_DOCUMENT,))
    tiny.write_source("companies", [reports])
    tiny.mix(tiny.curriculum(**{"versions.v1.exclude": ["company_reports"]}), "v1")
    assert why("v1") == {"companies": "it has only records made from documents that the version excludes (1)"}
    assert left_out("v1") == [("excluded", reports.id, tiny.TRAINED_DOCUMENT)]


def test_a_weight_that_takes_nothing_builds_nothing() -> None:
    tiny.mix(tiny.curriculum(**{"versions.v2.mix.problems.weight": 1e-9}), "v2")
    assert why("v2") == {"problems": "its weight 1e-09 takes none of its rows; raise it"}


def test_the_same_inputs_give_the_same_bytes() -> None:
    first = sha256(tiny.mix(tiny.curriculum(), "v3"))
    assert sha256(tiny.mix(tiny.curriculum(), "v3")) == first


def test_rows_that_memory_does_not_hold_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = record("samples", 1), record("problems", 2)
    clusters(same(record("samples", 3), record("problems", 5)), alike(one, other))
    c = tiny.curriculum(**{"versions.v3.replay": 0.5, "versions.v3.deduplicate": "ancestry"})

    def built() -> list[str]:
        for version in ("v1", "v2", "v3"):
            tiny.mix(c, version)
        return [sha256(Path("data/mixes", version)) for version in ("v1", "v2", "v3")]

    in_memory = built()
    monkeypatch.setattr("lineage.core.parted_rows.HELD", 2)
    monkeypatch.setattr("lineage.mixture.ranked_rows.BATCH", 3)
    assert built() == in_memory and len(rows("v3", "replay")) > 9
    assert not list(Path(".state/scratch").glob("rows-*"))


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


def test_a_repetition_is_left_out_counted_and_listed_with_the_row_that_stays() -> None:
    stays, goes = record("samples", 3), record("companies", 5)
    clusters(same(stays, goes))
    tiny.mix(tiny.curriculum(), "v1")
    assert stays.id in ids("v1") and goes.id not in ids("v1")
    assert summary("v1")["duplicates"] == {"companies": 1}
    assert left_out("v1") == [("duplicates", goes.id, stays.id)]
    assert summary("v1")["own"]["companies"] == {"form": "prompt_answer", "available": 7, "taken": 6}


def test_deduplicate_none_and_near_duplicates_keep_leave_all_rows() -> None:
    clusters(same(record("samples", 3), record("companies", 5)))
    for change in (NO_DUPLICATES, {"sources.companies.near_duplicates": "keep"}):
        tiny.mix(tiny.curriculum(**change), "v1")
        assert len(rows("v1")) == 31 and summary("v1")["duplicates"] == {}


def test_a_pair_holds_for_all_rows_that_say_the_same_in_its_two_sources() -> None:
    a, b, c, d = record("samples", 1), record("companies", 1), record("companies", 2), record("companies", 3)
    clusters(same(b, c), alike(a, b))
    tiny.mix(tiny.curriculum(), "v1")
    assert {b.id, c.id} == {id for _, id, _ in left_out("v1")} and d.id in ids("v1")


def test_pairs_are_not_joined_into_chains() -> None:
    a, b, c = record("samples", 1), record("companies", 1), record("samples", 2)
    clusters(alike(a, b), alike(b, c))
    tiny.mix(tiny.curriculum(), "v1")
    assert {a.id, c.id} <= set(ids("v1")) and b.id not in ids("v1")


def test_a_count_is_filled_from_the_rows_that_repeat_nothing() -> None:
    clusters(same(*(record("problems", n) for n in range(4))))
    tiny.mix(tiny.curriculum(**{"versions.v3.mix.problems.count": 13}), "v3")
    assert len(set(ids("v3"))) == 13
    tiny.mix(tiny.curriculum(**{"versions.v3.mix.problems.count": 16}), "v3")
    assert len(ids("v3")) == 13 and summary("v3")["duplicates"] == {"problems": 3}


def test_a_repetition_whose_twin_was_not_drawn_is_taken() -> None:
    one, other = record("samples", 3), record("companies", 5)
    clusters(same(one, other))
    half = tiny.curriculum(**{"versions.v1.mix.samples.weight": 0.5})
    tiny.mix(half, "v1")
    drawn = one.id in ids("v1")
    assert (other.id in ids("v1")) is not drawn


def test_with_ancestry_a_row_stays_out_if_an_ancestor_was_trained_on_it_or_on_its_twin() -> None:
    change = {"versions.v2.mix": tiny.PARAMS["versions"]["v2"]["mix"] | SAMPLES, "versions.v2.deduplicate": "ancestry"}
    clusters(same(record("problems", 0), record("companies", 5)))
    tiny.mix(tiny.curriculum(**change), "v2")
    assert why("v2")["samples"].startswith("all its rows repeat rows that are taken already (24)")
    assert "versions.v2.deduplicate: none" in why("v2")["samples"]
    tiny.mix(tiny.curriculum(**{"versions.v2.deduplicate": "ancestry"}), "v2")
    assert summary("v2")["duplicates"] == {"problems": 1}
    tiny.mix(tiny.curriculum(), "v2")
    assert summary("v2")["duplicates"] == {}


def test_what_an_ancestor_left_out_as_a_repetition_is_not_what_it_was_trained_on() -> None:
    stays, goes = record("samples", 3), record("companies", 5)
    clusters(same(stays, goes))
    c = tiny.curriculum(**{"versions.v3.replay": 0.9, "versions.v3.exclude": []})
    tiny.mix(c, "v1")
    tiny.mix(c, "v3")
    assert set(ids("v3", "replay")) == set(ids("v1")) and goes.id not in ids("v3", "replay")


def test_replay_brings_no_repetition_of_an_own_row() -> None:
    clusters(same(record("problems", 1), record("samples", 4)), alike(record("problems", 1), record("companies", 6)))
    change = {"versions.v3.replay": 0.9, "versions.v3.mix.problems.count": 16}
    tiny.mix(tiny.curriculum(**change), "v3")
    assert not {record("samples", 4).id, record("companies", 6).id} & set(ids("v3", "replay"))
    tiny.mix(tiny.curriculum(**change, **NO_DUPLICATES), "v3")
    assert {record("samples", 4).id, record("companies", 6).id} <= set(ids("v3", "replay"))


def overtaken(row: Record, by: str, **days: str) -> dict[str, Any]:
    return {"id": row.id, "by": by, "reason": "amended", "as_of": "", "until": ""} | days


def test_superseded_rows_are_dropped_dated_or_kept() -> None:
    old, new = record("samples", 0), record("samples", 1)
    superseded(overtaken(old, new.id, as_of="2023-01-02", until="2024-07-01"))
    tiny.mix(tiny.curriculum(), "v1")
    assert old.id not in ids("v1") and summary("v1")["superseded"] == {"samples": 1}
    assert left_out("v1") == [("superseded", old.id, new.id)]
    tiny.mix(tiny.curriculum(**{"versions.v1.superseded": "keep"}), "v1")
    assert rows("v1")[0] == old
    tiny.mix(tiny.curriculum(**{"versions.v1.superseded": "date"}), "v1")
    first = rows("v1")[0]
    assert first.prompt == f"(2023년 1월 2일 기준) {old.prompt}" and first.completion == old.completion
    assert first.id == f"{old.id}@2023-01-02" and first.group == old.group


def test_a_row_without_its_own_day_is_dated_by_its_end_and_one_without_any_is_refused() -> None:
    old = record("samples", 0)
    dating = tiny.curriculum(**{"versions.v1.superseded": "date"})
    superseded(overtaken(old, "samples.x", until="2024-07-01"))
    tiny.mix(dating, "v1")
    assert rows("v1")[0].prompt == f"(2024년 7월 1일 이전 기준) {old.prompt}"
    superseded(overtaken(old, "samples.x"))
    with pytest.raises(LineageError, match=r"neither as_of nor until.*superseded: drop.*samples\.jsonl"):
        tiny.mix(dating, "v1")


def test_a_successor_from_a_source_that_the_line_does_not_know_overtakes_nothing() -> None:
    superseded(overtaken(record("samples", 0), "problems.x", as_of="2023-01-01"))
    tiny.mix(tiny.curriculum(), "v1")
    assert record("samples", 0).id in ids("v1")
    tiny.mix(tiny.curriculum(**{"versions.v3.replay": 0.9}), "v3")  # v3 knows problems
    assert record("samples", 0).id not in ids("v3", "replay")


@pytest.mark.parametrize(("source", "dropped"), [("samples", 1), ("problems", 0), ("no_longer_in_params", 0)])
def test_a_deletion_and_an_amendment_count_where_their_source_is_known(source: str, dropped: int) -> None:
    deleted, amended = record("samples", 0), record("samples", 1)
    by = f"{source}: 업무규정.txt 제5조 삭제"
    superseded(overtaken(deleted, by, until="2024-01-01"), overtaken(amended, f"{source}.record.1", until="2024-01-01"))
    tiny.mix(tiny.curriculum(), "v1")
    assert summary("v1")["superseded"] == ({"samples": 2 * dropped} if dropped else {})


@pytest.mark.parametrize(("file", "stage"), [(CLUSTERS, "duplicates"), (SUPERSEDED_ROWS, "superseded")])
def test_findings_that_are_not_there_are_named_with_their_stage(file: Path, stage: str) -> None:
    file.unlink()
    with pytest.raises(LineageError, match=rf"{file}: missing; run `dvc repro {stage}`"):
        tiny.mix(tiny.curriculum(), "v1")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(LineageError, match=rf"{file}:1: not JSON.*dvc repro {stage}"):
        tiny.mix(tiny.curriculum(), "v1")


def test_a_source_that_was_not_ingested_is_named_with_its_stage() -> None:
    Path("data/records/problems/records.jsonl").unlink()
    with pytest.raises(LineageError, match=r"problems/records\.jsonl: missing; run `dvc repro ingest@problems`"):
        tiny.mix(tiny.curriculum(), "v2")
    Path("data/records/company_reports/documents.txt").unlink()
    with pytest.raises(LineageError, match=r"documents\.txt: missing; run `dvc repro ingest@company_reports`"):
        tiny.mix(tiny.curriculum(), "v3")


def test_decontaminate_leaves_out_what_repeats_a_held_out_row_of_any_set() -> None:
    leaked = record("samples", 2)
    tiny.write_rows(Path("data/heldout/bench/prompt_answer.jsonl"), [tiny.row("bench", leaked.prompt + " ", "다른 답")])
    tiny.mix(tiny.curriculum(), "v1")
    assert leaked.id in ids("v1")
    tiny.mix(tiny.curriculum(**{"versions.v1.decontaminate": True}), "v1")
    assert leaked.id not in ids("v1") and summary("v1")["contaminated"] == {"samples": 1}
    assert left_out("v1")[0][:2] == ("contaminated", leaked.id)
    c = tiny.curriculum(**{"versions.v3.decontaminate": True, "versions.v3.replay": 0.9})
    tiny.mix(c, "v3")
    assert leaked.id not in ids("v3", "replay")


def test_a_withdrawn_source_is_absent_and_a_mix_of_nothing_else_says_what_to_do() -> None:
    c = tiny.curriculum(**{"sources.companies.withdrawn": "all", "versions.v3.replay": 0.9})
    tiny.mix(c, "v1")
    assert {r.source for r in rows("v1")} == {"samples"}
    assert "companies" not in summary("v1")["own"] and summary("v1")["withdrawn"] == {"companies": "prompt_answer"}
    tiny.mix(c, "v3")
    assert {r.source for r in rows("v3", "replay")} == {"samples"}
    tiny.mix(tiny.curriculum(**{"sources.problems.withdrawn": "all"}), "v2")
    assert why("v2") == {"problems": "it is withdrawn"}


def test_v7_with_a_new_source_and_a_benchmark_changes_no_older_mix() -> None:
    """From records to mixes: with the new source come duplicates of old rows, which join none of them."""
    from lineage.core.paths import DUPLICATES
    from lineage.dedup.duplicates import duplicates

    long = "거래소는 상장법인이 공시 의무를 지키지 않으면 그 사실을 알리고 매매 거래를 3일 동안 정지할 수 있다"
    old = [tiny.row("samples", "규정", long.replace("매매", word)) for word in ("모든 매매", "매매")]
    tiny.write_source("samples", [*old, *(tiny.row("samples", f"{n}?", f"답 {n}") for n in range(20))])
    new = [
        tiny.row("news", "규정", f"{long}."),
        tiny.row("news", "규정", f"{long} 늘"),
        tiny.row("news", "날씨", "맑음"),
    ]

    def mixes(c: Curriculum, versions: Iterable[str]) -> dict[str, str]:
        with appearing(DUPLICATES) as (out,):
            duplicates(out)
        return {version: sha256(tiny.mix(c, version)) for version in versions}

    before = mixes(tiny.curriculum(**{"versions.v3.replay": 0.5}), tiny.VERSIONS)
    tiny.write_source("news", new)
    tiny.write_rows(Path("data/heldout/bench/prompt_answer.jsonl"), [tiny.row("bench", "무엇?", "무엇")])
    overtaken_by_news = record("samples", 5)
    superseded(overtaken(overtaken_by_news, new[2].id, as_of="2023-01-01"))
    v7 = tiny.PARAMS["versions"]["v3"] | {"parent": "v3", "mix": {"news": {"form": "prompt_answer", "weight": 1}}}
    c = tiny.curriculum(
        **{
            "sources.news": tiny.PARAMS["sources"]["samples"],
            "sources.bench": tiny.PARAMS["sources"]["samples"] | {"heldout": 1},
            "versions.v3.replay": 0.5,
            "versions.v7": v7 | {"replay": 0.98},
        }
    )
    assert mixes(c, (*tiny.VERSIONS, "v7")).items() >= before.items()
    assert {row.id for row in old} - set(ids("v1")) == {old[1].id}
    gone = {row.id for row in rows("v1") if row.source == "samples"} - set(ids("v7", "replay"))
    assert gone == {overtaken_by_news.id, old[0].id}
