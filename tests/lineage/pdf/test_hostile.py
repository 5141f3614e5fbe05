"""Damaged on purpose: every file ends as a document or in quarantine, and none harms another."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

from lineage.pdf import convert, worker
from lineage.pdf.admission import Limits, Refused
from lineage.sample_world import site
from tests.lineage.pdf.test_convert import CORPUS, ROOT, check_documents

MUTATIONS = 300
GOOD = "이 파일은 온전하다."


def good(path: Path, number: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as doc:
        doc.new_page().insert_text((72, 100), f"{GOOD} {number}", fontname="korea")
        doc.save(path)
    return path


def mutated(sources: list[bytes], seed: int) -> bytes:
    """One file, damaged in one of the ways that downloads, disks and attackers have."""
    rng = random.Random(seed)
    data = bytearray(rng.choice(sources))
    way = seed % 6
    if way == 0:  # flipped bytes anywhere
        for _ in range(rng.choice((1, 10, 200))):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif way == 1:
        del data[rng.randrange(len(data)) :]
    elif way == 2:  # a piece of one file inside another
        other = rng.choice(sources)
        at, length = rng.randrange(len(other)), rng.randrange(1, 5000)
        where = rng.randrange(len(data))
        data[where : where + rng.choice((0, length))] = other[at : at + length]
    elif way == 3:  # numbers that are sizes, references and offsets
        numbers = list(re.finditer(rb"(?<=[ /\[])\d+(?=[ \]/\r\n])", data))
        for found in sorted(rng.sample(numbers, min(8, len(numbers))), key=lambda m: -m.start()):
            data[found.start() : found.end()] = rng.choice((b"0", b"-1", b"1", b"2147483647", b"99999999999"))
    elif way == 4:  # objects under each other's number
        heads = list(re.finditer(rb"\d+ 0 obj", data))
        if len(heads) > 1:
            first, second = rng.sample(heads, 2)
            data[first.start() : first.end()] = second.group()
    else:  # the filters and operators that text depends on
        for word, other in ((b"/FlateDecode", b"/LZWDecode  "), (b"/ToUnicode", b"/ToUnicorn"), (b"/Kids", b"/Kiss")):
            if rng.random() < 0.6:
                data = data.replace(word, other)
    return bytes(data)


@pytest.fixture(scope="module")
def sources() -> list[bytes]:
    small = [p.read_bytes() for p in sorted((CORPUS / "pdf").glob("*.pdf")) if p.stat().st_size < 400_000]
    return [*(v for k, v in sorted(site.site_reports().items()) if k.endswith(".pdf"))][:20] + small


def fuzzed(tmp_path: Path, sources: list[bytes], seeds: range) -> Iterator[tuple[str, str]]:
    raw = tmp_path / "raw"
    for seed in seeds:
        good(raw / f"{seed // 50:02}-good.pdf", seed // 50)
        (raw / f"{seed // 50:02}-{seed:04}.pdf").write_bytes(mutated(sources, seed))
    done = convert.convert_folder(raw, tmp_path / "out", Limits(5, 100, 6), tmp_path / "cache")
    documents = check_documents(tmp_path / "out")
    lines = (tmp_path / "out/quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    refused = {row["file"]: row["reason"] for row in map(json.loads, lines)}
    everything = {path.name for path in raw.iterdir()}
    assert {d["file"] for d in documents.values()} | set(refused) == everything
    assert done.converted + done.quarantined == len(everything)
    for name in {name for name in everything if name.endswith("good.pdf")}:
        assert documents[Path(name).stem]["page_text"][0].startswith(GOOD)
    yield from refused.items()


def test_damaged_files_end_somewhere(tmp_path: Path, sources: list[bytes]) -> None:
    reasons = {reason for _, reason in fuzzed(tmp_path, sources[:20], range(24))}
    assert "damaged" in reasons


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_hundreds_of_damaged_files_end_somewhere(tmp_path: Path, sources: list[bytes]) -> None:
    reasons = [reason for _, reason in fuzzed(tmp_path, sources, range(MUTATIONS))]
    assert reasons.count("timed out") + reasons.count("crashed") <= MUTATIONS // 20, reasons


BOMB = """
import os
import lineage.pdf.reading as document
from lineage.pdf.worker import serve
real = document.read_document
def read(path, *rest):
    if path.stem == "spin":
        while True: pass
    if path.stem == "eat":
        bytearray(4 << 30)
    if path.stem == "deep":
        def down(): return down()
        down()
    if path.stem == "noise":
        os.write(1, b"not an answer\\n" * 100)
    return real(path, *rest)
document.read_document = read
serve()
"""


def test_the_worker_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bomb.py"
    program.write_text(BOMB)
    monkeypatch.setattr(worker, "COMMAND", [sys.executable, str(program)])
    monkeypatch.setattr(worker, "START_SECONDS", 120)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for number, name in enumerate(("deep", "eat", "good", "noise", "spin")):
        good(tmp_path / f"raw/{name}.pdf", number)
    done = convert.convert_folder(tmp_path / "raw", tmp_path / "out", Limits(5, 20, 3), tmp_path / "cache")
    assert done.reasons == {"damaged": 1, "out of memory": 1, "timed out": 1}
    assert {path.stem for path in (tmp_path / "out").glob("*.json")} == {"convert", "good", "noise"}


def test_limits_are_the_kernels(tmp_path: Path) -> None:
    """The address space and the CPU time of a worker are bounded even if its parent is gone."""
    hired = worker.Worker()
    try:
        hired.convert(good(tmp_path / "a.pdf"), "0" * 64, Limits(5, 20, 7), tmp_path / "a.json")
        assert hired.process is not None
        limits = Path(f"/proc/{hired.process.pid}/limits").read_text()
        space = re.search(r"Max address space\s+(\d+)", limits)
        seconds = re.search(r"Max cpu time\s+(\d+)", limits)
        assert space and worker.LEAST_MEMORY <= int(space[1]) <= worker.MEMORY
        assert seconds and 7 < int(seconds[1]) < 7 + 20 + 30
    finally:
        hired.close()


def test_a_worker_outlives_its_parent_by_a_file_at_most(tmp_path: Path) -> None:
    program = (
        "import os; from pathlib import Path; from lineage.pdf.worker import Worker; "
        "from lineage.pdf.admission import Limits;"
        f"w = Worker(); w.convert(Path({str(good(tmp_path / 'a.pdf'))!r}), '0' * 64, Limits(5, 20, 7), "
        f"Path({str(tmp_path / 'a.json')!r})); print(w.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert parent.returncode == -signal.SIGKILL
    child = Path("/proc", parent.stdout.strip())
    deadline = time.monotonic() + 30
    while child.exists() and "\nState:\tZ" not in (child / "status").read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert time.monotonic() < deadline


def test_a_stopped_run_does_not_wait_for_a_file_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bomb.py"
    program.write_text(BOMB)
    monkeypatch.setattr(worker, "COMMAND", [sys.executable, str(program)])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    good(tmp_path / "raw/spin.pdf")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, stop)
    timer = threading.Timer(4, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    begun = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            convert.convert_folder(tmp_path / "raw", tmp_path / "out", Limits(5, 20, 600), tmp_path / "cache")
    finally:
        timer.cancel()
        signal.signal(signal.SIGUSR1, before)
    assert time.monotonic() - begun < 300  # half of what the file may take


def test_a_worker_that_cannot_start_is_no_files_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage.core.errors import LineageError

    monkeypatch.setattr(worker, "COMMAND", [sys.executable, "-c", "raise SystemExit(3)"])
    good(tmp_path / "raw/a.pdf")
    with pytest.raises(LineageError, match=r"did not start \(exit 3\)"):
        convert.convert_folder(tmp_path / "raw", tmp_path / "out", Limits(5, 20, 7), tmp_path / "cache")


def test_a_result_that_is_the_machines_fault_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that timed out on a busy machine is tried again on the next pass; one that is damaged is not."""
    good(tmp_path / "raw/a.pdf")
    tried: list[str] = []

    def busy(self: worker.Worker, path: Path, *_: object) -> None:
        tried.append(path.name)
        raise Refused("timed out" if path.name == "a.pdf" else "damaged")

    (tmp_path / "raw/b.pdf").write_bytes(good(tmp_path / "b.pdf", 1).read_bytes())
    monkeypatch.setattr(worker.Worker, "convert", busy)
    for _ in range(2):
        done = convert.convert_folder(tmp_path / "raw", tmp_path / "out", Limits(5, 20, 7), tmp_path / "cache")
        assert done.reasons == {"damaged": 1, "timed out": 1}
    assert sorted(tried) == ["a.pdf"] * 4 + ["b.pdf"]  # twice a pass, the second time alone


def test_a_worker_that_died_between_two_files_is_started_again(tmp_path: Path) -> None:
    paper, target = good(tmp_path / "a.pdf"), tmp_path / "a.json"
    hired = worker.Worker()
    hired.convert(paper, "0" * 64, Limits(1, 9, 20), target)
    assert hired.process
    hired.process.kill()
    hired.process.wait()
    with pytest.raises(Refused, match="crashed"):
        hired.convert(paper, "0" * 64, Limits(1, 9, 20), target)
    hired.convert(paper, "0" * 64, Limits(1, 9, 20), target)
    hired.close()
