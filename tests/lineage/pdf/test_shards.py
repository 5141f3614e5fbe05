"""Shards fill the cache, the whole folder is then made from it: the same bytes, whoever converted what, and when."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lineage.core.errors import LineageError
from lineage.pdf import document_cache, worker
from lineage.pdf.admission import Limits, Refused
from lineage.pdf.convert import convert_folder
from lineage.pdf.shards import Shard, convert_shard, shard_of
from tests.lineage.pdf.test_convert import LIMITS, write


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight files: five texts, one of them twice, a scan, no PDF. Shards go by bytes, the same in every run."""
    raw = tmp_path_factory.mktemp("papers") / "raw"
    for number in range(5):
        write(raw / f"{number % 2}/{number}.pdf", [(72, 100, f"{number}째 회사의 글이다.")], no_new_id=True)
    (raw / "copy.pdf").write_bytes((raw / "1/3.pdf").read_bytes())
    write(raw / "scan.pdf", [], no_new_id=True)
    (raw / "html.pdf").write_text("<html>로그인</html>", encoding="utf-8")
    return raw


@pytest.fixture(scope="module")
def whole(raw: Path) -> dict[str, bytes]:
    """What the stage makes of it without shards."""
    return gathered(raw, raw.with_name("alone"))


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process to start for each run."""
    monkeypatch.setattr("lineage.pdf.convert.cores", lambda: 1)


def gathered(raw: Path, cache: Path, limits: Limits = LIMITS) -> dict[str, bytes]:
    out = cache.with_name(f"{cache.name}-out")
    convert_folder(raw, out, limits, cache)
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def test_what_shards_have_is_taken_and_what_they_lack_is_converted(
    raw: Path, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    real = worker.Worker.convert

    def counting(self: worker.Worker, path: Path, *rest: object) -> None:
        given.append(path.name)
        real(self, path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(worker.Worker, "convert", counting)
    shared = tmp_path / "shared"
    second = convert_shard(raw, LIMITS, shared, Shard(2, 2), 1)
    assert 0 < second.converted < 5 and second.cached == 0
    assert gathered(raw, shared) == whole
    (raw / "0/0.pdf").rename(raw / "renamed.pdf")
    both = [convert_shard(raw, LIMITS, shared, Shard(number, 2), 1) for number in (1, 2)]
    (raw / "renamed.pdf").rename(raw / "0/0.pdf")
    assert [counts.converted for counts in both] == [0, 0] and both[1].files == second.files
    assert sum(counts.files for counts in both) == 8 and sum(counts.cached for counts in both) == 5
    assert dict(both[0].quarantined + both[1].quarantined) == {"no text layer": 1, "duplicate": 1, "not a PDF": 1}
    assert len(given) == len(set(given)) == 6  # equal bytes are opened once, whoever asks


def test_of_many_shards_one_reads_a_file_and_a_wrong_memory_loses_none(
    raw: Path, whole: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = hashlib.file_digest
    with monkeypatch.context() as counted:
        counted.setattr(hashlib, "file_digest", lambda file, how: read.append(file.name) or real(file, how))
        shared = tmp_path / "shared"
        convert_shard(raw, LIMITS, shared, Shard(1, 10**9), 1)
        assert len(read) == 8
        convert_shard(raw, LIMITS, shared, Shard(2, 10**9), 1)
        assert len(read) == 8
    for kept in shared.rglob("hashes/raw/*.json"):
        remembered = json.loads(kept.read_text(encoding="utf-8"))
        wrong = {name: [*stamp, "f" * 64] for name, (*stamp, _) in remembered.items()}
        kept.write_text(json.dumps(wrong), encoding="utf-8")
    assert convert_shard(raw, LIMITS, shared, Shard(1, 1), 1).files == 8
    kept.write_text('{"scan.pdf": [1, 2, 3, "no hash"]}', encoding="utf-8")
    assert sum(convert_shard(raw, LIMITS, shared, Shard(number, 2), 1).files for number in (1, 2)) < 8
    assert gathered(raw, shared) == whole


def test_two_that_convert_the_same_files_at_once_do_not_harm_each_other(
    raw: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    with ThreadPoolExecutor(2) as both:
        runs = [both.submit(convert_shard, raw, LIMITS, shared, Shard(1, 1), 1) for _ in range(2)]
        assert [run.result().files for run in runs] == [8, 8]
    assert not list(shared.rglob("partial/*"))
    assert gathered(raw, shared) == whole


def test_what_may_be_a_machines_fault_or_a_limits_binds_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, shared = tmp_path / "raw", tmp_path / "shared"
    for number in range(2):
        write(raw / f"{number}.pdf", *[[(72, 100, f"{number}째 글이다.")]] * 3)
    with monkeypatch.context() as loaded:

        def busy(self: worker.Worker, path: Path, *_: object) -> None:
            raise Refused("timed out" if path.name == "0.pdf" else "too many pages", "3, allowed are 2")

        loaded.setattr(worker.Worker, "convert", busy)
        done = convert_shard(raw, Limits(5, 2, 20), shared, Shard(1, 1), 1)
    assert (dict(done.left), dict(done.quarantined)) == ({"timed out": 1}, {"too many pages": 1})
    assert set(gathered(raw, shared)) == {"0.json", "1.json", "convert.json", "quarantine.jsonl"}
    assert set(gathered(raw, shared, Limits(5, 2, 20))) == {"convert.json", "quarantine.jsonl"}


def test_a_file_that_changes_while_it_is_read_leaves_nothing_under_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, shared = tmp_path / "raw", tmp_path / "shared"
    file = write(raw / "a.pdf", [(72, 100, "처음의 글이다.")])
    first, stamp = file.read_bytes(), file.stat().st_mtime
    real = worker.Worker.convert
    with monkeypatch.context() as meanwhile:

        def overtaken(self: worker.Worker, path: Path, *rest: object) -> None:
            write(path, [(72, 100, "나중의 다른 글이다.")])
            real(self, path, *rest)  # type: ignore[arg-type]

        meanwhile.setattr(worker.Worker, "convert", overtaken)
        assert dict(convert_shard(raw, LIMITS, shared, Shard(1, 1), 1).left) == {"unreadable": 1}
    file.write_bytes(first)
    os.utime(file, (stamp, stamp))
    assert "처음의 글이다." in gathered(raw, shared)["a.json"].decode()


def test_what_a_killed_run_left_half_written_goes_once_it_is_old(tmp_path: Path) -> None:
    cache = document_cache.open_cache(tmp_path, LIMITS)
    old, new = cache.partial(), cache.partial()
    for half in (old, new):
        half.write_bytes(b"{")
    os.utime(old, (1, 1))
    document_cache.open_cache(tmp_path, LIMITS)
    assert not old.exists() and new.exists()


@pytest.mark.parametrize("text", ["0/4", "5/4", "x", "1/0", "-1/4", "1/4/2", "1", "1.5/4", "/", "1/ 4", "１/４"])
def test_a_shard_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(LineageError, match=rf"--shard {text}: no shard; 3/16 is the third of sixteen"):
        shard_of(text)
