import json

import pytest

from lineage.errors import LineageError
from lineage.provenance import UNKNOWN_LICENCE, Inside, inside
from tests.stages.reported_world import adapter, small_curriculum, write_model

LICENCES = {
    "krx_samples": "KRX",
    "accounting": "own",
    "site_reports": "KRX",
    "questions": "own",
    "rules": "KRX",
}


@pytest.fixture
def models(tmp_path):
    c = small_curriculum()
    for i, version in enumerate(c.in_order()):
        write_model(tmp_path, c, version, i)
    return tmp_path / "models"


def change(models, version, **fields):
    path = models / version / "lineage.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_the_line_runs_from_the_oldest_ancestor_and_skips_side_branches(models):
    assert inside("v4", models, LICENCES).line == ("v1", "v3", "v4")
    assert inside("v4_clean", models, LICENCES).line == ("v4_clean",)


def test_ancestors_sources_are_inside_with_the_version_that_brought_them(models):
    whole = inside("v4", models, LICENCES)
    assert whole.sources == ("krx_samples", "site_reports", "questions", "rules")
    assert whole.seen_by("krx_samples") == ("v1", "v3"), "v3 replayed it"
    assert whole.seen_by("accounting") == (), "only the side branch v2 saw it"
    assert {p.source for p in whole.own} == {"questions", "rules"}
    assert {p.version for p in whole.inherited} == {"v1", "v3"}
    replayed = next(p for p in whole.portions if p.version == "v3" and p.source == "krx_samples")
    assert (replayed.rows, replayed.replayed, replayed.tokens) == (11, 11, 300)


def test_licences_are_the_union_over_the_ancestry(models):
    assert inside("v4", models, LICENCES).licences == {
        "KRX": ("krx_samples", "site_reports", "rules"),
        "own": ("questions",),
    }
    assert UNKNOWN_LICENCE in inside("v1", models, {}).licences


def test_an_untrained_ancestor_is_named_with_the_command(models):
    (models / "v3/lineage.json").unlink()
    with pytest.raises(LineageError, match=r"v3/lineage\.json.*dvc repro train@v3"):
        inside("v4", models, LICENCES)


def test_an_ancestor_trained_again_breaks_the_claim(models):
    change(models, "v1", adapter="f" * 64)
    with pytest.raises(LineageError, match=rf"v3 continued another v1.*{adapter('v1')[:12]}.*train@v3"):
        inside("v4", models, LICENCES)
    assert isinstance(inside("v4_clean", models, LICENCES), Inside)


def test_a_cycle_ends(models):
    change(models, "v1", parent="v4", parent_adapter=adapter("v4"))
    with pytest.raises(LineageError, match="cycle"):
        inside("v4", models, LICENCES)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": "v1"}'])
def test_a_damaged_record_says_so(models, text):
    (models / "v1/lineage.json").write_text(text)
    with pytest.raises(LineageError, match=r"v1/lineage\.json: not a training record.*train@v1"):
        inside("v1", models, LICENCES)
