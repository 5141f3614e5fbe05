"""PDFs → one JSON document each; what cannot be converted is quarantined with a reason and a remedy.

    python -m stages.convert site_reports    # data/raw/<data>/… → data/documents/<data>/site_reports

Every file ends as a document or in `quarantine.jsonl`; `convert.json` has the counts. A quarantined file:

    {"file": "2023/스캔.pdf", "sha256": "9f…", "reason": "no text layer", "detail": "0 characters on 2 pages",
     "remedy": "its pages are pictures: set papers.<source>.ocr: true in params.yaml, or get the original"}

Each file is read in a process apart, see stages/pdf/worker.py: it may hang, crash or eat memory alone. Results are kept
in `.state/documents` by the hash of file and converter, a speed-up only: adding ten files converts ten.
"""

import hashlib
import json
import shutil
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue

from lineage.curriculum import load_curriculum
from lineage.errors import LineageError
from lineage.files import STATE, appearing, write_json
from lineage.stage import argument, run_stage
from stages.pdf.entry import Entry, keep_refusal, kept, named
from stages.pdf.folder import Paper, listed, papers
from stages.pdf.gate import REMEDIES, Limits, Refused
from stages.pdf.ocr import require_tesseract
from stages.pdf.worker import Worker, cores

AGAIN = ("timed out", "crashed", "out of memory")  # may be the machine's fault: tried once more, alone, and not kept


@dataclass(frozen=True)
class Summary:
    """What became of a folder's files; converted + quarantined == files. `ignored` names files that are no PDFs."""

    files: int
    converted: int
    quarantined: int
    ignored: tuple[str, ...]
    pages: int
    tables: int
    warnings: int
    reasons: dict[str, int] = field(default_factory=dict)


def convert_folder(raw: Path, out: Path, limits: Limits, cache: Path, withdrawn: Collection[str] = ()) -> Summary:
    """Convert all PDFs under `raw` into the folder `out`, which is made anew; those in `withdrawn` (SHA-256) are not.

    Raises: LineageError when `raw` is missing, or Tesseract where `limits.ocr` asks for it. The order of results
    never depends on which worker is faster.
    """
    if not raw.is_dir():
        raise LineageError(
            f"{raw}: no such folder; put PDFs there, or run `python -m stages.samples` for the sample ones"
        )
    cache = cache / converter_version(limits)
    cache.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    files, ignored = listed(raw)
    counts: Counter[str] = Counter()
    quarantine: list[dict[str, str]] = []
    for paper, result in _results(papers(raw, files, limits), limits, cache, withdrawn):
        if isinstance(result, Entry):
            (out / f"{paper.name}.json").write_bytes(named(result, paper.file))
            counts += Counter(pages=result.pages, tables=result.tables, warnings=result.warnings)
        else:
            row = {"file": paper.file, "sha256": paper.sha256, "reason": result.reason}
            quarantine.append({**row, "detail": result.detail, "remedy": REMEDIES[result.reason]})
    if absent := set(withdrawn) - {row["sha256"] for row in quarantine}:
        print(f"  withdrawn, but not in {raw}: {', '.join(sorted(absent))}")
    quarantine.sort(key=lambda row: row["file"])
    reasons = Counter(row["reason"] for row in quarantine)
    summary = Summary(
        files=len(files),
        converted=len(files) - len(quarantine),
        quarantined=len(quarantine),
        ignored=tuple(ignored),
        pages=counts["pages"],
        tables=counts["tables"],
        warnings=counts["warnings"],
        reasons={reason: reasons[reason] for reason in sorted(reasons)},
    )
    rows = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in quarantine)
    (out / "quarantine.jsonl").write_text(rows, encoding="utf-8", newline="\n")
    write_json(out / "convert.json", asdict(summary))
    return summary


def converter_version(limits: Limits) -> str:
    """Names what shapes a document besides the file: this package's code, the PDF reader, Tesseract if asked for."""
    digest = hashlib.sha256(version("pymupdf").encode())
    for source in sorted((Path(__file__).parent / "pdf").glob("*.py")):
        digest.update(source.read_bytes())
    if limits.ocr:
        digest.update(require_tesseract().encode())
    return digest.hexdigest()[:16]


def _results(
    found: Iterator[Paper], limits: Limits, cache: Path, withdrawn: Collection[str]
) -> Iterator[tuple[Paper, Entry | Refused]]:
    """For each file its document or why there is none: first what is known already, then what has to be read."""
    first: dict[str, str] = {}
    todo: list[Paper] = []
    for paper in found:
        known = _known(paper, limits, cache, withdrawn, first)
        if paper.sha256:
            first.setdefault(paper.sha256, paper.file)
        if known is None:
            todo.append(paper)
        else:
            yield paper, known
    if not todo:
        return
    print(f"  {len(todo)} files to convert, {cores()} at a time", flush=True)
    begun = told = time.monotonic()
    again: list[Paper] = []
    for done, (paper, result) in enumerate(_run(todo, limits, cache, min(cores(), len(todo))), 1):
        if isinstance(result, Refused) and result.reason in AGAIN:
            again.append(paper)
        else:
            yield paper, result
        if (now := time.monotonic()) - told > 10:
            told = now
            left = (now - begun) / done * (len(todo) - done) / 60
            print(f"  {done} of {len(todo)} files, about {left:.0f} minutes left", flush=True)
    yield from _run(again, limits, cache, 1)


def _known(
    paper: Paper, limits: Limits, cache: Path, withdrawn: Collection[str], first: dict[str, str]
) -> Entry | Refused | None:
    """What can be said of a file without opening it as a PDF, or None."""
    if paper.sha256 in withdrawn:
        return Refused("withdrawn")
    if paper.sha256 in first:
        return Refused("duplicate", f"of {first[paper.sha256]}")
    if paper.refused:
        return paper.refused
    entry = kept(_place(cache, paper), paper.sha256)
    if entry is None:
        return None
    if entry.refused:
        return Refused(*entry.refused)
    if entry.pages > limits.max_pages:
        return Refused("too many pages", f"{entry.pages}, allowed are {limits.max_pages}")
    return entry


def _run(todo: Sequence[Paper], limits: Limits, cache: Path, workers: int) -> Iterator[tuple[Paper, Entry | Refused]]:
    """Convert files, `workers` at a time, results in the order of the files."""
    if not todo:
        return
    hired = [Worker() for _ in range(workers)]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in hired:
        idle.put(worker)

    def one(paper: Paper) -> Refused | None:
        worker = idle.get()
        place = _place(cache, paper)
        partial = place.with_suffix(".partial")
        try:
            worker.convert(paper.path, paper.sha256, limits, partial)
            partial.replace(place)
            return None
        except Refused as refused:
            if refused.reason not in (*AGAIN, "too many pages"):
                keep_refusal(partial, paper.sha256, refused)
                partial.replace(place)
            return refused
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(workers)
    try:
        for paper, refused in zip(todo, pool.map(one, todo), strict=True):
            entry = None if refused else kept(_place(cache, paper), paper.sha256)
            yield paper, refused or entry or Refused("crashed", "its document was not written")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in hired:
            worker.kill()  # at Ctrl-C nobody waits for a file that hangs
        pool.shutdown()
        for worker in hired:
            worker.close()


def _place(cache: Path, paper: Paper) -> Path:
    return cache / f"{paper.sha256}.json"


def main() -> None:
    """`python -m stages.convert <source>`."""
    curriculum = load_curriculum()
    source = argument("a source of PDFs, one of papers: in params.yaml")
    if source not in curriculum.papers:
        raise LineageError(f"papers.{source}: no such source of PDFs; there are {', '.join(curriculum.papers)}")
    paper = curriculum.papers[source]
    raw, out = Path("data/raw", curriculum.data, source), Path("data/documents", curriculum.data, source)
    limits = Limits(paper.max_megabytes, paper.max_pages, paper.seconds, paper.ocr)
    with appearing(out) as [fresh]:
        done = convert_folder(raw, fresh, limits, STATE / "documents", paper.withdrawn)
    print(f"{source}: {done.converted} of {done.files} files converted, {done.pages} pages and {done.tables} tables")
    if done.ignored:
        print(f"  {len(done.ignored)} files are no PDFs and were left alone: {', '.join(done.ignored[:3])} …")
    for reason, count in done.reasons.items():
        print(f"  {count} quarantined: {reason} ({REMEDIES[reason]})")
    if done.quarantined:
        print(f"  each with its reason and remedy: {out / 'quarantine.jsonl'}")


if __name__ == "__main__":
    run_stage(main)
