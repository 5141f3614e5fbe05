import io
import sys
from pathlib import Path

from tests.lineage.cli.words import refused, said


def test_withdraw_shows_its_reach_and_changes_nothing_unless_sure(lineage_here: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("companies\n"))  # no terminal: nobody is asked
    before = Path("params.yaml").read_bytes()
    shown = said(capsys, "withdraw", "companies", "--dry-run")
    assert "companies reached" in shown and "records companies" in shown
    assert "nothing was changed; add --yes" in refused("withdraw", "companies")
    assert Path("params.yaml").read_bytes() == before
