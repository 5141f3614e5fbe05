"""A bundle is opened only if every byte of it is the one that was packed."""

import hashlib
import io
import json
import os
import platform
import random
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lineage.bundle import unpack_bundle as form
from lineage.bundle.sealed_archive import write_archive

FACTS: dict[str, Any] = {
    "commit": "a" * 40,
    "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
    "system": platform.system(),
    "machine": platform.machine(),
    "glibc": "",
    "extras": "dev",
    "base": {},
}
CONTENTS = {
    "unpack.py": b"print('open')\n",
    "closed-network.md": b"# A closed network\n",
    "repository.bundle": bytes(range(256)) * 5,
    "wheels/tiny-1-py3-none-any.whl": b"PK" * 300,
    "cache/files/md5/ab/cdef": b"tensors",
    "base/config.json": b"",
}


def packed(folder: Path, contents: dict[str, bytes] = CONTENTS, **facts: Any) -> Path:
    files = {path: folder / "from" / path for path in contents}
    for path, file in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents[path])
    write_archive(folder / "b.tar", FACTS | facts, files)
    return folder / "b.tar"


def by_hand(manifest: dict[str, Any], *members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """An archive whose manifest and seal agree, whatever the manifest says and whatever follows."""
    text = json.dumps(manifest).encode()
    out = io.BytesIO()
    for name, content in ((form.MANIFEST, text), (form.SEAL, form.seal(text))):
        out.write(form.header(name, len(content)) + content + form.padding(len(content)))
    for info, content in members:
        out.write(info.tobuf(tarfile.GNU_FORMAT) + content + form.padding(len(content)))
    return out.getvalue() + form.END


def named(path: str, content: bytes = b"") -> dict[str, Any]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_what_was_packed_comes_out_again_and_any_tar_reads_it(tmp_path: Path) -> None:
    archive = packed(tmp_path)
    manifest = form.verified(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), tmp_path / "to")
    assert {member.path: (tmp_path / "to" / member.path).read_bytes() for member in manifest.members} == CONTENTS
    with tarfile.open(archive) as tar:
        assert tar.getnames()[:4] == [form.MANIFEST, form.SEAL, "unpack.py", "closed-network.md"]
        seal = tar.extractfile(form.SEAL)
        assert seal and seal.read().decode().split() == [hashlib.sha256(manifest.text).hexdigest(), form.MANIFEST]


def test_the_same_files_give_the_same_bytes_at_another_hour(tmp_path: Path) -> None:
    first = packed(tmp_path).read_bytes()
    for file in (tmp_path / "from").rglob("*.*"):
        os.utime(file, (1, 1))
    assert packed(tmp_path).read_bytes() == first


def test_a_changed_byte_anywhere_is_refused_by_name(tmp_path: Path) -> None:
    """Headers, contents, what fills them up, the manifest, its seal and the end: 60 places, and the first of each."""
    archive = packed(tmp_path)
    whole = archive.read_bytes()
    known = (*CONTENTS, form.MANIFEST, form.SEAL, "the end of the archive")
    places = {whole.index(content) for content in CONTENTS.values() if content} | {0, 600, len(whole) - 1}
    for at in sorted(places | set(random.Random(7).sample(range(len(whole)), 60))):
        archive.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(form.BundleRefused) as refused:
            form.verified(archive)
        assert str(refused.value).startswith(known), f"byte {at}: {refused.value}"


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (lambda whole: whole[:-700], "the end of the archive: the archive ends"),
        (lambda whole: whole[: whole.index(b"tensors") + 3], "cache/files/md5/ab/cdef: the archive ends"),
        (lambda whole: whole + bytes(512), "bytes follow the end"),
        (lambda whole: whole[:-1024] + form.header("more", 0) + whole[-1024:], "a member that the manifest does not"),
        (lambda whole: b"", "MANIFEST.json: the archive ends"),
        (lambda whole: b"PK\3\4" + whole[4:], "this is no bundle"),
        (lambda whole: whole[1024:], "this is no bundle"),
    ],
)
def test_what_is_cut_off_or_added_is_refused(tmp_path: Path, damaged: Callable[[bytes], bytes], says: str) -> None:
    archive = packed(tmp_path)
    archive.write_bytes(damaged(archive.read_bytes()))
    with pytest.raises(form.BundleRefused, match=says):
        form.verified(archive)


def test_members_in_another_order_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path)
    whole = archive.read_bytes()
    one, two = (whole.index(form.header(p, len(CONTENTS[p]))) for p in ("closed-network.md", "repository.bundle"))
    archive.write_bytes(whole[:one] + whole[two : two + 2048] + whole[one:two] + whole[two + 2048 :])
    with pytest.raises(form.BundleRefused, match=r"closed-network\.md: the archive has in its place another member"):
        form.verified(archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE])
def test_a_link_or_device_in_place_of_a_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    members = [named(path) for path in (*form.SINGLE, "wheels/a.whl")]
    written = []
    for member in members:
        info = tarfile.TarInfo(member["path"])
        if member is members[-1]:
            info.type, info.linkname = kind, "/etc/passwd"
        written.append((info, b""))
    (tmp_path / "b.tar").write_bytes(by_hand(FACTS | {"members": members}, *written))
    with pytest.raises(form.BundleRefused, match=r"wheels/a\.whl: the archive has in its place"):
        form.verified(tmp_path / "b.tar", into=tmp_path / "to")
    assert not (tmp_path / "to/wheels").exists()


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        (("../evil",), "leads out"),
        (("/etc/passwd",), "leads out"),
        (("wheels/../../evil",), "leads out"),
        (("wheels//a",), "leads out"),
        (("wheels\\..\\evil",), "characters"),
        (("wheels/a\n",), "characters"),
        (("elsewhere/a",), "belongs to nothing"),
        (("evil.sh",), "belongs to nothing"),
        (("wheels/a", "wheels/a"), "names twice"),
        (("wheels/a", "wheels/a/b"), "a file and a folder"),
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_before_anything_is_written(
    tmp_path: Path, paths: tuple[str, ...], says: str
) -> None:
    members = [named(path) for path in (*form.SINGLE, *paths)]
    written = [(tarfile.TarInfo(member["path"]), b"") for member in members]
    (tmp_path / "b.tar").write_bytes(by_hand(FACTS | {"members": members}, *written))
    with pytest.raises(form.BundleRefused, match=f"MANIFEST.json: .*{says}"):
        form.verified(tmp_path / "b.tar", into=tmp_path / "to")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.tar"]


@pytest.mark.parametrize(
    "changed",
    [
        {"members": 7},
        {"members": [{"path": "wheels/a"}]},
        {"members": [{"path": "wheels/a", "size": -1, "sha256": "0" * 64}]},
        {"commit": "--upload-pack=evil"},
        {"extras": "dev]; rm -r /"},
        {"base": {"path": "../elsewhere"}},
        {"base": {"repo": "../../evil", "revision": "0" * 40}},
        {"base": {"repo": "a/b", "revision": "../.."}},
    ],
)
def test_a_manifest_that_says_what_none_says_is_refused(changed: dict[str, Any]) -> None:
    tree = FACTS | {"members": [named(path) for path in form.SINGLE]}
    form.parsed(json.dumps(tree).encode())
    with pytest.raises(form.BundleRefused, match=r"MANIFEST\.json: "):
        form.parsed(json.dumps(tree | changed).encode())


@pytest.mark.parametrize(
    ("fact", "value", "says"),
    [
        ("python", "3.99", "Python is .* packages of this bundle are for 3.99"),
        ("system", "Plan9", "the system is .* for Plan9"),
        ("machine", "vax", "the processor is .* for vax"),
        ("glibc", "99.1", "the C library is .* need glibc 99.1"),
    ],
)
def test_another_machine_is_told_what_the_packages_are_for(tmp_path: Path, fact: str, value: str, says: str) -> None:
    archive = packed(tmp_path, **{fact: value})
    form.verified(archive)
    with pytest.raises(form.BundleRefused, match=says):
        form.verified(archive, into=tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_bundle_that_somebody_else_made_has_another_number(tmp_path: Path) -> None:
    number = hashlib.sha256(packed(tmp_path).read_bytes()).hexdigest()
    other = packed(tmp_path, CONTENTS | {"unpack.py": b"print('evil')\n"})
    form.verified(other)
    with pytest.raises(form.BundleRefused, match=f"not the {number} that was given"):
        form.place(other, tmp_path / "workspace", number)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.tar", "from"]
