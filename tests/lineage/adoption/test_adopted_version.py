"""An adopted version in the graph: checked again, published like any other, continued, and marked wherever it shows."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.adoption.adopt import adopt
from lineage.artifacts.ingest_counts import write_ingest_counts
from lineage.cli.main import main
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256, write_json
from lineage.planning.readiness import drifted_packages
from lineage.provenance.ancestry import inside, licences_of
from lineage.provenance.obligations import provenance, said
from tests import tiny
from tests.finished import renamed
from tests.lineage.adoption import foreign


def publish(c: Curriculum, version: str) -> Path:
    """What `train` does for an adopted version."""
    from lineage.adoption.adopted_version import publish_adopted

    with appearing(Path("models", version)) as (out,):
        publish_adopted(c, c.version(version), out)
    return Path("models", version)


def adopted(**config: Any) -> Curriculum:
    """v4, adopted as a child of v3."""
    folder = foreign.adapter(Path("theirs"), **config)
    identity = json.loads(Path("models/base/base.json").read_text())["identity"]
    foreign.config(folder, base_model_name_or_path=f"base:{identity[:12]}")
    foreign.tokenizer(folder)
    adopt(load_curriculum(), folder, "v4", "v3", "bought")
    return load_curriculum()


@pytest.fixture
def v4(lineage_copy: Path) -> Curriculum:
    return adopted()


@pytest.fixture(scope="module")
def continued(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """v4 adopted with a larger r, v5 trained on it with replay, all measured."""
    root = tmp_path_factory.mktemp("adopted") / "lineage"
    shutil.copytree(built, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("OMP_NUM_THREADS", "1")
        c = adopted(r=16, lora_alpha=16)
        tree = yaml.safe_load(Path("params.yaml").read_text())
        tree["versions"]["v5"] = tree["versions"]["v3"] | {"parent": "v4", "because": "goes on", "replay": 0.4}
        Path("params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False))
        c = load_curriculum()
        tiny.mix(c, "v4")
        publish(c, "v4")
        tiny.mix(c, "v5")
        tiny.train(c, "v5")
        for version in ("v4", "v5"):
            tiny.evaluate(c, version)
    yield root


@pytest.fixture
def line(continued: Path, monkeypatch: pytest.MonkeyPatch) -> Curriculum:
    monkeypatch.chdir(continued)
    monkeypatch.setenv("COLUMNS", "300")
    return load_curriculum()


def test_what_it_is_called_is_no_part_of_its_fingerprint(v4: Curriculum) -> None:
    shutil.copytree("data/adopted/v4", "data/adopted/bought")
    names = {"v3": "plan", "v4": "bought"}
    shutil.copytree("models/v3", "models/plan")
    c = renamed(json.loads(v4.model_dump_json(exclude_none=True)), names)
    said = [json.loads((publish(*of) / "lineage.json").read_text()) for of in ((v4, "v4"), (c, "bought"))]
    assert said[1] == said[0] | {"version": "bought", "parent": "plan"}


def test_its_folder_is_that_of_any_version(v4: Curriculum) -> None:
    folder = publish(v4, "v4")
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in Path("models/v3").iterdir())
    record, other = (json.loads(Path("models", v, "lineage.json").read_text()) for v in ("v4", "v3"))
    assert set(record) == {*other, "adopted"}
    assert record["adapter"] == sha256(folder / "adapter_model.safetensors") == v4.versions["v4"].train.adopted
    assert record["parent_adapter"] == other["adapter"]
    assert json.loads((folder / "adapter_config.json").read_text()) == json.loads(
        Path("models/v3/adapter_config.json").read_text()
    )
    assert sha256(folder) == sha256(publish(v4, "v4")), "the same inputs, the same bytes"


def test_the_next_version_trains_on_it(line: Curriculum) -> None:
    from safetensors.torch import load_file

    record = json.loads(Path("models/v5/lineage.json").read_text())
    assert record["parent_adapter"] == line.versions["v4"].train.adopted
    assert (record["lora"]["r"], record["lora"]["alpha"]) == (16, 16), "its larger r goes on"
    before, after = (load_file(f"models/{v}/adapter_model.safetensors") for v in ("v4", "v5"))
    assert before.keys() == after.keys()
    assert any(not before[key].equal(after[key]) for key in before)
    replayed = json.loads(Path("data/mixes/v5/mix.json").read_text())["replay"]
    assert replayed["rows"] and "v4" not in replayed["from"], "of an adopted version there is nothing to replay"


def test_a_changed_file_is_not_published(v4: Curriculum) -> None:
    foreign.tensors(Path("data/adopted/v4"), lambda found: {k: t * 2 for k, t in found.items()})
    with pytest.raises(LineageError, match=r"its SHA-256 is .* bring it back with `dvc checkout data/adopted/v4\.dvc`"):
        publish(v4, "v4")
    shutil.rmtree("data/adopted/v4")
    with pytest.raises(LineageError, match="lineage adopt <folder> --as v4 --parent v3"):
        publish(v4, "v4")
    assert not Path("models/v4").exists()


@pytest.mark.parametrize(("field", "why"), [("identity", "another base"), ("template", "another template")])
def test_what_it_was_held_against_has_changed(field: str, why: str, v4: Curriculum) -> None:
    file = Path("models/base/base.json")
    record = json.loads(file.read_text())
    record[field] = "f" * 64 if field == "identity" else {"name": "x", "sha256": "f" * 64}
    write_json(file, record)
    with pytest.raises(LineageError, match=f"adopted under {why}.*adopt it again"):
        publish(v4, "v4")


def test_a_chain_of_another_shape_is_noticed(v4: Curriculum) -> None:
    tree = yaml.safe_load(Path("params.yaml").read_text())
    tree["chain"]["lora"]["alpha"] = 24
    Path("params.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(LineageError, match="alpha: 8"):
        publish(load_curriculum(), "v4")
    file = Path("data/adopted/v4/adapter_config.json")
    write_json(file, json.loads(file.read_text()) | {"lora_alpha": 24})
    tree["versions"]["v4"]["train"]["r"] = 32
    Path("params.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(LineageError, match=r"versions\.v4\.train\.r: it is 32, the adapter's is 8"):
        publish(load_curriculum(), "v4")


# Everywhere it shows, its data is unknown, and so is that of its child.


@pytest.mark.parametrize("version", ["v4", "v5"])
def test_nothing_is_allowed_and_totals_are_lower_bounds(version: str, line: Curriculum, capsys) -> None:
    facts = provenance(line, version)
    assert facts["unknown"] == ["v4"]
    assert {one["term"] for one in facts["obligations"].values()} == {"unknown"}, "every source of it allows everything"
    assert provenance(line, "v3")["obligations"]["commercial"]["term"] == "allowed"
    sentences = said(facts)
    assert "trained elsewhere, on data that nobody here knows" in sentences[0]
    assert "because of whatever v4 was trained on elsewhere." in sentences[1]
    main(["provenance", version])
    out = capsys.readouterr().out
    assert f"at least {facts['totals']['rows']}" in out


def test_a_forbidden_source_stays_stricter_than_the_unknown(line: Curriculum) -> None:
    own = line.licences["own"].model_copy(update={"commercial": "forbidden"})
    whole = line.model_copy(update={"licences": {"own": own}})
    assert provenance(whole, "v5")["obligations"]["commercial"]["term"] == "forbidden"


def test_no_promise_is_made_about_exclusions_and_withdrawals(line: Curriculum) -> None:
    assert any("whether v4 saw it is unknown" in sentence for sentence in said(provenance(line, "v5")))
    gone = line.sources["company_reports"].model_copy(update={"withdrawn": "all"})
    later = line.model_copy(update={"sources": line.sources | {"company_reports": gone}})
    (one,) = provenance(later, "v5")["withdrawn"]
    assert (one["through"], one["unsure"]) == ({}, ["v4"])
    assert inside("v5", licences_of(line)).adopted == ("v4",)


def test_show_results_and_packages(line: Curriculum, capsys) -> None:
    main(["show"])
    assert "adopted · adapter" in capsys.readouterr().out
    assert not [drift for drift in drifted_packages(line) if drift.startswith("v4")], "whichever trained it"


def test_report_cards_and_runs_are_marked(line: Curriculum, tmp_path: Path, capsys) -> None:
    from lineage.reporting.report import report
    from lineage.tracking.run_contents import read_facts
    from stages.contamination import main as contamination

    contamination()
    with appearing(Path("reports")) as (out,):
        report(line, out)
    compared = json.loads(Path("reports/comparison.json").read_text())["versions"]
    assert [compared[v]["unknown"] for v in ("v3", "v4", "v5")] == [[], ["v4"], ["v4"]]
    for version in ("v4", "v5"):
        card = Path("reports/cards", f"{version}.md").read_text(encoding="utf-8")
        assert "Unknown data inside.** v4 was trained elsewhere" in card
        assert "- unknown: whatever v4 was trained on elsewhere" in card
        assert "met no held-out row" not in card
        assert "nobody can say that the figures above are clean" in card or version == "v4"
    assert "In all: at least" in card
    assert "Unknown data" not in Path("reports/cards/v3.md").read_text(encoding="utf-8")
    assert "(r 16, alpha 16)" in card
    page = Path("reports/lineage.html").read_text(encoding="utf-8")
    assert "total, at least" in page and "v4 was trained elsewhere" in page
    assert "very measure" not in page, "nobody can say that all is clean"
    assert "trained elsewhere, with PEFT" in page
    assert "trained elsewhere, no held-out set is its own" in page and "not compared" not in page
    assert page.count("<td>?</td>") == 8, "its mix has not 0 rows: v4's rows and tokens, and in the parts of v4 and v5"
    runs = {one.name: one for one in read_facts()}
    assert runs["v4"].tags["mix"] == "unknown" and runs["v4"].params["adopted.tool"] == "PEFT"
    assert runs["v5"].tags["unknown_data"] == "v4"
    assert "unknown_data" not in runs["v3"].tags
    main(["results"])
    assert "v4" in capsys.readouterr().out


def test_data_cards_of_a_mix_without_rows(line: Curriculum) -> None:
    from lineage.datacards.cards import cards
    from lineage.datacards.checking import mistakes

    for source in line.sources:
        write_ingest_counts(Path("data/records", source), tiny.counts(source, 1))
    with appearing(Path("data/cards")) as (out,):
        cards(line, out)
    card = Path("data/cards/mixes/v4.md").read_text(encoding="utf-8")
    assert "trained elsewhere, on data that is unknown here" in card and "There are no rows." in card
    assert "What v4 is trained on" not in card
    assert [line for line in mistakes() if "/v4" in line] == []


def test_check_and_withdraw_know_it(line: Curriculum, capsys, monkeypatch, tmp_path: Path) -> None:
    from lineage.cli.check import check
    from lineage.withdrawal.withdraw import plan

    plan(line, "company_reports")  # a version without a mix is none that a withdrawal would empty
    check(line)
    assert "v4 can be built" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    check(line)
    said_there = capsys.readouterr().out
    assert "v4 cannot be built: data/adopted/v4 is not here" in said_there
    assert "v5 cannot be built before v4" in said_there
