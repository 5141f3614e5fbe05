import json
from io import StringIO

import pytest

from lineage.config.schema import Licence
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from lineage.provenance.ancestry import UNKNOWN_LICENCE, Inside, inside
from lineage.provenance.obligations import provenance, rendered, said
from tests.lineage.reporting.reported_world import adapter, small_curriculum, write_model

C = small_curriculum()
KRX = Licence(title="KRX", redistribution="forbidden", commercial="unknown")
OWN = Licence(title="own", redistribution="allowed", commercial="allowed")
LICENCES = {"krx_samples": KRX, "accounting": OWN, "site_reports": KRX, "questions": OWN, "rules": KRX}


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
    assert inside("v4", LICENCES, models.parent).line == ("v1", "v3", "v4")
    assert inside("v4_clean", LICENCES, models.parent).line == ("v4_clean",)


def test_ancestors_sources_are_inside_with_the_version_that_brought_them(models):
    whole = inside("v4", LICENCES, models.parent)
    assert whole.sources == ("krx_samples", "site_reports", "questions", "rules")
    assert whole.seen_by("krx_samples") == ("v1", "v3"), "v3 replayed it"
    assert whole.seen_by("accounting") == (), "only the side branch v2 saw it"
    assert {p.source for p in whole.own} == {"questions", "rules"}
    assert {p.version for p in whole.inherited} == {"v1", "v3"}
    replayed = next(p for p in whole.portions if p.version == "v3" and p.source == "krx_samples")
    assert (replayed.rows, replayed.replayed, replayed.tokens) == (11, 11, 300)


def test_licences_are_the_union_over_the_ancestry(models):
    assert inside("v4", LICENCES, models.parent).licences == {
        "KRX": ("krx_samples", "site_reports", "rules"),
        "own": ("questions",),
    }
    assert UNKNOWN_LICENCE.title in inside("v1", {}, models.parent).licences


def test_an_untrained_ancestor_is_named_with_the_command(models):
    (models / "v3/lineage.json").unlink()
    with pytest.raises(LineageError, match=r"v3/lineage\.json.*dvc repro train@v3"):
        inside("v4", LICENCES, models.parent)


def test_an_ancestor_trained_again_breaks_the_claim(models):
    change(models, "v1", adapter="f" * 64)
    with pytest.raises(LineageError, match=rf"v3 continued another v1.*{adapter('v1')[:12]}.*train@v3"):
        inside("v4", LICENCES, models.parent)
    assert isinstance(inside("v4_clean", LICENCES, models.parent), Inside)


def test_a_cycle_ends(models):
    change(models, "v1", parent="v4", parent_adapter=adapter("v4"))
    with pytest.raises(LineageError, match="cycle"):
        inside("v4", LICENCES, models.parent)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": "v1"}'])
def test_a_damaged_record_says_so(models, text):
    (models / "v1/lineage.json").write_text(text)
    with pytest.raises(LineageError, match=r"v1/lineage\.json: not as its stage writes it.*train@v1"):
        inside("v1", LICENCES, models.parent)


# What follows from it


def changed(source, **fields):
    """The curriculum with fields of one source changed."""
    sources = C.sources | {source: C.sources[source].model_copy(update=fields)}
    return C.model_copy(update={"sources": sources})


def licensed(**licences):
    """The curriculum with its sources under other licences: allowed, unknown or forbidden alike in both uses."""
    terms = {t: Licence(title=t, redistribution=t, commercial=t) for t in ("allowed", "unknown", "forbidden")}
    sources = {
        name: source.model_copy(update={"licence": licences.get(name, "allowed")}) for name, source in C.sources.items()
    }
    return C.model_copy(update={"licences": terms, "sources": sources})


def test_totals_are_those_of_the_rows(models):
    found = provenance(C, "v4", models.parent)
    assert found["line"] == ["v1", "v3", "v4"]
    assert [(p["through"], p["source"]) for p in found["portions"]][:2] == [
        ("v1", "krx_samples"),
        ("v3", "site_reports"),
    ]
    for name in ("rows", "replayed", "tokens"):
        assert found["totals"][name] == sum(p[name] for p in found["portions"]) > 0
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("licences", "term", "because"),
    [
        ({}, "allowed", ["krx_samples", "site_reports", "questions", "rules"]),
        ({"rules": "unknown"}, "unknown", ["rules"]),
        ({"rules": "unknown", "krx_samples": "forbidden"}, "forbidden", ["krx_samples"]),
        ({"accounting": "forbidden"}, "allowed", ["krx_samples", "site_reports", "questions", "rules"]),
    ],
    ids=["all allow", "one is unknown", "an ancestor's forbids", "a side branch binds nobody"],
)
def test_the_strictest_term_of_the_whole_line_binds(models, licences, term, because):
    found = provenance(licensed(**licences), "v4", models.parent)
    for use in ("redistribution", "commercial"):
        assert found["obligations"][use] == {"term": term, "because": because}
    text = said(found)[0]
    assert term in text and (term == "allowed" or text.count(because[0]) == 1)


def test_an_exclusion_tells_who_saw_the_source_all_the_same(models):
    found = provenance(C, "v4", models.parent)
    assert found["excluded"]["scope"] == "mix"
    assert [(x["source"], x["seen_by"]) for x in found["excluded"]["sources"]] == [("krx_samples", ["v1", "v3"])]
    assert "Excluded, scope mix: krx_samples; v1 and v3 of its line saw it, so it is inside." in said(found)
    assert "Excluded, scope mix: krx_samples; no ancestor saw it." in said(provenance(C, "v4_clean", models.parent))
    assert "Excluded: nothing." in said(provenance(C, "v1", models.parent))


def test_an_adapter_trained_before_the_exclusion_says_so(models):
    spec = C.versions["v1"].model_copy(update={"exclude": ("krx_samples",)})
    c = C.model_copy(update={"versions": C.versions | {"v1": spec}})
    assert any(
        "v1 was trained on it before it was excluded" in line for line in said(provenance(c, "v1", models.parent))
    )


def test_a_withdrawn_source_is_inside_until_its_versions_are_trained_again(models):
    found = provenance(changed("krx_samples", withdrawn="all"), "v4", models.parent)
    (one,) = found["withdrawn"]
    assert one["source"] == "krx_samples" and set(one["through"]) == {"v1", "v3"} and one["through"]["v3"] == 11
    assert any("still inside through v1 (100 rows), v3 (11 rows)" in line for line in said(found))
    gone = provenance(changed("accounting", withdrawn="all"), "v4", models.parent)
    assert "Withdrawn: all of accounting; none of it is inside." in said(gone)


def test_a_withdrawn_document_is_searched_in_the_mixes_that_were_trained_on(models):
    document, c = "d" * 64, changed("site_reports", withdrawn=("d" * 64,))
    root = models.parent
    for version, documents in (("v1", []), ("v3", [document]), ("v4", [])):
        files = [root / f"data/mixes/{version}/{part}.jsonl" for part in ("own", "replay")]
        files[0].write_text("".join(json.dumps({"documents": d}) + "\n" for d in (documents, documents, [])))
        files[1].write_text("")
        record = json.loads((models / version / "lineage.json").read_text())
        change(models, version, mix=record["mix"] | {"sha256": sha256_of([sha256(file) for file in files])})
    (one,) = provenance(c, "v4", root)["withdrawn"]
    assert (one["documents"], one["through"], one["unsure"]) == ([document], {"v3": 2}, [])
    (root / "data/mixes/v3/own.jsonl").write_text("")
    found = provenance(c, "v4", root)
    assert (found["withdrawn"][0]["through"], found["withdrawn"][0]["unsure"]) == ({}, ["v3"])
    assert any("perhaps inside through v3" in line for line in said(found))


def test_the_terminal_shows_every_portion_and_the_total(models):
    from rich.console import Console

    console = Console(width=160, record=True, file=StringIO())
    found = provenance(C, "v4", models.parent)
    for part in rendered(found):
        console.print(part)
    text = console.export_text()
    assert f"{found['totals']['tokens']:,}" in text and "base → v1 → v3 → v4" in text and "KRX material" in text
