"""Converts a folder of PDFs, several at a time, each in a process that may hang, crash or eat memory alone.

Results are kept in `.state/documents` by the hash of file and converter, a speed-up only: adding ten files converts
ten.
"""

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue

from lineage.artifacts.conversion import Conversion, Quarantined, write_conversion
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.pdf.admission import REMEDIES, Limits, Refused
from lineage.pdf.cache_entry import CachedDocument, keep_refusal, kept, named
from lineage.pdf.folder import PdfFile, listed, papers
from lineage.pdf.ocr import require_tesseract
from lineage.pdf.worker import Worker, cores

AGAIN = ("timed out", "crashed", "out of memory")  # may be the machine's fault: tried once more, alone, and not kept


def convert_folder(raw: Path, out: Path, limits: Limits, cache: Path, withdrawn: Collection[str] = ()) -> Conversion:
    """Convert all PDFs of a folder and return the counts.

    The order of results never depends on which worker is faster.

    Args:
        raw: the folder of PDFs, those in its subfolders included.
        out: gets a JSON file for each document, and the lists of what was refused and counted; made anew.
        limits: what a file may cost.
        cache: a folder that keeps results from run to run.
        withdrawn: SHA-256 sums of files that are not converted.

    Raises:
        LineageError: `raw` is missing, or Tesseract where `limits.ocr` asks for it.
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
    quarantine: list[Quarantined] = []
    for paper, result in _results(papers(raw, files, limits), limits, cache, withdrawn):
        if isinstance(result, CachedDocument):
            (out / f"{paper.name}.json").write_bytes(named(result, paper.file))
            counts += Counter(pages=result.pages, tables=result.tables, warnings=result.warnings)
        else:
            remedy = REMEDIES[result.reason]
            quarantine.append(
                Quarantined(
                    file=paper.file, sha256=paper.sha256, reason=result.reason, detail=result.detail, remedy=remedy
                )
            )
    if absent := set(withdrawn) - {row.sha256 for row in quarantine}:
        print(f"  withdrawn, but not in {raw}: {', '.join(sorted(absent))}")
    quarantine.sort(key=lambda row: row.file)
    reasons = Counter(row.reason for row in quarantine)
    conversion = Conversion(
        files=len(files),
        converted=len(files) - len(quarantine),
        quarantined=len(quarantine),
        ignored=tuple(ignored),
        pages=counts["pages"],
        tables=counts["tables"],
        warnings=counts["warnings"],
        reasons={reason: reasons[reason] for reason in sorted(reasons)},
    )
    write_conversion(out, conversion, quarantine)
    return conversion


def converter_version(limits: Limits) -> str:
    """Names what shapes a document besides the file: this package's code, the PDF reader, Tesseract if asked for."""
    digest = hashlib.sha256(version("pymupdf").encode())
    digest.update(code_identity("lineage.pdf.convert").encode())
    if limits.ocr:
        digest.update(require_tesseract().encode())
    return digest.hexdigest()[:16]


def _results(
    found: Iterator[PdfFile], limits: Limits, cache: Path, withdrawn: Collection[str]
) -> Iterator[tuple[PdfFile, CachedDocument | Refused]]:
    """For each file its document or why there is none: first what is known already, then what has to be read."""
    first: dict[str, str] = {}
    todo: list[PdfFile] = []
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
    again: list[PdfFile] = []
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
    paper: PdfFile, limits: Limits, cache: Path, withdrawn: Collection[str], first: dict[str, str]
) -> CachedDocument | Refused | None:
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


def _run(
    todo: Sequence[PdfFile], limits: Limits, cache: Path, workers: int
) -> Iterator[tuple[PdfFile, CachedDocument | Refused]]:
    """Convert files, `workers` at a time, results in the order of the files."""
    if not todo:
        return
    hired = [Worker() for _ in range(workers)]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in hired:
        idle.put(worker)

    def one(paper: PdfFile) -> Refused | None:
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


def _place(cache: Path, paper: PdfFile) -> Path:
    return cache / f"{paper.sha256}.json"
