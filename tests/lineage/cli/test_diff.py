from pathlib import Path

from tests.lineage.cli.words import refused


def test_diff_outside_a_repository_is_refused(workspace: Path) -> None:
    assert "not inside of a DVC repository" in refused("diff", "--json")
