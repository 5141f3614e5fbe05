import json
from pathlib import Path

import pytest

from lineage.artifacts.comparison import Comparison, read_comparison, write_comparison
from lineage.core.errors import LineageError

FIGURES = {"rows": 40, "tokens": 400, "nll": 2.0, "parent_nll": 2.5, "difference": -0.5, "interval": [-0.7, -0.3]}
FIGURES |= {"groups": 12, "p": 0.001, "smallest": 0.2}
RIGHT = {
    "sets": ["questions.record"],
    "rows": 40,
    "groups": 12,
    "share": 0.1,
    "interval": [0.03, 0.24],
    "parent_share": 0.0,
    "chance": 0.12,
    "above_chance": False,
    "difference": 0.1,
    "difference_interval": [0.0, 0.2],
    "p": 0.03,
    "verdict": "improved",
}
TREE = {
    "profile": "cpu",
    "data": "sample",
    "confidence": 0.95,
    "fewest_rows": 8,
    "fewest_groups": 6,
    "base": {"origin": {"build": {"layers": 2}}, "identity": "b" * 64, "parameters": 376416},
    "base_sets": {"rules.record": {"nll": 4.0, "score": 0.1, "chance": None, "measure": "text"}},
    "versions": {
        "v1": {
            "parent": "base",
            "line": ["base", "v1"],
            "unknown": [],
            "pooled": FIGURES | {"verdict": "improved", "improved": True, "sets": ["rules.record"]},
            "right": RIGHT,
            "sets": {
                "rules.record": FIGURES
                | {
                    "verdict": "improved",
                    "improved": True,
                    "own": True,
                    "benchmark": False,
                    "source": "rules",
                    "form": "record",
                    "heldout_rows": 60,
                    "measure": "text",
                    "chance": None,
                    "score": 0.4,
                    "parent_score": 0.1,
                    "score_interval": [0.3, 0.5],
                    "above_chance": None,
                    "score_difference_interval": None,
                    "score_p": None,
                    "score_verdict": None,
                    "score_smallest": None,
                    "normalized": None,
                    "parent_normalized": None,
                    "too_long": 2,
                    "answered": 40,
                    "cut": 1,
                    "endless": 0,
                    "seen_by": [],
                    "best_ancestor": "base",
                    "best_nll": 2.5,
                    "against_best": -0.5,
                    "against_best_interval": [-0.7, -0.3],
                    "against_best_verdict": "improved",
                    "figures": {"rouge_l": {"value": 0.4, "interval": [0.3, 0.5], "rows": 40}},
                    "parent_figures": {},
                    "places": None,
                    "confusion": None,
                }
            },
            "may_forget": [],
            "forgot": [],
            "contamination": {
                "missing": [],
                "unknown": [],
                "searched": {"rules.record": 60},
                "sets": {
                    "rules.record": {
                        "rows": 1,
                        "exact": 0,
                        "near": 1,
                        "through": ["v1"],
                        "measured": 1,
                        "clean": FIGURES | {"verdict": "improved", "score": 0.4, "parent_score": 0.1},
                    }
                },
            },
        }
    },
    "same_mix": [],
    "missing": {"v2": ["not trained; run `dvc repro train@v2`"]},
}


@pytest.fixture
def reported(tmp_path: Path) -> Path:
    """A workspace with a comparison."""
    (tmp_path / "reports").mkdir()
    write_comparison(tmp_path / "reports", Comparison.model_validate(TREE))
    return tmp_path


def test_what_is_written_is_read_and_has_no_key_more_or_less(reported: Path) -> None:
    assert json.loads((reported / "reports/comparison.json").read_text(encoding="utf-8")) == TREE
    found = read_comparison(reported)
    assert found == Comparison.model_validate(TREE)
    assert found.versions["v1"].sets["rules.record"].score_gain == pytest.approx(0.3)


def test_a_gain_that_ends_at_chance_is_not_praised() -> None:
    version = Comparison.model_validate(TREE).versions["v1"]
    assert version.right and version.right.verdict == "improved" and version.right.shown == "unclear"
    one = version.sets["rules.record"].model_copy(update={"score_verdict": "improved", "above_chance": False})
    assert one.score_shown == "unclear"
    assert one.model_copy(update={"above_chance": True}).score_shown == "improved"
    assert one.model_copy(update={"above_chance": None}).score_shown == "improved", "chrF knows no chance"
    assert one.model_copy(update={"score_verdict": "worse"}).score_shown == "worse"


def test_a_loss_is_forgetting_worse_on_its_own_or_worse_elsewhere() -> None:
    version = Comparison.model_validate(TREE).versions["v1"]
    worse = version.sets["rules.record"].model_copy(update={"verdict": "worse"})
    other = worse.model_copy(update={"own": False})
    version = version.model_copy(update={"sets": {"own": worse, "old": other, "new": other}, "may_forget": ("old",)})
    assert version.own_with("worse") == ("own",) and version.worse_elsewhere == ("new",)


def test_a_workspace_without_a_report_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match=r"reports/comparison\.json: not found; .*dvc repro report"):
        read_comparison(tmp_path)


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (lambda tree: tree["versions"]["v1"].pop("forgot"), r"versions\.v1\.forgot: Field required"),
        (lambda tree: tree["versions"]["v1"]["pooled"].update(verdict="better"), r"versions\.v1\.pooled\.verdict"),
        (lambda tree: tree["versions"]["v1"].update(more=1), r"versions\.v1\.more: Extra inputs"),
    ],
)
def test_a_damaged_comparison_is_named_with_what_is_wrong_and_the_command(reported: Path, damage, wrong: str) -> None:
    file = reported / "reports/comparison.json"
    tree = json.loads(file.read_text(encoding="utf-8"))
    damage(tree)
    file.write_text(json.dumps(tree), encoding="utf-8")
    with pytest.raises(LineageError, match=rf"reports/comparison\.json: .*{wrong}.*dvc repro -f report"):
        read_comparison(reported)
