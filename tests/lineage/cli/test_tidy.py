import json
from pathlib import Path

import pytest
import yaml

from lineage.cli.main import main
from lineage.core.stage import only_writer
from tests import tiny
from tests.lineage.cli.words import refused, said


def leave_some() -> list[Path]:
    """Of a source and two versions that are gone, and of a base that a person put there."""
    made = [Path(room, "gone") for room in ("data/records", "data/heldout", "data/mixes", "metrics")]
    for folder in (*made, Path("models/qwen"), Path("data/raw/own/gone"), Path(".state/scratch/models.v3")):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rows.jsonl").write_text("x" * 2_000_000, encoding="utf-8")
    (Path("models/v2")).rename("models/was_v2")
    return [*made, Path("models/was_v2"), Path(".state/scratch")]


def test_tidy_lists_and_only_then_removes_what_no_version_needs(lineage_copy: Path, capsys) -> None:
    assert "nothing is left" in said(capsys, "tidy")
    gone = leave_some()
    shown = said(capsys, "tidy")
    for folder in gone:
        assert str(folder) in shown
    assert "data/records/gone 2 MB no source gone in params.yaml" in " ".join(shown.replace("┃", " ").split())
    assert "models/qwen" not in shown and "data/raw" not in shown
    assert "nothing was changed; to remove it: lineage tidy --yes" in shown and all(f.exists() for f in gone)
    shown = said(capsys, "tidy", "--yes")
    assert "removed: " in shown and "dvc gc --workspace --dry" in shown
    assert not [folder for folder in gone if folder.exists()]
    for kept in ("models/qwen", "models/v1", "models/base", "metrics/v3", "data/raw/own/gone", "data/records/samples"):
        assert Path(kept).is_dir(), kept
    assert "nothing is left" in said(capsys, "tidy")


def test_an_adopted_adapter_and_what_a_person_tracks_are_never_touched(lineage_copy: Path, capsys) -> None:
    manifest = Path("models/v2/lineage.json")
    adopted = {"notes": [], "original": {"bytes": 1, "sha256": "e" * 64}, "stated_base": "x", "tool": "TRL"}
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"adopted": adopted}), encoding="utf-8")
    Path("models/v2").rename("models/bought")
    Path("data/records/mine").mkdir()
    Path("data/records/mine.dvc").write_text("outs: []\n", encoding="utf-8")
    Path("data/records/link").symlink_to("/nowhere")
    assert "nothing is left" in said(capsys, "tidy", "--yes")
    assert Path("models/bought").is_dir() and Path("data/records/mine").is_dir()


def test_a_link_is_taken_away_and_what_it_leads_to_stays(lineage_copy: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/rows").write_text("mine", encoding="utf-8")
    Path("data/records/link").symlink_to(tmp_path / "elsewhere")
    assert "data/records/link" in said(capsys, "tidy", "--yes")
    assert not Path("data/records/link").is_symlink() and (tmp_path / "elsewhere/rows").is_file()


def test_tidy_waits_for_whoever_is_writing(lineage_copy: Path, capsys) -> None:
    with only_writer("python -m stages.train v1"), pytest.raises(SystemExit) as end:
        main(["tidy", "--yes"])
    assert "another stage is writing here: python -m stages.train v1" in str(end.value.code)


def test_a_state_folder_that_cannot_be_one_is_a_sentence(workspace: Path) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(tiny.params()), encoding="utf-8")
    Path(".state").symlink_to("nowhere")
    assert ".state: here belongs a folder, but there is a file, or a link that leads nowhere" in refused("tidy")
