"""Versions that are trained again without rows, beside the workspace."""

from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from lineage.artifacts.manifest import read_manifest
from lineage.bisect import scratch_workspace
from lineage.bisect.asked_readings import asked_line
from lineage.bisect.probe import question_probe
from lineage.bisect.scratch_workspace import ScratchWorkspace, kept_adapter
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.records.record import read_records
from lineage.trace.trained_rows import trained_line
from lineage.trace.without_rows import KEPT, asked_without, taken_out
from tests import tiny
from tests.lineage.bisect.test_variant_workspace import everything


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What DVC would be asked to run, run here by the stage's own function: the versions, and rows of their mixes."""
    ran: list[tuple[str, int]] = []

    def repro(scratch: Any, *stages: str) -> None:
        with chdir(scratch.root):
            for name in (stage.partition("@")[2] for stage in stages if stage.startswith("train")):
                tiny.train(load_curriculum(), name)
                ran.append((name, read_manifest(name).mix.rows))

    monkeypatch.setattr(ScratchWorkspace, "repro", repro)
    monkeypatch.setattr(scratch_workspace, "CODE", ())
    return ran


def test_every_version_that_saw_a_row_is_trained_without_it_and_the_workspace_stays(
    lineage_copy: Path, trained: list[tuple[str, int]]
) -> None:
    c, before = load_curriculum(), everything()
    line, _ = trained_line(c, "v3")
    replayed = next(read_records(Path("data/mixes/v3/replay.jsonl")))
    probe = question_probe([], replayed.prompt, replayed.completion, "contains", 8)
    out = taken_out(c, line, [replayed.id])
    assert out.again == ("v1", "v3") and all(out.rows.values())
    first = asked_without(c, out, [replayed.id], probe, lambda line: None)
    rows = {one.name: one.manifest.mix.rows for one in line}
    assert trained == [(name, rows[name] - out.rows[name]) for name in ("v1", "v3")]
    assert first.trained and first.without.nll != first.before.nll
    kept = kept_adapter(KEPT / out.key)
    assert kept and kept.adapter != read_manifest("v3").adapter and everything() == before
    again = asked_without(c, out, [replayed.id], probe, lambda line: None)
    assert (again.without, again.trained, len(trained)) == (first.without, False, 2)
    other = question_probe([], "2번 상품은?", "채권", "contains", 8)
    assert not asked_without(c, out, [replayed.id], other, lambda line: None).trained and len(trained) == 2


def test_what_a_setting_did_is_not_blamed_on_the_rows(lineage_copy: Path, trained: list[tuple[str, int]]) -> None:
    """Settings that were changed since train the version otherwise: it is compared with a control trained so too."""
    assert not taken_out(load_curriculum(), trained_line(load_curriculum(), "v3")[0], late_rows()[:1]).differs
    tree = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    tree["versions"]["v3"]["train"]["lr_scale"] = 0.001
    Path("params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    c = load_curriculum()
    line, _ = trained_line(c, "v3")
    ids = late_rows()[:1]
    out = taken_out(c, line, ids)
    assert out.differs == "v3: its settings in params.yaml are others than it was trained with"
    probe = question_probe([], "2번 상품은?", "채권", "contains", 8)
    found = asked_without(c, out, ids, probe, lambda line: None)
    assert trained == [("v3", line[-1].manifest.mix.rows), ("v3", line[-1].manifest.mix.rows - out.rows["v3"])]
    assert found.before != asked_line(c, probe, ["v3"])["v3"], "that was trained with the settings of then"
    assert not asked_without(c, out, ids, probe, lambda line: None).trained and len(trained) == 2


def late_rows() -> list[str]:
    """Rows that v3 was trained on, and v1 was not."""
    in_v1 = {record.id for record in read_records(Path("data/mixes/v1"))}
    return [r.id for r in read_records(Path("data/mixes/v3/own.jsonl")) if r.id not in in_v1]


def test_only_what_continues_a_row_is_trained_again(lineage_here: Path) -> None:
    c = load_curriculum()
    line, _ = trained_line(c, "v3")
    assert taken_out(c, line, late_rows()[:1]).again == ("v3",)
    with pytest.raises(LineageError, match="none of these rows"):
        taken_out(c, line, ["samples.prompt_answer.0000"])
