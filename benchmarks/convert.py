"""What converting PDFs costs, as ratios in one run on the same files.

    python -m benchmarks.convert                           # the sample world's PDFs
    python -m benchmarks.convert ~/reports --files 4000    # a folder, and passes over 4,000 files
    python -m benchmarks.convert --only speed

- speed: pages a CPU second of the whole path, PDF to document JSON, beside bare `page.get_text()`, pymupdf4llm and
  pdfplumber (the extra `bench`; one that is not installed is named and left out);
- passes: a first pass, one with nothing new and one with ten files more, and the memory of 100 files against many;
- cores: the same files on one core and on two.

Everything is measured in a process of its own, in CPU seconds with those of its children; only `cores` is in seconds by
the clock, for which the machine should be quiet. Nothing is asserted.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lineage.artifacts.document import Document

PAGES, REPEATS = 60, 3  # of a set, spread over its files; the best of so many repeats
LIMITS = (64, 500, 60)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What converting PDFs costs, as ratios in one run.")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of PDFs; without one, the sample world's")
    parser.add_argument("--files", type=int, default=1000, help="of the large pass and on cores")
    parser.add_argument("--only", choices=("speed", "passes", "cores"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        apart(write_sample, room / "sample") if not chosen.folders else None
        for folder in chosen.folders or [room / "sample"]:
            print(f"\n{folder.name}")
            for name, measure in (("speed", speed), ("passes", passes), ("cores", on_cores)):
                if chosen.only in (None, name):
                    measure(folder, room / "measured" / folder.name / name, chosen.files)


def apart(work: Callable[..., Any], *given: Any) -> Any:
    """Run `work` in a fresh process, so that its memory and CPU time are its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def speed(folder: Path, room: Path, _: int) -> None:
    """Pages a CPU second, for pages without tables and for all pages, beside other ways to get text."""
    sets, refused = apart(select_pages, folder, room)
    print(f"  refused, and measured by nobody: {len(refused)}")
    for told in refused:
        print(f"    {told}")
    for kind, files in sets.items():
        if not files:
            print(f"  {kind}: none")
            continue
        rates: dict[str, float] = {}
        for name, (needs, read, repeats) in READERS.items():
            if find_spec(needs) is None:
                print(f"  {kind}: {name} is not installed: pip install '.[bench]'")
                continue
            rates[name] = max(apart(rate, read, files) for _ in range(repeats))
        for name, pages in rates.items():
            others = "  ".join(f"{pages / r:7.2f} × {other}" for other, r in rates.items() if other != name)
            print(f"  {kind:20} {name:14} {pages:7.1f} pages a CPU second {others if name == 'krx-lineage' else ''}")


def passes(folder: Path, room: Path, files: int) -> None:
    """The first pass, one with nothing new, one with ten more; memory of 100 files against many."""
    rss: dict[int, tuple[int, int]] = {}
    for count in (100, files):
        raw, cache = room / f"raw{count}", room / f"cache{count}"
        apart(vary, folder, raw, 0, count)
        for name, more in (("first pass", 0), ("nothing new", 0), ("ten more", 10)):
            apart(vary, folder, raw, count, count + more)
            wall, own, workers, parent_rss, worker_rss, entries = apart(convert, raw, room / "out", cache)
            rss.setdefault(count, (parent_rss, worker_rss))
            spent = f"{wall:7.1f} s, CPU {own:6.1f} s here and {workers:7.1f} s in workers"
            peak = f"peak {parent_rss >> 10} and {worker_rss >> 10} MiB"
            print(f"  {count + more:5} files, {name:12} {spent}, {peak}, {entries} results kept", flush=True)
    few, many = rss[100], rss[files]
    print(f"  memory of {files} files / 100: here {many[0] / few[0]:.2f}, largest worker {many[1] / few[1]:.2f}")


def on_cores(folder: Path, room: Path, files: int) -> None:
    """The same files on one core and on two, in seconds by the clock."""
    if len(os.sched_getaffinity(0)) < 2:
        print("  cores: this machine has one")
        return
    apart(vary, folder, room / "raw", 0, files)
    seconds = {1: 0.0, 2: 0.0}
    for n in seconds:
        seconds[n] = min(apart(convert, room / "raw", room / "out", room / f"{n}{i}", n)[0] for i in (1, 2))
    ratio = seconds[1] / seconds[2]
    print(f"  {files} files: one core {seconds[1]:.1f} s, two cores {seconds[2]:.1f} s by the clock, ratio {ratio:.2f}")


def write_sample(target: Path) -> None:
    """The sample world's PDFs that can be read."""
    from lineage.sample_world.samples import SOURCES

    target.mkdir()
    for source in ("company_reports", "financial_reports", "site_reports"):
        for name, content in SOURCES[source]().items():
            if name.endswith(".pdf"):
                (target / f"{source}-{name.replace('/', '-')}").write_bytes(content)


def select_pages(folder: Path, room: Path) -> tuple[dict[str, list[Path]], list[str]]:
    """PDFs of PAGES pages from all files of a folder, those without tables and as they come; what was refused, and why.

    A file that is converted may hold pages that are not, once they stand alone: a scan, a page of pictures.
    """
    room.mkdir(parents=True)
    plain: list[tuple[Path, int]] = []
    every: list[tuple[Path, int]] = []
    refused: list[str] = []
    for path in sorted(folder.rglob("*.pdf")):
        document = _document(path, path.name, refused)
        if document:
            tables = [block for block in document["blocks"] if block["kind"] == "table"]
            tabled = {page for block in tables for page in block.get("pages", [block["page"]])}
            every += [(path, n) for n in range(1, document["pages"] + 1)]
            plain += [(path, n) for n in range(1, document["pages"] + 1) if n not in tabled]
    sets: dict[str, list[Path]] = {}
    for kind, pages in (("pages without tables", plain), ("all pages", every)):
        wanted = pages[:: max(1, len(pages) // PAGES)][:PAGES]
        sets[kind] = []
        for path in dict.fromkeys(path for path, _ in wanted):
            target = room / f"{kind.replace(' ', '-')}-{len(sets[kind]):04}.pdf"
            numbers = [n for p, n in wanted if p == path]
            _excerpt(path, numbers, target)
            if _document(target, f"{path.name}, {kind} {', '.join(map(str, numbers))}", refused):
                sets[kind].append(target)
    return sets, refused


def _excerpt(path: Path, numbers: Sequence[int], target: Path) -> None:
    import pymupdf

    with pymupdf.open(path) as doc:
        doc.select([n - 1 for n in numbers])
        doc.save(target, garbage=1)


def _document(path: Path, name: str, refused: list[str]) -> "Document | None":
    """The document of a file; None, and a line more in `refused`, where the gate does not let it through."""
    from lineage.pdf.admission import Limits, Refused
    from lineage.pdf.reading import read_document

    try:
        return read_document(path, "0" * 64, Limits(*LIMITS), lambda _: None)
    except Refused as error:
        refused.append(f"{name}: {error.reason} {error.detail}".rstrip())
    except (RuntimeError, ValueError) as error:
        refused.append(f"{name}: damaged {type(error).__name__}")
    return None


def rate(read: Callable[[Path], int], files: Sequence[Path]) -> float:
    """Pages a CPU second; the first file is read once before, for what is loaded only once."""
    with contextlib.redirect_stdout(io.StringIO()):
        read(files[0])
        begun = time.process_time()
        pages = sum(map(read, files))
        return pages / (time.process_time() - begun)


def read_bare(path: Path) -> int:
    """Plain text, as MuPDF gives it."""
    import pymupdf

    with pymupdf.open(path) as doc:
        return sum(page.get_text() is not None for page in doc)


def read_ours(path: Path) -> int:
    """The whole path, down to the bytes of the entry, as a worker walks it."""
    sys.modules.update({"pymupdf.layout": None, "pymupdf4llm": None})  # type: ignore[dict-item]
    from lineage.pdf.admission import Limits
    from lineage.pdf.cache_entry import keep
    from lineage.pdf.reading import read_document

    document = read_document(path, "0" * 64, Limits(*LIMITS), lambda _: None)
    keep(path.with_suffix(".json"), document)
    return int(document["pages"])


def read_pymupdf4llm(path: Path) -> int:
    """Markdown with tables."""
    import pymupdf4llm

    return len(pymupdf4llm.to_markdown(str(path), page_chunks=True))


def read_pdfplumber(path: Path) -> int:
    """Text and tables."""
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        return sum((page.extract_text(), page.extract_tables()) is not None for page in pdf.pages)


READERS: dict[str, tuple[str, Callable[[Path], int], int]] = {
    "krx-lineage": ("pymupdf", read_ours, REPEATS),
    "bare get_text": ("pymupdf", read_bare, REPEATS),
    "pymupdf4llm": ("pymupdf4llm", read_pymupdf4llm, 1),
    "pdfplumber": ("pdfplumber", read_pdfplumber, 1),
}


def vary(folder: Path, target: Path, first: int, end: int) -> None:
    """Files `first` to `end` in `target`: those of `folder` again and again, a comment at their end apart."""
    sources = [path.read_bytes() for path in sorted(folder.rglob("*.pdf"))]
    target.mkdir(parents=True, exist_ok=True)
    for number in range(first, end):
        (target / f"{number:06}.pdf").write_bytes(sources[number % len(sources)] + b"\n%% %d\n" % number)


def convert(raw: Path, out: Path, cache: Path, cores: int = 0) -> tuple[float, float, float, int, int, int]:
    """A pass: seconds by the clock, CPU seconds here and in workers, peak KiB here and in a worker, results kept."""
    from lineage.pdf.admission import Limits
    from lineage.pdf.convert import convert_folder

    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    begun = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        convert_folder(raw, out, Limits(*LIMITS), cache)
    here, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        time.monotonic() - begun,
        here.ru_utime + here.ru_stime,
        workers.ru_utime + workers.ru_stime,
        here.ru_maxrss,
        workers.ru_maxrss,
        sum(1 for _ in cache.rglob("*.json")),
    )


if __name__ == "__main__":
    main()
