import shutil
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from lineage.artifacts.manifest import read_manifest
from lineage.bisect import scratch_workspace
from lineage.bisect.asked_readings import asked_variant
from lineage.bisect.probe import row_probe, set_probe
from lineage.bisect.stored_readings import stored_readings
from lineage.bisect.variant import blamed, variant_spec
from lineage.bisect.variant_workspace import VariantWorkspace, kept_variant
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.evaluation.heldout import heldout_sets
from lineage.reporting.workspace import read_workspace
from tests import tiny

ROOT = Path(__file__).parents[3]


def everything() -> dict[str, str]:
    """Every file of the workspace but those of .state, by its hash."""
    files = [p for p in sorted(Path().rglob("*")) if p.is_file() and ".state" not in p.parts]
    return {file.as_posix(): sha256(file) for file in files}


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What DVC would be asked to run, run here by the stages' own functions; code is not copied for it."""
    ran: list[tuple[str, ...]] = []

    def repro(scratch: Any, *stages: str) -> None:
        ran.append(stages)
        with chdir(scratch.root):
            for stage in stages:
                kind, _, name = stage.partition("@")
                if kind in ("mix", "train"):
                    {"mix": tiny.mix, "train": tiny.train}[kind](load_curriculum(), name)

    monkeypatch.setattr(VariantWorkspace, "repro", repro)
    monkeypatch.setattr(scratch_workspace, "CODE", ())
    return ran


def test_a_variant_is_trained_beside_the_workspace_which_stays_as_it_is(
    lineage_copy: Path, in_this_process: list[tuple[str, ...]]
) -> None:
    before = everything()
    c = load_curriculum()
    of = blamed(c, "v1", 1.0)
    assert not of.differs and kept_variant(of, frozenset({"companies"})) is None
    scratch = VariantWorkspace(c, of)
    name = scratch.with_variant(frozenset({"companies"}))
    manifest = read_manifest(name, scratch.root)
    assert set(manifest.mix.sources) == {"samples"} and manifest.parent == "base"
    assert kept_variant(of, frozenset({"companies"})) == manifest
    assert everything() == before, "models, mixes, params.yaml: nothing of the workspace changed"
    scratch.remove()
    assert not scratch.root.exists()
    ran = len(in_this_process)
    assert VariantWorkspace(c, of).with_variant(frozenset({"companies"})) == name
    assert in_this_process[ran:] == [("check", "mix@v1")], "a variant that is kept is not trained again"


def test_the_control_of_a_sound_version_is_the_version(lineage_copy: Path, in_this_process: list[Any]) -> None:
    c = load_curriculum()
    of = blamed(c, "v1", 1.0)
    scratch = VariantWorkspace(c, of)
    assert read_manifest(scratch.with_variant(frozenset()), scratch.root).adapter == read_manifest("v1").adapter


def test_a_variant_is_read_as_the_versions_whose_results_are_stored(
    lineage_copy: Path, in_this_process: list[Any]
) -> None:
    c, w = load_curriculum(), read_workspace(load_curriculum())
    scratch = VariantWorkspace(c, blamed(c, "v1", 1.0))
    name = scratch.with_variant(frozenset())
    sets = heldout_sets(c.evaluation.rows)
    probes = [set_probe(sets, s.name) for s in sets] + [row_probe(sets, r.id) for s in sets for r in s.records]
    for probe in probes:
        stored = stored_readings(w, probe, ["v1"])["v1"]
        with chdir(scratch.root):
            read = asked_variant(scratch.c, probe, name, read_manifest(name).adapter)
        assert read.nll == pytest.approx(stored.nll, abs=1e-5) and read.right == stored.right, probe.name
    assert len(probes) > 10 and any(stored_readings(w, p, ["v1"])["v1"].right is not None for p in probes)


def test_records_that_no_longer_give_its_mix_are_refused(lineage_copy: Path, in_this_process: list[Any]) -> None:
    c = load_curriculum()
    records = Path("data/records/samples/records.jsonl")
    records.write_text("".join(records.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    with pytest.raises(LineageError, match="drawn again from the records that are here, its mix is not the one"):
        VariantWorkspace(c, blamed(c, "v1", 1.0)).with_variant(frozenset({"companies"}))


def test_what_stays_is_seen_as_often(lineage_here: Path) -> None:
    c = load_curriculum()
    of = blamed(c, "v1", 1.0)
    tokens = {source: one.tokens for source, one in of.manifest.mix.sources.items()}
    assert of.share(frozenset({"companies"})) == pytest.approx(tokens["samples"] / sum(tokens.values()))
    assert variant_spec(c, of, frozenset({"companies"}))["train"]["budget_scale"] == 1.0, "epochs count passes already"
    budget = c.active.model_copy(update={"budget": c.active.budget.model_copy(update={"epochs": None, "tokens": 900})})
    in_tokens = c.model_copy(update={"profiles": {"cpu": budget}})
    spec = variant_spec(in_tokens, of, frozenset({"companies"}))
    assert spec["train"]["budget_scale"] == pytest.approx(of.share(frozenset({"companies"})), abs=1e-6)
    assert list(spec["mix"]) == ["samples"] and spec["parent"] == "base"


@pytest.mark.slow
def test_dvc_runs_in_the_scratch_workspace(lineage_copy: Path) -> None:
    for name in ("stages", "lineage"):
        shutil.copytree(ROOT / name, name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("dvc.yaml", ".dvcignore"):
        shutil.copy(ROOT / file, file)
    before = everything()
    c = load_curriculum()
    scratch = VariantWorkspace(c, blamed(c, "v1", 1.0))
    scratch._make()
    assert (scratch.root / "dvc.lock").is_file() and everything() == before
    assert sha256(scratch.root / "data/mixes/v1/own.jsonl") == before["data/mixes/v1/own.jsonl"]
