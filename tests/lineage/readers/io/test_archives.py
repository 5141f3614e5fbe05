import io
import os
import tarfile
import unicodedata
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.readers.io.archives import entries
from lineage.readers.io.multipart import Joined, Piece, whole
from lineage.readers.io.tabular import rows
from lineage.records.record import Rejected
from tests.lineage.readers.conftest import Folder


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], **kinds: bytes) -> bytes:
    """A tar of these files; `kinds` gives a member, by its name without extension, another type."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type = kinds.get(name.partition(".")[0], tarfile.REGTYPE)
            info.size, info.linkname = len(content), "/etc/passwd"
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def euc_kr(name: str) -> bytes:
    """A zip whose member name is bare EUC-KR, as Windows tools in Korea write it."""
    raw = name.encode("euc-kr")
    data = zipped({"x" * len(raw): b"[1]"}, zipfile.ZIP_STORED)
    return data.replace(b"x" * len(raw), raw)


def seen(folder: Folder) -> tuple[dict[str, bytes], dict[str, str]]:
    """(name → content, name → reason of refusal), read as entries must be: one before the next."""
    contents, refused = {}, {}
    for entry in entries(folder.path):
        if isinstance(entry, Rejected):
            refused[entry.origin["file"]] = entry.reason
        else:
            with entry.open() as stream:
                contents[entry.name] = stream.read()
    return contents, refused


def test_files_and_members_in_the_order_of_names_and_nothing_on_disk(folder: Folder) -> None:
    folder.write("b/2.json", b"2")
    folder.write("a.zip", zipped({"z.json": b"z", "가/1.json": b"1"}))
    folder.write(unicodedata.normalize("NFD", "가나.json"), b"3")
    for litter in (".DS_Store", "__MACOSX/._a", ".gitignore"):
        folder.write(litter, b"")
    before = sorted(folder.path.rglob("*"))
    contents, refused = seen(folder)
    assert list(contents) == ["a.zip/z.json", "a.zip/가/1.json", "b/2.json", "가나.json"] and not refused
    assert contents["a.zip/가/1.json"] == b"1"
    assert sorted(folder.path.rglob("*")) == before


def test_names_in_euc_kr_and_nfd(folder: Folder) -> None:
    folder.write("1.zip", euc_kr("라벨링데이터/말뭉치.json"))
    folder.write("2.zip", zipped({unicodedata.normalize("NFD", "한글.json"): b""}))
    assert list(seen(folder)[0]) == ["1.zip/라벨링데이터/말뭉치.json", "2.zip/한글.json"]


def test_parts_are_joined_by_number(folder: Folder) -> None:
    data = zipped({"rows.json": bytes(range(256)) * 40}, zipfile.ZIP_STORED)
    for start in range(0, len(data), 1000):  # …part9000 sorts after …part10000 as text
        folder.write(f"TL.zip.part{start}", data[start : start + 1000])
    assert seen(folder) == ({"TL.zip/rows.json": bytes(range(256)) * 40}, {})
    (folder.path / "TL.zip.part3000").unlink()
    (missing,) = rows(folder.path)
    assert isinstance(missing, Rejected) and missing.reason == "an archive with a part missing"
    assert missing.remedy.startswith(".part3000 is not there")
    folder.write("TL.zip.part3000", data[3000:4000])
    (folder.path / "TL.zip.part10000").unlink()  # the last one, with the archive's directory
    assert seen(folder) == ({}, {"TL.zip": "a damaged archive"})


def test_an_archive_beside_its_parts_is_read_once(folder: Folder) -> None:
    data = zipped({"rows.json": b"1"})
    folder.write("TL.zip", data)
    folder.write("TL.zip.part0", data)
    assert seen(folder) == ({"TL.zip/rows.json": b"1"}, {"TL.zip": "an archive beside its own parts"})


def test_what_is_dangerous_is_refused_by_name_and_the_rest_is_read(folder: Folder) -> None:
    link = zipfile.ZipInfo("link.json")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("../up.json", "/etc/abs.json", "C:\\x.json", "a\\..\\..\\b.json"):
            archive.writestr(name, b"1")
        archive.writestr(link, b"/etc/passwd")
        archive.writestr("inner.tar", b"")
        archive.writestr("good.json", b"1")
    folder.write("a.zip", buffer.getvalue())
    contents, refused = seen(folder)
    assert contents == {"a.zip/good.json": b"1"}
    leaves = "an archive member whose path leaves the archive"
    assert refused == {
        "a.zip/../up.json": leaves,
        "a.zip//etc/abs.json": leaves,
        "a.zip/C:/x.json": leaves,
        "a.zip/a/../../b.json": leaves,
        "a.zip/link.json": "an archive member that is a link or no plain file",
        "a.zip/inner.tar": "an archive inside an archive",
    }


def test_encrypted_members_and_bombs_are_refused(folder: Folder) -> None:
    locked = bytearray(zipped({"rows.json": b"secret"}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    folder.write("1.zip", bytes(locked))
    folder.write("2.zip", zipped({"rows.json": bytes(20 << 20), "small.json": b"1"}))
    many = {f"{i}.json": bytes(8 << 20) for i in range(3)}  # each below the limit, together above it
    folder.write("3.zip", zipped(many))
    contents, refused = seen(folder)
    assert not contents
    assert refused == {
        "1.zip/rows.json": "an encrypted archive member",
        "2.zip": "an archive that unpacks to too much",
        "3.zip": "an archive that unpacks to too much",
    }


def test_a_false_size_in_the_header_does_not_unpack_more(folder: Folder) -> None:
    data = bytearray(zipped({"rows.json": bytes(1 << 20)}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    folder.write("1.zip", bytes(data))
    for entry in entries(folder.path):
        with suppress(zipfile.BadZipFile):
            assert len(entry.open().read()) <= 10  # type: ignore[union-attr]


def test_not_an_archive(folder: Folder) -> None:
    folder.write("a.zip", b"<html>login first</html>")
    assert seen(folder) == ({}, {"a.zip": "a damaged archive"})


def test_joined_reads_like_one_file(tmp_path: Path) -> None:
    paths = []
    for i, content in enumerate((b"abc", b"", b"defg")):
        paths.append(tmp_path / str(i))
        paths[-1].write_bytes(content)
    with Joined([whole(path) for path in paths]) as joined:
        assert joined.read() == b"abcdefg" and joined.read(3) == b""
        joined.seek(-5, io.SEEK_END)
        assert joined.read(2) == b"cd" and joined.tell() == 4
    with Joined([Piece(paths[0], 1, 2), Piece(paths[2], 0, 3)]) as joined:
        assert joined.read(3) == b"bcd" and joined.read() == b"ef"
        with pytest.raises(OSError, match="seek to -1"):
            joined.seek(-1)


def test_a_download_as_it_was_saved(folder: Folder) -> None:
    """A tar that holds an archive in parts, whose names are the bytes that they start at; nothing is unpacked."""
    data = zipped({"라벨.json": bytes(range(256)) * 8}, zipfile.ZIP_STORED)
    place = unicodedata.normalize("NFD", "150.숫자연산/TL.zip")
    parts = {f"{place}.part{start}": data[start : start + 1000] for start in range(0, len(data), 1000)}
    folder.write("download.tar", tarred({**parts, "읽어보기.json": b"[1]"}))
    before = sorted(folder.path.rglob("*"))
    assert seen(folder) == (
        {
            "download.tar/150.숫자연산/TL.zip/라벨.json": bytes(range(256)) * 8,
            "download.tar/읽어보기.json": b"[1]",
        },
        {},
    )
    assert sorted(folder.path.rglob("*")) == before


def test_what_is_dangerous_in_a_tar_is_refused_by_name(folder: Folder) -> None:
    members = {
        "../up.json": b"1",
        "/abs.json": b"1",
        "link.json": b"",
        "hard.json": b"",
        "pipe.json": b"",
        "a.json": b"1",
        "b.tar": b"2",
    }
    folder.write("a.tar", tarred(members, link=tarfile.SYMTYPE, hard=tarfile.LNKTYPE, pipe=tarfile.FIFOTYPE))
    contents, refused = seen(folder)
    assert contents == {"a.tar/a.json": b"1", "a.tar/b.tar": b"2"}, "a tar in a tar stays a file, which no reader takes"
    link = "an archive member that is a link or no plain file"
    leaves = "an archive member whose path leaves the archive"
    assert refused == {
        "a.tar/../up.json": leaves,
        "a.tar//abs.json": leaves,
        **{f"a.tar/{name}.json": link for name in ("link", "hard", "pipe")},
    }


def test_a_tar_that_was_cut_off_gives_what_came_before(folder: Folder) -> None:
    folder.write("a.tar", tarred({"1.json": b"1", "2.json": bytes(2000)})[:2000])
    assert seen(folder) == ({"a.tar/1.json": b"1"}, {"a.tar": "a damaged archive"})


def test_zips_in_a_zip_are_read_and_no_deeper(folder: Folder) -> None:
    deeper = zipped({"c.json": b"3"})
    inner = zipped({"b.json": b"2", "deeper.zip": deeper})
    folder.write("a.zip", zipped({"x/inner.zip": inner, "a.json": b"1", "TL.zip.part0": deeper}))
    assert seen(folder) == (
        {"a.zip/a.json": b"1", "a.zip/x/inner.zip/b.json": b"2"},
        {
            "a.zip/x/inner.zip/deeper.zip": "an archive inside an archive",
            "a.zip/TL.zip.part0": "an archive inside an archive",
        },
    )


def test_a_bomb_of_zips_in_a_zip_is_refused(folder: Folder) -> None:
    inner = zipped({"rows.json": bytes(12 << 20)})  # each small enough to repeat itself
    folder.write("a.zip", zipped({f"{i}.zip": inner for i in range(4)}))
    contents, refused = seen(folder)
    assert len(contents) == 1 and set(refused.values()) == {"an archive that unpacks to too much"}


def test_a_name_given_twice_is_read_once_and_said(folder: Folder) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("가.json", b"1")
        archive.writestr("가.json", b"2")
    folder.write("a.zip", buffer.getvalue())
    folder.write(unicodedata.normalize("NFD", "나.json"), b"3")
    folder.write(unicodedata.normalize("NFC", "나.json"), b"4")
    contents, refused = seen(folder)
    assert contents["a.zip/가.json"] == b"2" and contents["나.json"] in (b"3", b"4")
    assert refused == {"a.zip/가.json": "a name given twice", "나.json": "a name given twice"}


@pytest.mark.parametrize(
    ("numbers", "missing"),
    [([0, 2], 1), ([1, 2, 4], 3), ([2], 1), ([0, 1], None), ([1, 2], None), ([0, 1000, 2000], None), ([0, 2000], 1000)],
)
def test_a_missing_part_is_named(folder: Folder, numbers: list[int], missing: int | None) -> None:
    data = zipped({"rows.json": bytes(range(256)) * 9}, zipfile.ZIP_STORED)
    for place, number in enumerate(numbers):
        end = None if place == len(numbers) - 1 else 1000 * (place + 1)
        folder.write(f"TL.zip.part{number}", data[1000 * place : end])
    (found,) = entries(folder.path)
    if missing is None:
        assert not isinstance(found, Rejected)
    else:
        assert isinstance(found, Rejected) and found.remedy.startswith(f".part{missing} is not there")


def test_links_are_not_followed(folder: Folder, tmp_path: Path) -> None:
    (folder.path / "gone.json").symlink_to(tmp_path / "nowhere")
    (folder.path / "round").symlink_to(folder.path)
    (tmp_path / "secret.json").write_text('[{"question": "?", "answer": "!"}]')
    (folder.path / "out.json").symlink_to(tmp_path / "secret.json")
    (folder.path / "TL.zip.part0").symlink_to(tmp_path / "secret.json")
    named = ("TL.zip.part0", "gone.json", "out.json", "round")
    assert seen(folder) == ({}, dict.fromkeys(named, "a link that was not followed"))
    remedies = {row.origin["file"]: row.remedy for row in entries(folder.path) if isinstance(row, Rejected)}
    assert "it leads nowhere" in remedies["gone.json"] and "dvc checkout --relink" in remedies["out.json"]


def test_a_pipe_is_named_not_waited_for(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe.json")
    assert seen(folder) == ({}, {"pipe.json": "no plain file"})


def test_damage_of_every_compression_is_named(folder: Folder) -> None:
    for kind in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        content = b"[" + b",".join(b'{"n": %d}' % (i * 7919 % 10007) for i in range(3000)) + b"]"
        raw = bytearray(zipped({"a.json": content}, kind))
        for at in range(len(raw) // 2, len(raw) // 2 + 40):
            raw[at] ^= 0xFF
        folder.write("a.zip", bytes(raw))
        assert [row.reason for row in rows(folder.path) if isinstance(row, Rejected)][-1:] == ["a damaged file"]
        folder.write("a.zip", zipped({"inner.zip": bytes(raw)}))
        assert any(isinstance(row, Rejected) for row in rows(folder.path))


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LineageError, match=r"gone: cannot be listed \(No such file"):
        list(entries(tmp_path / "gone"))
