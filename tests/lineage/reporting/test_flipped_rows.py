import json
from dataclasses import replace
from pathlib import Path

import pytest

from lineage.records.record import qa
from lineage.reporting.flipped_rows import NOT_HERE, FlippedRows, flipped_rows, lines
from lineage.reporting.two_versions import two_versions
from lineage.reporting.workspace import read_workspace
from tests.lineage.reporting.reported_world import ROWS, edit_rows, small_curriculum, write_world

C = small_curriculum()
SET = "questions.record"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """v3 answers the first ten questions rightly, v4 those from the fifth on; the NLL of row n changes by n / 10."""
    write_world(tmp_path, C)
    edit_rows(tmp_path, "v3", SET, lambda at, row: {"score": float(at < 10), "nll": 20.0})
    edit_rows(tmp_path, "v4", SET, lambda at, row: {"score": float(at >= 5), "nll": 20.0 + (-at if at >= 5 else at)})
    return tmp_path


def changed(world: Path, most: int = 5) -> FlippedRows:
    w = read_workspace(C, world)
    return flipped_rows(w, two_versions(w, "v3", "v4"), most, world)


def test_the_rows_that_turned_by_how_much(world: Path) -> None:
    found = changed(world, most=3)
    assert [row.id for row in found.wrong] == [f"{SET}.{at:04x}" for at in (4, 3, 2)]
    assert [round(row.change, 6) for row in found.wrong] == [0.4, 0.3, 0.2]
    assert [row.id for row in found.right] == [f"{SET}.{at:04x}" for at in (39, 38, 37)]
    assert (found.counts["wrong_anew"], found.counts["right_anew"]) == (5, 30), "what is shown is a part"


def test_rows_without_right_and_wrong_are_ordered_by_their_nll(world: Path) -> None:
    edit_rows(world, "v4", "site_reports.document", lambda at, row: {"nll": row["nll"] + (90 if at == 7 else 0)})
    found = changed(world, most=1)
    assert [row.id for row in found.moved] == ["site_reports.document.0007"] and found.moved[0].change > 9
    assert not any(row.set == SET for row in changed(world, most=99).moved)


def test_answers_that_are_kept_and_those_that_are_not(world: Path) -> None:
    edit_rows(world, "v4", SET, lambda at, row: {"nll": 20.0 + 9 * (at < 2), "score": float(at >= 2)})
    found = changed(world, most=3)
    kept, also, lost = found.wrong if len(found.wrong) == 3 else (*found.wrong, found.right[0])
    assert (kept.expected, kept.question) == ("회계 자산", "질문 0: 자산이란 무엇인가?")
    assert kept.first_answer is not None and kept.second_answer is not None and also.first_answer is not None
    assert lost.first_answer is lost.second_answer is lost.question is None
    said = "\n".join(lines(found, answers=2))
    assert NOT_HERE in said and "(not kept)" in said and "keeps what was said to 2 rows a set" in said


def test_the_held_out_row_gives_question_and_expected_answer(world: Path) -> None:
    record = replace(qa("자기자본은\x1b[31m?", "자산 - 부채", group="q", origin={"file": "x"}), id=f"{SET}.0004")
    file = world / "data/heldout/questions/record.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(record.to_json() + "\n", encoding="utf-8")
    found = changed(world)
    assert (found.wrong[0].question, found.wrong[0].expected) == ("자기자본은\x1b[31m?", "자산 - 부채")
    said = "\n".join(lines(found, answers=2))
    assert "자기자본은␛[31m?" in said and "\x1b" not in said, "what people wrote steers no terminal"


def test_for_a_program(world: Path) -> None:
    found = json.loads(json.dumps(changed(world, most=2).as_json()))
    assert found["wrong_anew"]["rows"] == 5 and len(found["wrong_anew"]["shown"]) == 2
    first = found["wrong_anew"]["shown"][0]
    assert first["set"] == SET and first["change"] == pytest.approx(0.4) and first["first_score"] == 1.0


def test_a_likelihood_that_is_no_number_comes_first(world: Path) -> None:
    edit_rows(world, "v4", SET, lambda at, row: {"score": float(at >= 5), "nll": float("nan") if at == 1 else 20.0})
    assert changed(world).wrong[0].id == f"{SET}.0001"
    assert len(changed(world, most=ROWS).wrong) == 5
