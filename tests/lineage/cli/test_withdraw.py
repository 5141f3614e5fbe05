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

    at, unseen, runs = {"data": 0}, {"store": 2}, ("MLflow run v2 1a2b",)

    def left(hits: int) -> None:
        monkeypatch.setattr(command, "withdraw", lambda reach: Proof(at | {"models": hits}, unseen, runs=runs))

    left(1)
    assert "something is left, see the table" in refused("withdraw", "companies", "--yes")
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "models 1" in shown and "store: 2 objects are not in the local cache and were not read" in shown
    assert "MLflow run v2 1a2b: what its adapter was trained on is not known here any more" in shown
    left(0)
    shown = said(capsys, "withdraw", "companies", "--yes")
    assert "companies is withdrawn. Commit params.yaml" in shown and "still answers with what it has loaded" in shown


def test_votes_on_what_is_gone_are_left_to_people(lineage_here: Path, capsys, monkeypatch) -> None:
    import lineage.cli.withdraw as command

    proof = Proof({"data": 0, "data/raw/own/liked/votes.jsonl": 2}, {})
    monkeypatch.setattr(command, "withdraw", lambda reach: proof)
    assert "something is left, see the table" in refused("withdraw", "companies", "--yes")
    assert "lineage withdraw liked; otherwise take the lines out" in capsys.readouterr().out
