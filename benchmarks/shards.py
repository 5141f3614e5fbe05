"""What shards of PDFs cost and spare: `python -m benchmarks.shards ~/reports`.

    python -m benchmarks.shards ~/reports                    # all of it, on copies with other bytes
    python -m benchmarks.shards ~/reports --only workers     # or kills, costs, gather, flow
    python -m benchmarks.shards ~/reports --files 20000 --only gather

- workers: two shards at once, one worker each, beside one worker on all files, by turns; seconds by the clock, for
  which the machine should be quiet: the load is printed, CPU seconds say whether the two took more work, and beside
  the clock stands what is left without the time that they waited for a processor which others had;
- kills: shards that are killed (SIGKILL to all their processes) at random moments and run again, until there were
  `--kills`; then the folder is gathered and compared, byte by byte, with one that was converted without shards;
- costs: what a file costs beside its conversion: to be listed, hashed, found in the cache; the start of a process;
- gather: what the stage costs whose cache has everything: seconds for 1,000 files, and memory, of few files and many;
- flow: a Prefect server and two workers with folders of their own, one of them killed; then the same comparison.

Nothing is asserted.
"""

import argparse
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

from benchmarks.convert import LIMITS, apart, vary

SOURCE = "site_reports"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("folder", type=Path, help="PDFs; they are copied with other bytes, again and again")
    parser.add_argument("--files", type=int, default=400, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="of workers")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("workers", "kills", "costs", "gather", "flow"))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for measure in (workers, kills, costs, gather, flow):
            if asked.only in (None, measure.__name__):
                room = Path(scratch, measure.__name__)
                room.mkdir()
                print(f"\n{measure.__name__}: {asked.files} files of {asked.folder}, {load()}", flush=True)
                measure(asked, room)


def load() -> str:
    """What else the machine has to do."""
    return f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"


def workspace(room: Path, folder: Path, files: int) -> Path:
    """A workspace whose one source of PDFs is `files` variations of a folder's."""
    text = Path("params.yaml").read_text(encoding="utf-8").replace("data: sample", "data: own", 1)
    (room / "params.yaml").write_text(text, encoding="utf-8")
    raw = room / "data/raw/own" / SOURCE
    apart(vary, folder, raw, 0, files)
    return raw


def start(room: Path, cache: str, shard: str, *words: str) -> subprocess.Popen[str]:
    """A shard of the workspace in `room`, as it is run by hand, in a process group of its own."""
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "KRX_DOCUMENT_CACHE": str(room / cache)}
    command = [sys.executable, "-m", "lineage.cli", "convert", SOURCE, "--shard", shard, *words]
    return subprocess.Popen(
        command, cwd=room, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


class Spent(NamedTuple):
    """Seconds: by the clock; of processors; and by the clock without those that its slowest shard waited for one."""

    clock: float
    cpu: float
    running: float


def together(room: Path, cache: str, shards: Sequence[str]) -> Spent:
    """Shards at once, one worker each."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    running = [start(room, cache, shard, "--workers", "1") for shard in shards]
    waited: list[dict[int, float]] = [{} for _ in running]
    ended = [0.0] * len(running)
    while not all(ended):
        for number, process in enumerate(running):
            if not ended[number]:
                waited[number] |= waits(process.pid)
                ended[number] = time.monotonic() - begun if process.poll() is not None else 0.0
        time.sleep(0.1)
    if any(process.returncode for process in running):
        raise SystemExit(f"shards ended with {[process.returncode for process in running]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    least = max(end - sum(one.values()) for end, one in zip(ended, waited, strict=True))
    return Spent(max(ended), spent, least)


def waits(pid: int) -> dict[int, float]:
    """Seconds that a process and its children were ready to run while others had the processors (Linux tells)."""
    found = {}
    with suppress(psutil.NoSuchProcess):
        for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(OSError):
                told = Path(f"/proc/{one.pid}/schedstat").read_text(encoding="ascii")
                found[one.pid] = int(told.split()[1]) / 1e9
    return found


def workers(asked: argparse.Namespace, room: Path) -> None:
    """One worker on all files, two on a shard each, by turns."""
    workspace(room, asked.folder, asked.files)
    clock, running = [], []
    for turn in range(asked.rounds):
        one = together(room, f"one{turn}", ["1/1"])
        two = together(room, f"two{turn}", ["1/2", "2/2"])
        clock.append(one.clock / two.clock)
        running.append(one.running / two.running)
        print(
            f"  one worker {one.clock:6.1f} s (CPU {one.cpu:.1f}), two {two.clock:6.1f} s (CPU {two.cpu:.1f}): "
            f"{clock[-1]:.2f} ×; without waiting for a processor {one.running:.1f} and {two.running:.1f} s: "
            f"{running[-1]:.2f} ×; {load()}",
            flush=True,
        )
    print(
        f"  two workers are {median(clock):.2f} × one by the clock, {median(running):.2f} × without waiting for a "
        f"processor (medians of {asked.rounds})"
    )


def kills(asked: argparse.Namespace, room: Path) -> None:
    """Two shards at a time of four, killed at random moments until there were enough kills, then run to their end."""
    raw = workspace(room, asked.folder, asked.files)
    chance = random.Random(asked.seed)
    shards = ["1/4", "2/4", "3/4", "4/4"]
    done, rounds = 0, 0
    begun = time.monotonic()
    while done < asked.kills:
        rounds += 1
        found = entries(room)
        running = [start(room, "shared", shard, "--workers", "1") for shard in chance.sample(shards, 2)]
        while entries(room) == found and any(process.poll() is None for process in running):
            time.sleep(0.05)  # the start of a process, which is long on a busy machine, is no moment of a conversion
        time.sleep(chance.uniform(0.0, 2.0))
        for process in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                done += 1
            process.communicate()
        found = entries(room)
        print(f"  {done} kills in {rounds} rounds, {found} documents and refusals in the cache", flush=True)
        if found >= asked.files and done < asked.kills:
            raise SystemExit("all is converted before there were enough kills: give more --files")
    left = sum(1 for _ in (room / "shared").rglob("partial/*"))
    for shard in shards:
        said, _ = start(room, "shared", shard, "--workers", "1").communicate()
        print(f"  {said.splitlines()[-1] if said else 'nothing said'}")
    compare(room, raw)
    print(f"  {left} half-written entries were left by kills, {time.monotonic() - begun:.0f} s, {load()}")


def entries(room: Path) -> int:
    """How many documents and refusals the shared cache has."""
    return sum(1 for _ in (room / "shared").rglob("??/*.json"))


def compare(room: Path, raw: Path) -> None:
    """The folder gathered from the shards' cache, beside one that was converted without shards."""
    for name in ("shared", "alone"):
        spent = apart(convert, raw, room / f"{name}-out", room / name)
        print(f"  gathered from {name}: {spent['seconds']:.1f} s, {spent['given']} files given to a worker")
    here, there = ({p.name: p.read_bytes() for p in (room / f"{n}-out").iterdir()} for n in ("shared", "alone"))
    same = sum(here.get(name) == content for name, content in there.items())
    verdict = "the same bytes" if here == there else "DIFFERENT"
    print(f"  {same} of {len(there)} files are equal: {verdict}")


def convert(raw: Path, out: Path, cache: Path) -> dict[str, Any]:
    """The stage's work, in this process: seconds, peak memory, and how many files were given to a worker."""
    import contextlib
    import io

    from lineage.pdf import worker
    from lineage.pdf.admission import Limits
    from lineage.pdf.convert import convert_folder

    given, real = 0, worker.Worker.convert

    def counting(self: worker.Worker, *rest: Any) -> None:
        nonlocal given
        given += 1
        real(self, *rest)

    setattr(worker.Worker, "convert", counting)  # noqa: B010 (a method)
    before, begun, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        done = convert_folder(raw, out, Limits(*LIMITS), cache)
    return {
        "seconds": time.monotonic() - begun,
        "cpu": time.process_time() - cpu,
        "mebibytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "given": given,
        "converted": done.converted,
    }


def costs(asked: argparse.Namespace, room: Path) -> None:
    """Each part of what a file costs beside its conversion."""
    raw = workspace(room, asked.folder, asked.files)
    megabytes = sum(path.stat().st_size for path in raw.iterdir()) / 1e6 / asked.files
    together(room, "shared", ["1/1"])
    for name, spent in apart(parts, raw, room / "shared").items():
        print(f"  {name:58} {spent / asked.files * 1e3:8.3f} ms a file")
    print(f"  of {megabytes:.2f} MB a file; CPU time")
    whole, cpu, _ = together(room, "shared", ["1/1"])
    print(f"  a shard run again, all of it cached: {whole:.2f} s, CPU {cpu:.2f} s, its process included")
    whole, cpu, _ = together(room, "shared", ["1/1000000"])
    print(f"  a shard without files of its own:    {whole:.2f} s, CPU {cpu:.2f} s")
    none = room / "none"
    none.mkdir()
    (none / "params.yaml").write_bytes((room / "params.yaml").read_bytes())
    (none / "data/raw/own" / SOURCE).mkdir(parents=True)
    whole, cpu, _ = together(none, "shared", ["1/1"])
    print(f"  a shard of an empty folder:          {whole:.2f} s, CPU {cpu:.2f} s")


def parts(raw: Path, cache: Path) -> dict[str, float]:
    """CPU seconds of each part, over all files."""
    from lineage.pdf.admission import Limits
    from lineage.pdf.cache_entry import named
    from lineage.pdf.document_cache import open_cache
    from lineage.pdf.folder import listed, papers
    from lineage.pdf.shard_files import files_of_shard

    limits, spent = Limits(*LIMITS), dict[str, float]()
    begun = time.process_time()

    def lap(name: str) -> None:
        nonlocal begun
        spent[name] = time.process_time() - begun
        begun = time.process_time()

    files, _ = listed(raw)
    lap("listed, in order of names")
    for name in ("first", "again"):
        deque(files_of_shard(raw, files, cache.with_name("hashes-apart"), "1/16", lambda sha256: False), maxlen=0)
        lap(f"its hash, to know its shard: {name}")
    for _ in range(2):
        found = list(papers(raw, files, limits))
        lap("read and hashed, from the page cache")
    known = open_cache(cache, limits)
    begun = time.process_time()
    entries = [known.find(paper.sha256) for paper in found]
    lap("its entry read and checked")
    out = cache.with_name("parts")
    out.mkdir()
    for paper, entry in zip(found, entries, strict=True):
        if entry and not entry.refused:
            (out / f"{paper.name}.json").write_bytes(named(entry, paper.file))
    lap("its document written")
    return spent


def gather(asked: argparse.Namespace, room: Path) -> None:
    """A folder whose documents are all in the cache: a tenth of the files, then all."""
    few: dict[str, Any] = {}
    for files in (max(1, asked.files // 10), asked.files):
        raw, cache = room / f"raw{files}", room / f"cache{files}"
        made = apart(tiny, asked.folder, raw, cache, files)
        spent = apart(convert, raw, room / f"out{files}", cache)
        per = spent["seconds"] / files * 1000
        print(
            f"  {files:7} files, documents of {made / files / 1000:.1f} kB: {spent['seconds']:7.1f} s "
            f"(CPU {spent['cpu']:.1f}), {per:.2f} s for 1,000; memory grew by {spent['mebibytes']:.0f} MiB, "
            f"{spent['mebibytes'] * 1024 / files:.2f} KiB a file; {spent['given']} given to a worker; {load()}",
            flush=True,
        )
        few = few or spent | {"files": files}
    print(
        f"  {asked.files / few['files']:.0f} times the files: {spent['seconds'] / few['seconds']:.1f} × the time, "
        f"{spent['mebibytes'] / max(few['mebibytes'], 1):.1f} × the memory"
    )


def tiny(folder: Path, raw: Path, cache: Path, files: int) -> int:
    """Small PDFs that differ in a comment, and their entries as if shards had made them; bytes of the entries."""
    import pymupdf

    from lineage.pdf.admission import Limits
    from lineage.pdf.cache_entry import keep
    from lineage.pdf.document_cache import open_cache
    from lineage.pdf.reading import read_document

    with pymupdf.open() as doc:
        for number in range(2):
            for line in range(20):
                place, said = (72, 72 + 30 * line), f"{number + 1}쪽의 {line}째 줄에는 이런 글이 있다."
                if line == 0:
                    doc.new_page()
                doc[-1].insert_text(place, said, fontname="korea", fontsize=10)
        base = doc.tobytes()
    limits, total = Limits(*LIMITS), 0
    model = raw.with_name("model.pdf")
    model.write_bytes(base)
    document = read_document(model, "0" * 64, limits, lambda _: None)
    known = open_cache(cache, limits)
    for number in range(files):
        content = base + b"\n%% %d\n" % number
        target = raw / f"{number // 1000:04}" / f"{number:07}.pdf"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        partial = known.partial()
        keep(partial, document | {"sha256": sha256})
        total += partial.stat().st_size
        known.take(partial, sha256)
    return total


def flow(asked: argparse.Namespace, room: Path) -> None:
    """Shards handed out by Prefect to two workers, one of which is killed and started again."""
    from benchmarks.machines import POOL, Worker, git, serve

    whole = room / "whole"
    git(room, "clone", "--quiet", str(Path.cwd()), str(whole))
    raw = workspace(whole, asked.folder, asked.files)
    with (whole / ".gitignore").open("a", encoding="utf-8") as ignored:
        ignored.write("/data\n")
    (whole / "dvc.yaml").write_text(
        f"stages:\n  convert:\n    foreach: [{SOURCE}]\n    do:\n      cmd: python -m stages.convert ${{item}}\n"
        f'      deps: ["data/raw/own/${{item}}"]\n      outs: ["data/documents/own/${{item}}"]\n',
        encoding="utf-8",
    )
    (whole / "dvc.lock").unlink(missing_ok=True)
    git(whole, "add", "--all")
    git(whole, "commit", "--quiet", "--message", "a source of PDFs")
    with ExitStack() as running:
        serve(room, whole, running)
        deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--name", "shard"]
        subprocess.run(deploy, cwd=whole, check=True, stdout=subprocess.DEVNULL)
        hired = [Worker(room, name, whole) for name in ("w1", "w2")]
        for one in hired:
            running.callback(one.end)
            one.start()
        command = [sys.executable, "-m", "flows.shards_flow", SOURCE, "6"]
        environment = os.environ | {"KRX_DOCUMENT_CACHE": str(room / "shared"), "KRX_LEASE_SECONDS": "30"}
        environment.pop("PYTHONPATH", None)
        with (room / "flow.log").open("wb") as log:
            parent = subprocess.Popen(command, cwd=whole, env=environment, stdout=log, stderr=log)
            while parent.poll() is None and not list((room / "shared").rglob("??/*.json")):
                time.sleep(0.2)
            time.sleep(1)
            hired[0].kill("machine")
            time.sleep(5)
            hired[0].start()
            code = parent.wait(1800)
        said = (room / "flow.log").read_text(encoding="utf-8").splitlines()
        for line in said:
            if any(word in line for word in ("handed out again", "shards are out", f"convert@{SOURCE}: ")) or code:
                print(f"  {line.rpartition(' - ')[2]}")
    made = whole / "data/documents/own" / SOURCE
    spent = apart(convert, raw, room / "alone-out", room / "alone")
    there = {p.name: p.read_bytes() for p in (room / "alone-out").iterdir()}
    here = {p.name: p.read_bytes() for p in made.iterdir() if p.name != ".gitignore"} if made.is_dir() else {}
    verdict = "the same bytes" if here == there else "DIFFERENT"
    print(f"  pool {POOL}, exit code {code}; {len(there)} files beside {spent['given']} conversions alone: {verdict}")


if __name__ == "__main__":
    main()
