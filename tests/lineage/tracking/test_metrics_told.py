"""The metrics by which MLflow compares runs: the same thing under the same name, worked out by hand."""

from pathlib import Path

import pytest

from lineage.artifacts.measures import Measures, SetMeasures
from lineage.artifacts.set_figures import SetFigure
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
    publish(local_uri())
    now = runs()[V2]
    assert (now.data.tags["replaces"], now.data.tags["team"]) == (before, "kept")
    assert "pooled/nll" not in now.data.metrics and now.data.metrics["own/nll"] == 4.5
    assert client().get_run(before).info.lifecycle_stage == "deleted"
