"""The metrics by which MLflow compares runs: the same thing under the same name, worked out by hand."""

import json
from pathlib import Path

import pytest

from lineage.artifacts.measures import Measures, SetMeasures
from lineage.artifacts.set_figures import SetFigure
from lineage.config.schema import DEFAULT_NAME
from lineage.tracking.metrics_told import of_sets
from lineage.tracking.publish import publish
from lineage.tracking.server import local_uri
from tests.lineage.tracking.published_world import V2, client, runs


def one(**given: object) -> SetMeasures:
    whole = {"source": "rules", "form": "record", "rows": 10, "heldout_rows": 10, "tokens": 100, "measure": "none"}
    whole |= {"nll": 2.0, "nll_interval": None, "score": None, "score_interval": None, "chance": None}
    return SetMeasures.model_validate(whole | given)


def told(**sets: SetMeasures) -> dict[str, float]:
    return of_sets(Measures(version="v1", parent="base", adapter="a", sets=sets))


def test_all_sets_together_count_tokens_and_answers() -> None:
    found = told(
        short=one(nll=4.0, tokens=10, measure="number", score=0.5, chance=0.1, rows=10),
        long=one(nll=1.0, tokens=90, measure="choice", score=0.9, chance=0.5, rows=30),
        text=one(nll=2.0, tokens=100, measure="text", score=0.3, rows=100),
    )
    assert found["all/nll"] == pytest.approx((40 + 90 + 200) / 200)
    assert found["all/right"] == pytest.approx((5 + 27) / 40)  # chrF is no right answer
    assert found["all/chance"] == pytest.approx((1 + 15) / 40)
    assert (found["nll/short"], found["score/short"], found["chance/short"]) == (4.0, 0.5, 0.1)
    assert "chance/text" not in found


def test_a_set_of_which_no_row_was_asked_counts_nowhere() -> None:
    found = told(there=one(nll=2.0), empty=one(nll=None, tokens=0, rows=0))
    assert found == {"nll/there": 2.0, "all/nll": 2.0}
    assert told(empty=one(nll=None, tokens=0, rows=0)) == {}


def test_figures_of_a_task_have_names_of_their_own() -> None:
    figures = {"bleu.zh": SetFigure(value=0.25, interval=None, rows=10)}
    assert told(pairs=one(figures=figures))["figure/bleu.zh/pairs"] == 0.25


def test_a_run_of_an_earlier_release_is_told_anew_with_what_people_added(workspace: Path) -> None:
    publish(local_uri())
    before = runs()[V2].info.run_id
    client().log_metric(before, "pooled/nll", 4.5)  # what own/nll was called
    client().set_tag(before, "team", "kept")
    client().log_metric(before, "kmmlu/finance", 0.31, timestamp=5, step=2)
    client().log_text(before, "read by hand", "people/notes.txt")
    publish(local_uri())
    now = runs()[V2]
    assert (now.data.tags["replaces"], now.data.tags["team"]) == (before, "kept")
    assert "pooled/nll" not in now.data.metrics and now.data.metrics["own/nll"] == 4.5
    assert client().get_run(before).info.lifecycle_stage == "deleted"
    points = client().get_metric_history(now.info.run_id, "kmmlu/finance")
    assert [(p.value, p.step, p.timestamp) for p in points] == [(0.31, 2, 5)]
    kept = Path(client().download_artifacts(now.info.run_id, "people/notes.txt"))
    assert kept.read_text(encoding="utf-8") == "read by hand"


def test_all_is_of_the_rows_that_every_model_answered(workspace: Path) -> None:
    file = workspace / "reports/comparison.json"
    comparison = json.loads(file.read_text(encoding="utf-8"))
    same = {"sets": ["metamath.prompt_answer"], "rows": 8, "tokens": 100, "nll": 3.25, "answers": 8, "right": 0.5}
    whole = {"all_sets": same | {"chance": 0.125}, "against_champion": "v2 against v1: better on 1 of 1 held-out sets"}
    file.write_text(json.dumps(comparison | {"overall": {"v2": whole}}), encoding="utf-8")
    drawn = workspace / "reports/pictures/intervals/v2.svg"
    drawn.parent.mkdir(parents=True)
    drawn.write_text("<svg/>", encoding="utf-8")
    publish(local_uri())
    run = runs()[V2]
    metrics = run.data.metrics
    assert (metrics["all/nll"], metrics["all/right"], metrics["all/chance"]) == (3.25, 0.5, 0.125)
    assert run.data.tags["against_champion"].startswith("v2 against v1")
    assert (
        client()
        .get_model_version_by_alias(DEFAULT_NAME, "lineage-v2")
        .tags["against_champion"]
        .startswith("v2 against")
    )
    assert Path(client().download_artifacts(run.info.run_id, "intervals.svg")).read_text() == "<svg/>"
