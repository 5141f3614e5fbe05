"""A version that could not be built is said to be so by everyone who is asked for it, with the reason."""

from pathlib import Path

import pytest

from lineage.artifacts.manifest import find_manifest, manifests, read_manifest
from lineage.artifacts.not_built import (
    NO_ROWS,
    NotBuilt,
    find_not_built,
    left_by,
    what_training_lacks,
    why_not_built,
    write_not_built,
)
from lineage.core.errors import LineageError

MIX, V2, V4 = Path("data/mixes/v2"), Path("models/v2"), Path("models/v4")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """v2 lacks rows, v4 continues it."""
    monkeypatch.chdir(tmp_path)
    no_rows = {"accounting": NO_ROWS, "rules": "it is withdrawn", "tables": NO_ROWS}
    write_not_built(MIX, NotBuilt(version="v2", no_rows=no_rows))
    for folder, version, parent in ((V2, "v2", "v1"), (V4, "v4", "v2")):
        lacking = what_training_lacks(version, parent)
        assert lacking
        write_not_built(folder, lacking)
    return tmp_path


def test_the_reason_is_said_once_and_found_from_every_note(here: Path) -> None:
    assert why_not_built("v2") == why_not_built("v2", here) == "no rows of accounting, tables; rules: it is withdrawn"
    assert why_not_built("v4") == "its parent v2 is not built"
    assert why_not_built("v1") == "" and what_training_lacks("v1", "base") is None
    assert (V2 / "not_built.json").read_text() == '{\n  "version": "v2"\n}\n', "it changes only when its stage runs"


def test_a_version_of_a_note_is_not_built_for_any_reader() -> None:
    assert find_manifest("v2") is None and list(manifests()) == []
    with pytest.raises(LineageError, match=r"v2 is not built: no rows of accounting, tables; .*lineage check"):
        read_manifest("v2")
    with pytest.raises(LineageError, match="v4 is not built: its parent v2 is not built"):
        read_manifest("v4")
    assert [stage for stage in ("mix@v2", "train@v2", "evaluate@v2", "train@v1", "report") if left_by(stage)] == [
        "mix@v2",
        "train@v2",
    ]


def test_what_is_there_by_now_is_no_reason_any_more() -> None:
    """The mix is made, the training has not run again: its note says nothing of its own."""
    (MIX / "not_built.json").unlink()
    assert why_not_built("v2") == "" and what_training_lacks("v2", "v1") is None
    (V2 / "not_built.json").unlink()
    assert why_not_built("v4") == ""


def test_a_damaged_note_is_named() -> None:
    (MIX / "not_built.json").write_text("{}")
    with pytest.raises(LineageError, match=r"data/mixes/v2/not_built\.json: .*version.*dvc repro"):
        find_not_built(MIX)
