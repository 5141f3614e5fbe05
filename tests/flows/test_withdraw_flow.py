"""What the withdrawal flow shows before it asks, and that a no changes nothing."""

import logging
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import withdraw_flow
from flows.asking import Reply
from flows.withdraw_flow import reached, withdraw_subject
from lineage.config.load import load_curriculum
from lineage.core.errors import LineageError
from lineage.withdrawal.markers import Subject
from lineage.withdrawal.reach import Reach

SHA = "6" * 64


def test_what_it_would_reach_is_a_table_with_the_files_that_go(workspace: Path) -> None:
    raw = tuple(Path(f"data/raw/own/site_reports/{number:02} [보고서].pdf") for number in range(32))
    what = Subject(SHA)
    text = reached(
        load_curriculum(), SHA, Reach(what, raw, (), {"site_reports": ("a", "b")}, {"v3": 2}, {"v4": "continues v3"})
    )
    assert "| records | site_reports | 2 |" in text and "| mix | v3 | 2 rows |" in text
    assert "| adapter, trained again | v4 | continues v3 |" in text
    assert "- data/raw/own/site_reports/00 \\[보고서\\].pdf" in text and "- 2 more" in text


def test_only_a_yes_withdraws(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Path("params.yaml").read_bytes()
    shown: list[str] = []
    monkeypatch.setattr(withdraw_flow, "get_run_logger", lambda: logging.getLogger("test"))
    monkeypatch.setattr(withdraw_flow, "create_markdown_artifact", lambda text, **_: shown.append(text))
    monkeypatch.setattr(withdraw_flow, "asked", lambda *_: Reply(answer="no", name="회의"))
    state: Any = withdraw_subject.fn(source="accounting")
    assert (state.name, state.message) == ("Declined", "회의 said no; nothing was changed")
    assert "# accounting reached" in shown[0]
    for wrong in ({}, {"source": "rules", "document": SHA}):
        with pytest.raises(LineageError, match="one of the two"):
            withdraw_subject.fn(**wrong)
    with pytest.raises(LineageError, match="'rule' is neither a source"):
        withdraw_subject.fn(source="rule")
    assert Path("params.yaml").read_bytes() == before

    def fails(title: str, command: list[str], **_: Any) -> tuple[int, list[str]]:
        assert command[-3:] == ["withdraw", "accounting", "--yes"]
        return 1, ["✗ something is left, see the table"]

    monkeypatch.setattr(withdraw_flow, "asked", lambda *_: Reply(answer="yes", name="회의"))
    monkeypatch.setattr(withdraw_flow, "compute", fails)
    monkeypatch.setattr(withdraw_flow, "alone", lambda: nullcontext(SimpleNamespace(fileno=lambda: 0)))
    with pytest.raises(LineageError, match=r"accounting: something is left.*lineage withdraw accounting"):
        withdraw_subject.fn(source="accounting")
