from pathlib import Path

from tests.lineage.cli.words import refused


def test_cards_before_they_are_made(workspace: Path) -> None:
    assert "dvc repro cards" in refused("cards", "--check")
