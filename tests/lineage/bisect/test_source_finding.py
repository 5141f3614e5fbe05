"""The search in a tiny lineage that was trained, with stand-ins for what costs: training and asking a variant."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.manifest import read_manifest
from lineage.bisect import source_finding
from lineage.bisect.probe import Probe, Reading
from lineage.bisect.source_finding import SourceFinding, find_source
from lineage.bisect.turning_point import LineStep, TurningPoint
from lineage.bisect.variant_workspace import VARIANTS
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from tests import tiny

PROBE = Probe("free", "1번 상품은?", "채권", by="contains")
BEFORE, AFTER = 0.2, 3.2


class Standins:
    """Variants that are trained by a line in a list, and read by what they lack. `nll` is by what is left out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, nll: Any) -> None:
        self.trained: list[frozenset[str]] = []
        self.asked: list[str] = []
        stand = self

        class Scratch:
            def __init__(self, c: Any, of: Any) -> None:
                self.c, self.of, self.root = c, of, Path.cwd()

            def with_variant(self, left_out: frozenset[str]) -> str:
                folder = VARIANTS / self.of.key(left_out)
                if not folder.is_dir():
                    stand.trained.append(left_out)
                    folder.mkdir(parents=True)
                    (folder / "adapter_model.safetensors").write_bytes(b"x")
                    manifest = json.loads(Path("models/v1/lineage.json").read_text(encoding="utf-8"))
                    name = "+".join(sorted(left_out))
                    manifest |= {"adapter": sha256(Path("params.yaml"))[:32] + f"{name:_>32}"[-32:]}
                    (folder / "lineage.json").write_text(json.dumps(manifest), encoding="utf-8")
                return "+".join(sorted(left_out))

            def remove(self) -> None:
                pass

        def asked(c: Any, probe: Probe, name: str, adapter: str) -> Reading:
            stand.asked.append(name)
            return Reading(name, nll(frozenset(filter(None, name.split("+")))))

        monkeypatch.setattr(source_finding, "VariantWorkspace", Scratch)
        monkeypatch.setattr(source_finding, "asked_variant", asked)


def found(probe: Probe = PROBE, **chosen: Any) -> SourceFinding:
    point = TurningPoint("broke", LineStep(Reading("base", BEFORE), Reading("v1", AFTER)), "likelihood")
    return find_source(load_curriculum(), probe, point, say=lambda line: None, **({"train": True} | chosen))


def without(source: str) -> Any:
    return lambda left_out: BEFORE + 0.3 if source in left_out else AFTER


@pytest.mark.parametrize("source", ["samples", "companies"])
def test_the_source_is_found_and_a_second_call_trains_and_asks_nothing(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    stand = Standins(monkeypatch, without(source))
    first = found()
    assert (first.outcome, first.source, first.version) == ("found", source, "v1")
    assert first.found and first.found.share(source) == pytest.approx(0.9)
    assert first.trained == len(stand.trained) <= first.cost.variants
    again = found(train=False)
    assert again.source == source and again.trained == 0 and len(stand.asked) == first.trained
    other = found(Probe("free", "2번 상품은?", "채권", by="contains"))
    assert other.source == source and other.trained == 0, "variants know nothing of the question"
    assert len(stand.asked) == 2 * first.trained


def test_nothing_is_trained_before_somebody_says_so(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Standins(monkeypatch, without("samples"))
    first = found(train=False)
    assert first.outcome == "to_train" and first.source is None and not stand.trained
    assert first.cost.variants == 2 and first.cost.seconds and not first.cost.control


def test_a_change_that_no_source_accounts_for_names_nobody(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Standins(monkeypatch, lambda left_out: AFTER - 0.5 * len(left_out))
    assert (found().outcome, found().source) == ("shared", None)


def test_a_control_is_trained_where_the_version_is_none(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Standins(monkeypatch, lambda left_out: 1.7 if not left_out else BEFORE if "samples" in left_out else 1.6)
    first = found(scale=0.5)
    assert first.source == "samples" and frozenset() in stand.trained and first.control and first.control.nll == 1.7
    assert first.found and first.found.share("samples") == pytest.approx(1.0), "measured against the control"
    Standins(monkeypatch, lambda left_out: BEFORE)
    with pytest.raises(LineageError, match=r"does not show what is looked for: the NLL .* changes by \+0\.00"):
        found(scale=0.25)


def test_a_mix_of_one_source_and_a_gap_in_the_line_train_nothing(
    lineage_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = Standins(monkeypatch, without("problems"))
    step = LineStep(Reading("v1", BEFORE), Reading("v2", AFTER))
    c = load_curriculum()
    alone = find_source(c, PROBE, TurningPoint("broke", step, "likelihood"), train=True)
    assert (alone.outcome, alone.source, stand.trained) == ("alone", "problems", [])
    gap = LineStep(Reading("base", BEFORE), Reading("v2", AFTER), skipped=("v1",))
    with pytest.raises(LineageError, match="run `dvc repro evaluate@v1`"):
        find_source(c, PROBE, TurningPoint("broke", gap, "likelihood"), train=True)


def test_a_version_that_is_not_what_lies_here_is_refused(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Standins(monkeypatch, without("samples"))
    rows = Path("data/mixes/v1/own.jsonl")
    rows.write_text(rows.read_text(encoding="utf-8").replace("채권", "주식"), encoding="utf-8")
    with pytest.raises(LineageError, match="not the rows that v1 was trained on"):
        found()


def test_other_records_or_settings_are_other_variants(lineage_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Standins(monkeypatch, without("samples"))
    found()
    before = len(stand.trained)
    records = Path("data/records/companies/records.jsonl")
    records.write_text(records.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert found(train=False).outcome == "to_train", "a variant may choose from other rows"
    assert len(stand.trained) == before
    Path("params.yaml").write_text(
        yaml.safe_dump(tiny.params(**{"profiles.cpu.learning_rate": 0.01}), allow_unicode=True), encoding="utf-8"
    )
    changed = found(train=False)
    assert "settings in params.yaml are others" in changed.cost.control and changed.cost.variants == 3


def test_the_manifest_that_the_stand_ins_copy_is_real(lineage_here: Path) -> None:
    assert set(read_manifest("v1").mix.sources) == {"samples", "companies"}
