"""A version that was trained already, perhaps under another name, is taken up; anything else is trained."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.manifest import (
    AdapterManifest,
    PreferenceInputs,
    PreferencePhase,
    parsed_manifest,
    read_manifest,
)
from lineage.config.schema import Curriculum
from lineage.core.dvc_cache import CachedObjects
from lineage.core.files import appearing, sha256
from lineage.training import earlier_code, taken_up
from lineage.training.plan import fingerprint_of
from lineage.training.taken_up import is_finished, take_up, trained_from
from tests import tiny
from tests.finished import CACHE, renamed, stored_folder
from tests.workspace import ROOT

WEIGHTS = "adapter_model.safetensors"


def object_of(version: str, name: str = "") -> Path:
    """The object of a finished version's folder, or of one of its files."""
    entry = yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"][f"train@{version}"]
    objects, oid = CachedObjects(CACHE), entry["outs"][0]["md5"]
    if name:
        files = objects.listing(oid)
        assert files
        oid = files[name]
    file = objects.place(oid)
    assert file
    return file


def finish(*versions: str, **more: Any) -> None:
    """What DVC notes and keeps of versions once they are trained."""
    lock = (
        yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8")) if Path("dvc.lock").is_file() else {"stages": {}}
    )
    for version in versions:
        out = stored_folder(Path("models", version))
        lock["stages"][f"train@{version}"] = {"cmd": f"python -m stages.train {version}", "outs": [out], **more}
    Path("dvc.lock").write_text(yaml.safe_dump(lock), encoding="utf-8")


@pytest.fixture
def here(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny lineage as DVC leaves it: in its lock and its cache."""
    monkeypatch.delenv("KRX_TRAIN_AGAIN", raising=False)
    monkeypatch.setattr(taken_up, "cached_objects", lambda: CachedObjects(CACHE))
    finish(*tiny.VERSIONS)
    return lineage_copy


def taken(c: Curriculum, version: str) -> str:
    """What the stage does before it trains; what it said of it."""
    tiny.mix(c, version)
    with appearing(Path("models", version)) as (out,):
        return take_up(c, c.version(version), out)


def test_a_renamed_line_keeps_its_adapters_and_is_what_training_would_have_made(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = renamed(tiny.params(), {"v1": "first", "v3": "plan"})
    assert taken(c, "first") == (
        "first: the adapter of v1 is taken up, nothing was trained: same mix, parent, base, settings, code and packages"
    )
    said = taken(c, "plan")
    assert said.startswith("plan: the adapter of v3 is taken up")
    for new, old, parent in (("first", "v1", "base"), ("plan", "v3", "first")):
        was, now = (json.loads(Path("models", v, "lineage.json").read_text()) for v in (old, new))
        assert now == was | {"version": new, "parent": parent}
    before = sha256(Path("models/plan"))
    shutil.rmtree("models/plan")
    assert sha256(tiny.train(c, "plan")) == before, "trained for real it has the same bytes"

    from lineage.evaluation import inference

    monkeypatch.setattr(inference, "load", lambda *_: pytest.fail("it was measured under its other name"))
    tiny.evaluate(c, "plan")
    was, now = (json.loads(Path("metrics", v, "measures.json").read_text()) for v in ("v3", "plan"))
    assert now == was | {"version": "plan", "parent": "first"}
    assert sha256(Path("metrics/plan/rows.jsonl")) == sha256(Path("metrics/v3/rows.jsonl"))


def test_a_stage_that_is_stale_for_nothing_takes_up_its_own(here: Path) -> None:
    before = sha256(Path("models/v2"))
    shutil.rmtree("models/v2")
    assert taken(tiny.curriculum(), "v2").startswith("v2: its finished adapter is taken up, nothing was trained")
    assert sha256(Path("models/v2")) == before


def test_a_base_whose_identity_covers_more_files_now_is_the_same_base(here: Path) -> None:
    """Its adapters are not trained again, and name it by the link that is there now."""
    file = Path("models/base/base.json")
    base = json.loads(file.read_text())
    file.write_text(json.dumps(base | {"identity": "e" * 64, "earlier_identity": base["identity"]}))
    was = json.loads(Path("models/v1/lineage.json").read_text())
    for version in ("v1", "v2"):
        said = taken(tiny.curriculum(), version)
        assert said.startswith(f"{version}: its finished adapter is taken up, nothing was trained"), said
    assert json.loads(Path("models/v1/lineage.json").read_text()) == was
    config = json.loads(Path("models/v1/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == f"./models/base-{'e' * 12}"
    file.write_text(json.dumps(base | {"identity": "e" * 64, "earlier_identity": "d" * 64}))
    assert not is_finished(tiny.curriculum(), tiny.curriculum().version("v1"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("versions.v2.train.lr_scale", 0.5),
        ("versions.v2.train.budget_scale", 2.0),
        ("versions.v2.train.preference", {"beta": 0.1, "lr_scale": 1.0, "budget_scale": 1.0}),
        ("versions.v2.train.r", 16),
        ("versions.v2.parent", "base"),
        ("versions.v2.mix.problems.weight", 2),
        ("versions.v2.replay", 0.2),
        ("profiles.cpu.learning_rate", 1.0e-3),
        ("profiles.cpu.compute_dtype", "bfloat16"),
        ("profiles.cpu.loss", "full"),
        ("profiles.cpu.packing", True),
        ("profiles.cpu.threads", 2),
        ("profiles.cpu.launch", {"strategy": "fsdp2"}),
        ("profiles.cpu.optimizer", "adamw_torch"),
        ("chain.lora.alpha", 16),
        ("chain.lora.rslora", True),
        ("seed", 8),
    ],
)
def test_what_would_train_another_adapter_is_trained(
    here: Path, capsys: pytest.CaptureFixture[str], field: str, value: Any
) -> None:
    c = tiny.curriculum(**{field: value})
    assert taken(c, "v2") == ""
    assert not is_finished(c, c.version("v2"))
    assert capsys.readouterr().out == "", "and nothing is said: it is no adapter of this version"


@pytest.mark.parametrize("field", ["profiles.cpu.checkpoint_steps", "evaluation.rows"])
def test_what_shapes_no_adapter_trains_none(here: Path, field: str) -> None:
    assert taken(tiny.curriculum(**{field: 3}), "v2")


def test_another_parent_s_adapter_is_another_version(here: Path) -> None:
    file = Path("models/v1/lineage.json")
    shutil.copy("models/v2/" + WEIGHTS, "models/v1/" + WEIGHTS)
    changed = json.loads(file.read_text()) | {"adapter": sha256(Path("models/v1", WEIGHTS))}
    file.write_text(json.dumps(changed), encoding="utf-8")
    assert taken(tiny.curriculum(), "v3") == ""


def test_rows_that_were_changed_since_are_trained_on(here: Path) -> None:
    """As after a withdrawal: the mix has other bytes, whatever the lock and the cache still hold."""
    rows = Path("data/records/problems/records.jsonl")
    rows.write_text("".join(rows.read_text(encoding="utf-8").splitlines(keepends=True)[1:]), encoding="utf-8")
    assert taken(tiny.curriculum(), "v2") == ""


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, flipped, Path.unlink])
@pytest.mark.parametrize("name", ["", "lineage.json", WEIGHTS, "adapter_config.json", "history.csv"])
def test_an_object_that_is_not_what_it_was_is_not_taken_up(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, damage: Callable[[Path], object]
) -> None:
    damage(object_of("v2", name))
    c = renamed(tiny.params(), {"v2": "side"})
    assert taken(c, "side") == ""
    said = capsys.readouterr().out
    if name in ("", "lineage.json"):
        assert said.startswith("side: DVC's cache lacks what was trained as v2, so whether one of them is this adapter")
    else:
        because = f"models/v2/{name} is not whole in DVC's cache"
        assert said == f"side: the adapter of v2 has the same mix, parent, base and settings, but {because}\n"


def test_weights_that_the_manifest_does_not_name_are_not_taken_up(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Changed before DVC kept them, so that every object is what its name says."""
    flipped(Path("models/v2", WEIGHTS))
    finish("v2")
    assert taken(renamed(tiny.params(), {"v2": "side"}), "side") == ""
    assert f"models/v2/{WEIGHTS} in DVC's cache is not the one that its manifest names" in capsys.readouterr().out


def test_other_code_and_other_packages_train(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    c = renamed(tiny.params(), {"v2": "side"})
    with monkeypatch.context() as patch:
        patch.setattr(taken_up, "packages", lambda trainer: read_manifest("v2").packages | {"torch": "9.9"})
        assert taken(c, "side") == "" and not is_finished(c, c.version("side"))
        assert "but its packages were others (torch 2." in capsys.readouterr().out
    monkeypatch.setattr(earlier_code, "code_identity", lambda module: "another")
    assert taken(c, "side") == ""
    assert capsys.readouterr().out.endswith("but it was trained by other code\n")


def test_code_that_is_known_to_train_the_same_does_not_train_again(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c = renamed(tiny.params(), {"v2": "side"})
    trained_by = read_manifest("v2").code
    monkeypatch.setattr(earlier_code, "code_identity", lambda module: "another")
    monkeypatch.setattr(earlier_code, "EARLIER", {"another": {trained_by}})
    assert taken(c, "side").startswith("side: the adapter of v2 is taken up, nothing was trained")


def test_what_is_known_of_earlier_code_is_known_of_the_code_of_now() -> None:
    assert set(earlier_code.EARLIER) <= {earlier_code.code_identity(earlier_code.TRAINED_BY)}, (
        "the code of training computes something else now: show that its tensors are the same, and renew the key in "
        "lineage/training/earlier_code.py, or take the entry out"
    )


def test_code_that_dvc_was_told_to_take_for_the_same_is_the_same(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `dvc commit`, the lock names the files of now beside an adapter that an older release trained."""
    monkeypatch.setattr(earlier_code, "code_identity", lambda module: "another")
    for folder in ("stages", "lineage"):
        shutil.copytree(ROOT / folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", ".dvcignore"):
        shutil.copy(ROOT / name, name)
    c = renamed(tiny.params(), {"v2": "side"})
    Path("params.yaml").write_text(yaml.safe_dump(json.loads(c.model_dump_json(exclude_none=True))), encoding="utf-8")
    code = [dep for dep in taken_up.declared("python -m stages.train side").deps if dep.startswith(("st", "li"))]
    held = [{"path": dep, "md5": taken_up._hash(dep)} for dep in code]
    finish("v2", deps=held)
    assert taken(c, "side")
    file = Path("lineage/training/sft.py")
    file.write_text(file.read_text(encoding="utf-8") + "\nX = 1\n", encoding="utf-8")
    assert taken(c, "side") == ""
    finish("v2", deps=held[1:])
    assert taken(c, "side") == ""


def test_what_a_profile_no_longer_lets_differ_is_trained(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("models/v2/lineage.json")
    changed = json.loads(file.read_text())
    changed["effective"]["optimizer"] = "adamw_torch"
    file.write_text(json.dumps(changed), encoding="utf-8")
    finish("v2")
    assert taken(tiny.curriculum(), "v2") == ""
    assert "its optimizer was adamw_torch, which profiles.cpu.may_differ forbids" in capsys.readouterr().out
    assert taken(tiny.curriculum(**{"profiles.cpu.may_differ": ["optimizer"]}), "v2")


def test_who_asks_for_training_gets_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    c = tiny.curriculum()
    monkeypatch.setenv("KRX_TRAIN_AGAIN", "1")
    assert taken(c, "v2") == "" and not is_finished(c, c.version("v2"))
    monkeypatch.setenv("KRX_TRAIN_AGAIN", "0")
    assert taken(c, "v2")
    monkeypatch.setenv("KRX_FORCE", "1")
    assert taken(c, "v2") == "" and not is_finished(c, c.version("v2"))


def test_the_stage_takes_up_before_anything_is_loaded(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from stages import train

    before = sha256(Path("models/v2"))
    shutil.rmtree("models/v2")
    for name in ("train", "refuse_what_cannot_fit", "prefetching"):
        monkeypatch.setattr(train, name, lambda *_: pytest.fail("nothing is trained"))
    monkeypatch.setattr("sys.argv", ["stages/train.py", "v2"])
    train.main()
    assert capsys.readouterr().out.startswith("v2: its finished adapter is taken up, nothing was trained: same mix,")
    assert sha256(Path("models/v2")) == before


@pytest.mark.parametrize("version", tiny.VERSIONS)
def test_a_manifest_tells_its_own_fingerprint(lineage_here: Path, version: str) -> None:
    c, manifest = tiny.curriculum(), read_manifest(version)
    assert fingerprint_of(trained_from(manifest), c.active, c.versions[version].train) == manifest.fingerprint
    other = trained_from(manifest).model_copy(update={"version": "another", "parent": "another"})
    assert fingerprint_of(other, c.active, c.versions[version].train) == manifest.fingerprint


def test_a_second_phase_is_a_part_of_the_fingerprint_that_a_manifest_tells(lineage_here: Path) -> None:
    c, first = tiny.curriculum(), read_manifest("v2")
    train = c.versions["v2"].train
    pairs = PreferenceInputs(beta=0.1, steps=3, learning_rate=1e-3, trained_tokens=9, pairs=2, sources={})
    planned = trained_from(first).model_copy(update={"preference": pairs})
    phase = PreferencePhase(**dict(pairs), requested={"beta": 0.1}, effective={"beta": 0.1})
    whole = first.model_copy(update={"preference": phase})
    read = parsed_manifest(json.dumps(whole.to_json()).encode(), Path("lineage.json"), "")
    assert isinstance(read, AdapterManifest)
    assert fingerprint_of(trained_from(read), c.active, train) == fingerprint_of(planned, c.active, train)
    assert fingerprint_of(planned, c.active, train) != first.fingerprint


def test_a_base_in_a_folder_counts_by_its_files_and_not_by_its_place(lineage_here: Path) -> None:
    c, inputs = tiny.curriculum(), trained_from(read_manifest("v2"))

    def at(**base: Any) -> str:
        moved = inputs.base.model_copy(update=base)
        return fingerprint_of(inputs.model_copy(update={"base": moved}), c.active, c.versions["v2"].train)

    origin = inputs.base.origin.model_copy(update={"build": None, "path": "here"})
    elsewhere = origin.model_copy(update={"path": "elsewhere"})
    assert at(origin=origin) == at(origin=elsewhere) != at(origin=origin, identity="another")
