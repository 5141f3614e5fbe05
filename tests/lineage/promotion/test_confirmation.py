"""A proposal waits for one adapter and one champion, and costs one look however often it is asked about."""

import json
from pathlib import Path

import pytest

from lineage.artifacts.promotions import champion, read_promotions
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.promotion.confirmation import answer, propose, waits
from lineage.promotion.past import story
from tests.lineage.reporting.reported_world import put


def test_one_look_until_it_is_answered(world: Path) -> None:
    c = load_curriculum()
    proposal = propose(c, "v2", "회계", "회의")
    assert proposal.kind == "proposed" and proposal.look and proposal.look.number == 1
    assert propose(c, "v2", "", "김하나").entry() == proposal.entry()
    assert champion(read_promotions()) is None and "v2 at" in story(read_promotions())[0]
    entry = answer(proposal, yes=True, by="이사회")
    assert (entry.kind, entry.by, entry.because, entry.reasons) == ("promoted", "이사회", "회계", proposal.reasons)
    assert champion(read_promotions()) == read_promotions()[-1]
    with pytest.raises(LineageError, match="nothing was changed"):
        answer(proposal, yes=True, by="이사회")


def test_an_override_is_confirmed_as_one(world: Path) -> None:
    c = load_curriculum()
    assert propose(c, "v4", "", "회의").kind == "refused" and waits("v4") is None
    proposal = propose(c, "v4", "고객이 기다린다", "회의", override=True)
    assert proposal.kind == "proposed by override"
    assert propose(c, "v4", "", "회의").kind == "refused"  # who asks without an override does not get one
    again = propose(c, "v4", "고객이 기다린다", "회의", override=True)
    assert answer(again, yes=True, by="이사회").kind == "overridden"


def test_another_adapter_is_another_proposal(world: Path) -> None:
    proposal = propose(load_curriculum(), "v2", "회계", "회의")
    record = Path("models/v2/lineage.json")
    put(record, json.loads(record.read_text(encoding="utf-8")) | {"fingerprint": "9" * 64})
    assert waits("v2") is None
    with pytest.raises(LineageError, match="not built here any more"):
        answer(proposal, yes=True, by="이사회")
