import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.lineage.bisect.test_source_finding import Standins
from tests.lineage.cli.words import refused, said
from tests.lineage.reporting.reported_world import edit_rows, small_curriculum, write_world
from tests.tiny import row, write_rows

C = small_curriculum()
SET = "questions.record"


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stored results of base → v1 → v3 → v4: v1 taught the answer to row 4 of the questions, v4 broke it."""
    write_world(tmp_path, C)
    project = yaml.safe_load((Path(__file__).parents[3] / "params.yaml").read_text(encoding="utf-8"))
    tree = project | {"versions": C.model_dump(mode="json", exclude_none=True)["versions"], "data": "sample"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(tree | {"profile": "cpu"}), encoding="utf-8")
    for version, nll, right in (("base", 40, 0), ("v1", 2, 1), ("v3", 3, 1), ("v4", 35, 0)):
        edit_rows(
            tmp_path, version, SET, lambda at, row, n=nll, r=right: {"nll": float(n), "score": r} if at == 4 else {}
        )
    asked = [row("questions", f"질문 {at}?", f"답 {at}", form="record") for at in range(40)]
    named = [replace(one, id=f"{SET}.{at:04x}") for at, one in enumerate(asked)]
    write_rows(tmp_path / "data/heldout/questions/record.jsonl", named)
    write_rows(tmp_path / "data/superseded/superseded.jsonl", [])
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def test_a_held_out_question_is_answered_from_stored_results(measured: Path, capsys: pytest.CaptureFixture) -> None:
    shown = said(capsys, "bisect", "질문 4?", "--version", "v4")
    assert "v4 broke the answer: NLL 0.30 → 3.50; it is wrong since then" in shown
    assert "base 4.00 wrong" in shown and "v1 0.20 -3.80 right" in shown and "v3 0.30 +0.10 right" in shown
    assert "v1 taught the answer: NLL 4.00 → 0.20" in said(capsys, "bisect", "질문 4?", "--version", "v3")
    assert "v1 taught" in said(capsys, "bisect", "--row", f"{SET}.0004", "--version", "v4", "--taught")


def test_the_source_that_cannot_be_searched_says_why_and_the_version_stays(
    measured: Path, capsys: pytest.CaptureFixture
) -> None:
    shown = said(capsys, "bisect", "질문 4?", "--version", "v4")
    assert "the source is not searched:" in shown and "v4 broke the answer" in shown


def test_a_set_is_judged_beyond_noise(measured: Path, capsys: pytest.CaptureFixture) -> None:
    for name in ("site_reports.document", "accounting.prompt_answer"):
        source, _, form = name.partition(".")
        records = [row(source, f"{name} {at}", "답", form=form, measure="none") for at in range(40)]
        write_rows(measured / f"data/heldout/{source}/{form}.jsonl", records)
    shown = said(capsys, "bisect", "--set", "accounting.prompt_answer", "--version", "v4")
    assert "no version of base → v1 → v3 → v4 changed the set beyond noise" in shown
    found = json.loads(said(capsys, "bisect", "--set", "site_reports.document", "--version", "v4", "--json"))
    assert (found["version"], found["turn"], found["by"]) == ("v4", "broke", "verdict")


def test_a_version_that_was_not_measured_leaves_a_gap_that_is_named(
    measured: Path, capsys: pytest.CaptureFixture
) -> None:
    (measured / "metrics/v3/measures.json").unlink()
    shown = said(capsys, "bisect", "질문 4?", "--version", "v4")
    assert "v3 not read" in shown and "or one of v3, which were not read" in shown and "evaluate@v3" in shown


def test_what_is_asked_for_must_be_clear(measured: Path) -> None:
    assert "give a question, or --set, or --row" in refused("bisect")
    assert "give a question, or --set, or --row" in refused("bisect", "질문 4?", "--set", SET)
    assert "--budget 0: a part of the version's budget" in refused("bisect", "질문 4?", "--budget", "0")
    assert "add --right ANSWER" in refused("bisect", "아무도 묻지 않은 것은?")
    assert "unknown version 'v9'" in refused("bisect", "질문 4?", "--version", "v9")


def test_a_free_question_and_its_source(
    lineage_copy: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every version of a tiny lineage is really asked; variants are stand-ins that lose most of what v1 changed."""
    words = ("bisect", "1번 상품은?", "--right", "1번은 채권입니다.", "--version", "v1", "--taught")
    shown = said(capsys, *words)
    assert "(right if the answer contains it)" in shown and "v1 taught the answer" in shown
    assert (
        "v1 was trained on 2 sources: samples, companies" in shown and "at most 2 variants of v1 are trained" in shown
    )
    assert "nothing was trained; add --train" in shown and "near the question, samples" in shown
    found = json.loads(said(capsys, *words, "--json"))
    before, after = (reading["nll"] for reading in found["readings"])
    assert found["source"]["outcome"] == "to_train" and before > after
    stand = Standins(monkeypatch, lambda left_out: before if "samples" in left_out else after)
    shown = said(capsys, *words, "--train")
    assert "samples taught it: without it, 100% of what v1 changed against base is gone" in shown
    assert f"{len(stand.trained)} variants were trained" in shown
    again = json.loads(said(capsys, *words, "--json"))
    assert again["source"]["source"] == "samples" and again["source"]["trained"] == 0


def test_what_a_version_did_not_continue_is_no_step(lineage_copy: Path) -> None:
    """v1 was trained again by itself, and v3 lies here as it was: what differs between them nobody did."""
    record = Path("models/v3/lineage.json")
    made = json.loads(record.read_text(encoding="utf-8"))
    record.write_text(json.dumps(made | {"parent_adapter": "1" * 64}), encoding="utf-8")
    words = ("bisect", "1번 상품은?", "--right", "1번은 채권입니다.", "--version", "v3")
    assert "v3 did not continue v1 as it is here" in refused(*words)
