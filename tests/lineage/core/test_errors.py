import errno
from pathlib import Path

import pytest

from lineage.core.errors import of_the_disk
from lineage.core.stage import only_writer


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.EACCES, "may not be read or written by this user"),
        (errno.EROFS, "its disk is read-only"),
        (errno.ENOSPC, "no space is left on its disk"),
        (errno.ENOTDIR, "stands where a folder belongs"),
        (errno.ELOOP, "a link that leads to itself"),
    ],
)
def test_what_the_disk_refuses_is_a_sentence_with_the_place(code: int, said: str) -> None:
    told = str(of_the_disk(OSError(code, "x", ".state/journal.jsonl")))
    assert told.startswith(".state/journal.jsonl: ") and said in told


def test_a_link_that_leads_nowhere_is_named_and_a_file_that_is_missing_is_no_such_thing(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match="Errno") as found:
        (tmp_path / "data/mixes/v1").read_bytes()
    assert f"{tmp_path}/data is a link that leads nowhere" in str(of_the_disk(found.value))
    assert of_the_disk(OSError(errno.ENOENT, "x", str(tmp_path / "gone"))) is None
    assert "make room" in str(of_the_disk(OSError(errno.ENOSPC, "x")))
    assert of_the_disk(OSError(errno.EIO, "x")) is None


def test_a_state_folder_that_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".state").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="Errno") as found, only_writer("a test"):
        pass
    assert ".state: here belongs a folder, but there is a file" in str(of_the_disk(found.value))
