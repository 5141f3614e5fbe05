import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.core import journal, machine

ROOT = Path(__file__).parents[3]


def run(*words: str, code: str | None = None) -> int:
    command = [sys.executable, *(("-c", code) if code else ("-m", *words))]
    return subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    ).returncode


def test_a_stage_that_ends_well_writes_one_line_and_a_failed_one_none(workspace: Path) -> None:
    assert run("stages.check") == 0
    (line,) = journal.entries()
    assert (line["stage"], line["profile"], line["machine"]) == ("check", "cpu", machine.kind())
    assert line["peak_bytes"] > 10**7 and line["seconds"] >= 0 and line["cores"] == machine.cores()
    assert run("stages.train", "v9") == 1
    assert len(journal.entries()) == 1
    assert run("stages.check") == 0
    assert len(journal.entries()) == 2


def test_a_stage_adds_what_it_knows(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_stage", lambda: "train@v1")
    with journal.entry():
        journal.note(tokens=12, steps=3)
    with journal.entry():
        pass
    first, second = journal.entries()
    assert (first["tokens"], first["steps"]) == (12, 3)
    assert "tokens" not in second  # what was noted belongs to one run


def test_what_is_no_stage_is_not_written(workspace: Path) -> None:
    run(code="from lineage.core.stage import run_stage; run_stage(lambda inputs: None)")
    assert journal.entries() == []


def test_a_damaged_line_is_passed_over(workspace: Path) -> None:
    journal.FILE.parent.mkdir(exist_ok=True)
    whole = {"stage": "check", "seconds": 1.0}
    journal.FILE.write_text(json.dumps(whole) + '\n{"stage": "tr', encoding="utf-8")
    assert journal.entries() == [whole]


def test_a_journal_that_cannot_be_written_undoes_no_work(workspace: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(journal, "_stage", lambda: "check")
    journal.FILE.mkdir(parents=True)
    with journal.entry():
        pass
    assert "was not written" in capsys.readouterr().err


def test_a_training_names_the_adapter_that_came_of_it(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_stage", lambda: "train@v1")
    with journal.entry():
        record = Path("models/v1/lineage.json")
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text('{"adapter": "91c0ffee"}', encoding="utf-8")
    monkeypatch.setattr(journal, "_stage", lambda: "evaluate@v1")
    with journal.entry():
        pass
    trained, measured = journal.entries()
    assert trained["adapter"] == "91c0ffee" and trained["ended"] > 1_700_000_000
    assert "adapter" not in measured
