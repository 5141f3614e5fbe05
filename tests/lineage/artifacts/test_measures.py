import json
import shutil
from pathlib import Path

import pytest

from lineage.artifacts.measures import (
    MeasuredRow,
    Measures,
    SampleAnswer,
    SetMeasures,
    read_answers,
    read_measures,
    read_rows,
    write_measures,
)
from lineage.artifacts.set_figures import Confusion, RowMarks, SetFigure
from lineage.core.errors import LineageError

NAME = "questions.record"
ONE = SetMeasures(
    source="questions",
    form="record",
    rows=1,
    heldout_rows=60,
    tokens=14,
    measure="choice",
    nll=2.2286,
    nll_interval=(2.1, 2.4),
    score=1.0,
    score_interval=None,
    chance=0.25,
)
MEASURES = Measures(version="v3", parent="v1", adapter="a" * 64, sets={NAME: ONE})
ROW = MeasuredRow(set=NAME, id="q1", measure="choice", nll=31.2, score=1.0, tokens=14)
ANSWER = SampleAnswer(set=NAME, id="q1", prompt="상장이란?", expected="등록", answer="등록")


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A workspace in which v3 was measured."""
    folder = tmp_path / "metrics/v3"
    folder.mkdir(parents=True)
    write_measures(folder, MEASURES, [ROW], [ANSWER])
    return tmp_path


def test_what_is_written_is_read(measured: Path) -> None:
    assert read_measures("v3", measured) == MEASURES
    assert read_rows("v3", measured) == [ROW]
    assert read_answers("v3", measured) == [ANSWER]


def test_the_bytes_of_a_line(measured: Path) -> None:
    lines = {name: (measured / f"metrics/v3/{name}.jsonl").read_text(encoding="utf-8") for name in ("rows", "answers")}
    assert lines["rows"] == (
        '{"set": "questions.record", "id": "q1", "measure": "choice", "nll": 31.2, "score": 1.0, "tokens": 14, '
        '"group": "", "ending": null, "normalized": null, "marks": {}}\n'
    )
    assert lines["answers"] == (
        '{"set": "questions.record", "answer": "등록", "expected": "등록", "id": "q1", "prompt": "상장이란?"}\n'
    )


def test_a_version_that_was_never_measured_has_no_measures(tmp_path: Path) -> None:
    assert read_measures("v3", tmp_path) is None


def test_a_likelihood_that_is_no_number_is_kept(measured: Path) -> None:
    wild = ONE.model_copy(update={"nll": float("nan")})
    write_measures(measured / "metrics/v3", MEASURES.model_copy(update={"sets": {NAME: wild}}), [], [])
    found = read_measures("v3", measured)
    assert found and str(found.sets[NAME].nll) == "nan"


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (lambda tree: tree["sets"][NAME].pop("nll"), rf"sets\.{NAME}\.nll: Field required"),
        (lambda tree: tree["sets"][NAME].update(measure="guess"), rf"sets\.{NAME}\.measure"),
        (lambda tree: tree.update(more=1), "more: Extra inputs"),
    ],
)
def test_damaged_measures_are_named_with_what_is_wrong_and_the_command(measured: Path, damage, wrong: str) -> None:
    file = measured / "metrics/v3/measures.json"
    tree = json.loads(file.read_text())
    damage(tree)
    file.write_text(json.dumps(tree))
    with pytest.raises(LineageError, match=rf"metrics/v3/measures\.json: .*{wrong}.*dvc repro -f evaluate@v3"):
        read_measures("v3", measured)


def test_half_a_file_of_the_base_is_made_again_by_its_own_stage(measured: Path) -> None:
    shutil.copytree(measured / "metrics/v3", measured / "metrics/base")
    file = measured / "metrics/base/measures.json"
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(LineageError, match=r"metrics/base/measures\.json: .*dvc repro -f baseline"):
        read_measures("base", measured)


def test_a_damaged_line_is_named_with_its_number(measured: Path) -> None:
    with (measured / "metrics/v3/rows.jsonl").open("a") as file:
        file.write("{\n")
    with pytest.raises(
        LineageError, match=r"metrics/v3/rows\.jsonl:2: not as its stage writes it .*dvc repro -f evaluate@v3"
    ):
        read_rows("v3", measured)


def test_lines_that_are_gone_name_the_command(measured: Path) -> None:
    (measured / "metrics/v3/answers.jsonl").unlink()
    with pytest.raises(LineageError, match=r"answers\.jsonl: not found; .*dvc repro -f evaluate@v3"):
        read_answers("v3", measured)


def test_measures_of_before_are_read(measured: Path) -> None:
    file = measured / "metrics/v3/measures.json"
    tree = json.loads(file.read_text())
    later = ("groups", "answered", "cut", "endless", "budget", "normalized", "too_long")
    for name in (*later, "figures", "signatures", "places", "confusion"):
        del tree["sets"][NAME][name]
    file.write_text(json.dumps(tree))
    assert read_measures("v3", measured) == MEASURES
    row = '{"set": "questions.record", "id": "q1", "measure": "choice", "nll": 31.2, "score": 1.0, "tokens": 14}'
    (measured / "metrics/v3/rows.jsonl").write_text(row + "\n")
    assert read_rows("v3", measured) == [ROW]


def test_figures_and_marks_are_read_as_they_were_written(measured: Path) -> None:
    one = ONE.model_copy(
        update={
            "figures": {"bleu.zh": SetFigure(value=0.25, interval=(0.1, 0.4), rows=9)},
            "signatures": {"bleu.zh": "nrefs:1|tok:zh"},
            "confusion": Confusion(labels=("A", "B"), counts=((3, 1, 0), (0, 2, 1))),
        }
    )
    row = ROW.model_copy(update={"marks": RowMarks(into="zh", bleu=(3, 3, 2, 1, 0, 0, 3, 2, 1, 0))})
    measures = MEASURES.model_copy(update={"sets": {NAME: one}})
    write_measures(measured / "metrics/v3", measures, [row], [])
    assert read_measures("v3", measured) == measures and read_rows("v3", measured) == [row]
    line = (measured / "metrics/v3/rows.jsonl").read_text(encoding="utf-8")
    assert line.endswith('"marks": {"into": "zh", "bleu": [3, 3, 2, 1, 0, 0, 3, 2, 1, 0]}}\n')


@pytest.mark.parametrize(("too_long", "partial"), [(0, False), (6, False), (7, True), (60, True)])
def test_a_set_of_which_much_was_not_asked_is_marked(too_long: int, partial: bool) -> None:
    assert ONE.model_copy(update={"rows": 60 - too_long, "too_long": too_long}).is_partial is partial
