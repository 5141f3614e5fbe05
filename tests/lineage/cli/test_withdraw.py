import io
import sys
from pathlib import Path

from lineage.withdrawal.withdraw import Proof
from tests.lineage.cli.words import refused, said


def test_withdraw_shows_its_reach_and_changes_nothing_unless_sure(lineage_here: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("companies\n"))  # no terminal: nobody is asked
    before = Path("params.yaml").read_bytes()
    shown = said(capsys, "withdraw", "companies", "--dry-run")
    assert "companies reached" in shown and "records companies" in shown
    assert "nothing was changed; add --yes" in refused("withdraw", "companies")
    assert Path("params.yaml").read_bytes() == before


def test_withdraw_fails_where_something_is_left(lineage_here: Path, capsys, monkeypatch) -> None:
    import lineage.cli.withdraw as command

    def left(hits: int) -> None:
        monkeypatch.setattr(command, "withdraw", lambda reach: Proof({"data": 0, "models": hits}, {"store": 2}))

    left(1)
    assert "something is left, see the table" in refused("withdraw", "companies", "--yes")
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "models 1" in shown and "store: 2 objects are not in the local cache and were not read" in shown
    left(0)
    assert "companies is withdrawn. Commit params.yaml" in said(capsys, "withdraw", "companies", "--yes")
