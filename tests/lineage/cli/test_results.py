from pathlib import Path

from tests.lineage.cli.words import refused


def test_results_before_there_is_a_report(workspace: Path) -> None:
    assert "dvc repro report" in refused("results")
