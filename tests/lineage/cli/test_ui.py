import sys

import pytest

from lineage.cli.main import main


def test_the_servers_program_reads_the_arguments(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)  # put back afterwards
    with pytest.raises(SystemExit) as end:
        main(["ui", "--mlflow-port", "5001", "--help"])
    assert end.value.code == 0
    assert "usage: lineage ui" in (shown := capsys.readouterr().out) and "--prefect-port" in shown
