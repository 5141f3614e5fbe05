import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lineage.core.dvc_cache import CachedObjects, LockedStage, cached_objects, folder_md5, locked_stages
from tests.finished import stored


@pytest.mark.parametrize("layout", ["files/md5", "."])
def test_an_object_is_found_in_either_layout_and_only_whole(tmp_path: Path, layout: str) -> None:
    objects, oid = CachedObjects(tmp_path), stored(b"tensors", root=tmp_path, layout=layout)
    file = objects.whole(oid)
    assert file and file.read_bytes() == b"tensors"
    file.write_bytes(b"tensor")
    assert objects.whole(oid) is None and objects.place(oid) == file
    file.unlink()
    assert objects.whole(oid) is None and objects.place(oid) is None
    assert objects.whole("") is None


def test_a_folder_is_its_list_unless_that_is_cut_short(tmp_path: Path) -> None:
    rows = [{"md5": "0" * 32, "relpath": "lineage.json"}]
    oid = stored(json.dumps(rows).encode(), ".dir", tmp_path)
    objects = CachedObjects(tmp_path)
    assert objects.listing(oid) == {"lineage.json": "0" * 32}
    file = objects.place(oid)
    assert file
    file.write_bytes(file.read_bytes()[:-5])
    assert objects.listing(oid) is None
    assert objects.listing(stored(b"no folder", root=tmp_path)) is None


@pytest.mark.parametrize("text", ["", "stages: [", "stages: 7\n", "stages:\n  train@v1: {deps: 3}\n"])
def test_a_lock_that_cannot_be_read_names_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert locked_stages() == {}
    Path("dvc.lock").write_text(text, encoding="utf-8")
    assert locked_stages() == {}


def test_what_dvc_itself_writes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock, where its cache lies, its hash of a folder, and the files of that folder."""
    monkeypatch.chdir(tmp_path)
    assert cached_objects() is None, "no workspace of DVC"
    Path("dvc.yaml").write_text("stages: {made: {cmd: touch of, deps: [from], outs: [of]}}\n", encoding="utf-8")
    for name in ("from", "of"):
        Path(name).mkdir()
        Path(name, "나.txt").write_text(name, encoding="utf-8")
        Path(name, "a b.txt").write_text("more", encoding="utf-8")
    for command in (["init", "-q", "--no-scm"], ["cache", "dir", "elsewhere", "-q"], ["commit", "-q", "-f"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], check=True)
    names = ("나.txt", "a b.txt")
    lists = {
        folder: {n: hashlib.md5(Path(folder, n).read_bytes(), usedforsecurity=False).hexdigest() for n in names}
        for folder in ("from", "of")
    }
    hashes = {folder: folder_md5(files) for folder, files in lists.items()}
    assert locked_stages() == {"made": LockedStage({"from": hashes["from"]}, {"of": hashes["of"]})}
    objects = cached_objects()
    assert objects and objects.root == tmp_path / "elsewhere"
    assert objects.listing(hashes["of"]) == lists["of"]
