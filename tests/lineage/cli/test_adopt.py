from pathlib import Path

from tests.lineage.cli.words import refused


def test_adopting_from_nowhere_names_the_folder_and_changes_nothing(workspace: Path) -> None:
    before = Path("params.yaml").read_bytes()
    assert "nowhere: no such folder" in refused("adopt", "nowhere", "--as", "v4", "--parent", "v3")
    assert Path("params.yaml").read_bytes() == before
