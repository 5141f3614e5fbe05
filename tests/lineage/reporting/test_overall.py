"""Figures that compare all models: the same rows for each, checked against rows added up by hand."""

import json
from pathlib import Path

import pytest

from lineage.artifacts.comparison import read_comparison
from lineage.reporting.overall import common_sets
from lineage.reporting.report import report
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import read_workspace
from tests.lineage.reporting.reported_world import SETS, edit_rows, small_curriculum, write_metrics, write_world

C = small_curriculum()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_world(tmp_path, C)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(root: Path) -> Path:
    out = root / "reports"
    out.mkdir(exist_ok=True)
    report(C, out)
    return out


def by_hand(root: Path, model: str, sets: tuple[str, ...]) -> float:
    lines = (root / "metrics" / model / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["set"] in sets]
    return sum(row["nll"] for row in rows) / sum(row["tokens"] for row in rows)


def test_all_models_stand_on_the_same_rows(world: Path) -> None:
    written(world)
    overall = read_comparison().overall
    assert set(overall) == {"base", *C.in_order()}
    assert {one.all_sets.sets for one in overall.values()} == {common_sets(read_workspace(C))}
    assert set(overall["v4"].all_sets.sets) == set(SETS)
    for model, one in overall.items():
        assert one.all_sets.nll == pytest.approx(by_hand(world, model, SETS), abs=1e-6)
    v4, v3 = overall["v4"], overall["v3"]
    assert v4.parent_all_sets == v3.all_sets
    assert v4.own_sets and set(v4.own_sets.sets) == {"questions.record", "rules.record"}
    assert v4.own_sets.nll == pytest.approx(by_hand(world, "v4", v4.own_sets.sets), abs=1e-6)
    before = ("krx_samples.prompt_answer", "site_reports.document")
    assert v4.ancestors_sets and set(v4.ancestors_sets.sets) == set(before)
    assert v4.ancestors_sets.nll == pytest.approx(by_hand(world, "v4", before), abs=1e-6)
    best = by_hand(world, "v1", before[:1]), by_hand(world, "v3", before[1:])
    assert v4.best_ancestor_nll == pytest.approx(sum(best) / 2, abs=1e-6)
    assert overall["base"].own_sets is None and overall["v1"].ancestors_sets is None


def test_a_set_that_one_model_answered_otherwise_compares_nobody(world: Path) -> None:
    edit_rows(world, "v4_clean", "rules.record", lambda at, row: {"id": ""} if at == 0 else {})
    names = common_sets(read_workspace(C))
    assert "rules.record" not in names and len(names) == len(SETS) - 1


def test_verdicts_are_the_sentences_of_lineage_compare(world: Path) -> None:
    from lineage.reporting import set_words

    record = json.loads((world / "models/v3/lineage.json").read_text(encoding="utf-8"))
    entry = {"version": "v3", "fingerprint": record["fingerprint"], "adapter": record["adapter"], "because": "x"}
    (world / "promotions.yaml").write_text(json.dumps([entry]), encoding="utf-8")
    written(world)
    comparison, w = read_comparison(), read_workspace(C)
    assert comparison.champion == "v3"
    v4 = comparison.overall["v4"]
    assert v4.against_parent.startswith(set_words.summary(two_versions(w, "v3", "v4")))
    assert "forgot 2 of 2 sets" in v4.against_parent
    assert v4.against_champion == v4.against_parent
    assert comparison.overall["v3"].against_champion == ""
    assert comparison.overall["v1"].against_champion.startswith("v1 against v3: ")


def test_pictures_are_the_same_bytes_and_say_what_was_forgotten(world: Path) -> None:
    first = {p.name: p.read_bytes() for p in sorted((written(world) / "pictures").rglob("*.svg"))}
    assert set(first) == {"retention.svg", *(f"{version}.svg" for version in C.in_order())}
    matrix, v4 = first["retention.svg"].decode(), first["v4.svg"].decode()
    assert matrix.count("▲") >= 6 and "vs base" in matrix
    assert v4.count("▼ forgot") == 2 and v4.count("▲ better") == 2
    again = world / "again"
    again.mkdir()
    report(C, again)
    assert {p.name: p.read_bytes() for p in sorted((again / "pictures").rglob("*.svg"))} == first


def test_a_model_that_is_not_measured_has_no_figures(world: Path) -> None:
    for file in ("measures.json", "rows.jsonl", "answers.jsonl"):
        (world / "metrics/v4" / file).unlink()
    written(world)
    assert "v4" not in read_comparison().overall
    write_metrics(world, C, "v4", "another adapter")
    report(C, world / "reports2") if (world / "reports2").mkdir() is None else None
    assert "v4" not in json.loads((world / "reports2/comparison.json").read_text(encoding="utf-8"))["overall"]
