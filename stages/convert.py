"""PDFs → one JSON document each; what cannot be converted is quarantined with a reason and a remedy.

    python -m stages.convert site_reports    # data/raw/<data>/… → data/documents/<data>/site_reports

Every file ends as a document or in `quarantine.jsonl`; `convert.json` has the counts. A quarantined file:

    {"file": "2023/스캔.pdf", "sha256": "9f…", "reason": "no text layer", "detail": "0 characters on 2 pages",
     "remedy": "its pages are pictures: run OCR over it, or get the original"}

Results are kept in `.state/documents` by the hash of file and converter: a speed-up only.
"""

import hashlib
import json
import os
import shutil
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from lineage.curriculum import load_curriculum
from lineage.errors import LineageError
from lineage.files import STATE, sha256, write_json
from lineage.stage import argument, run_stage
from stages.pdf.gate import REMEDIES, Limits, Refused, check_bytes
from stages.pdf.worker import Worker

AGAIN = ("timed out", "crashed", "out of memory")  # may be the machine's fault: tried once more, alone
RESERVED = ("convert",)  # convert.json is the summary


@dataclass(frozen=True)
class Summary:
    """What became of a folder's files; converted + quarantined == files."""

    files: int
    converted: int
    quarantined: int
    ignored: int
    pages: int
    tables: int
    warnings: int
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Paper:
    """A PDF of the folder: where it lies, its name for people, its hash, and its document's name."""

    path: Path
    file: str
    sha256: str
    name: str


def convert_folder(raw: Path, out: Path, limits: Limits, cache: Path) -> Summary:
    """Convert all PDFs under `raw` into `out`.

    Raises: LineageError when `raw` is missing. The order of results never depends on which worker is faster.
    """
    if not raw.is_dir():
        raise LineageError(
            f"{raw}: no such folder; put PDFs there, or run `python -m stages.samples` for the sample ones"
        )
    files, ignored = _listed(raw)
    papers = _papers(raw, files)
    cache = cache / converter_version()
    cache.mkdir(parents=True, exist_ok=True)
    results = _convert_all(papers, limits, cache)
    if out.exists():
        shutil.rmtree(out)
    out.mkdir(parents=True)
    counts: Counter[str] = Counter()
    quarantine: list[dict[str, str]] = []
    for paper in papers:
        refused = results[paper.file]
        if refused is None:
            document = json.loads(_cached(cache, paper).read_text(encoding="utf-8"))
            document["file"] = paper.file
            document["title"] = document["title"] or Path(paper.file).stem
            _write(out / f"{paper.name}.json", json.dumps(document, ensure_ascii=False, indent=1))
            counts["pages"] += document["pages"]
            counts["tables"] += sum(block["kind"] == "table" for block in document["blocks"])
            counts["warnings"] += len(document["warnings"])
        else:
            row = {"file": paper.file, "sha256": paper.sha256, "reason": refused.reason}
            quarantine.append({**row, "detail": refused.detail, "remedy": REMEDIES[refused.reason]})
    reasons = Counter(row["reason"] for row in quarantine)
    summary = Summary(
        files=len(papers),
        converted=len(papers) - len(quarantine),
        quarantined=len(quarantine),
        ignored=ignored,
        pages=counts["pages"],
        tables=counts["tables"],
        warnings=counts["warnings"],
        reasons={reason: reasons[reason] for reason in sorted(reasons)},
    )
    _write(out / "quarantine.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in quarantine))
    write_json(out / "convert.json", asdict(summary))
    return summary


def converter_version() -> str:
    """Names what shapes a document besides the file: this package's code and the PDF reader."""
    digest = hashlib.sha256(version("pymupdf").encode())
    for source in sorted((Path(__file__).parent / "pdf").glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _listed(raw: Path) -> tuple[list[Path], int]:
    """The folder's PDFs in order of their names, and how many files are something else."""
    everything = [
        p for p in raw.rglob("*") if p.is_file() and not any(s.startswith(".") for s in p.relative_to(raw).parts)
    ]
    pdfs = [p for p in everything if p.suffix.lower() == ".pdf"]
    return sorted(pdfs, key=lambda p: (_shown(p, raw), os.fsencode(p))), len(everything) - len(pdfs)


def _shown(path: Path, raw: Path) -> str:
    """A file's name under its folder as text: composed Hangul, no broken bytes."""
    name = os.fsencode(path.relative_to(raw).as_posix()).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", name)


def _papers(raw: Path, files: Sequence[Path]) -> list[Paper]:
    """Give every file a document name: its path, with a piece of a hash where that is taken or too long."""
    papers: list[Paper] = []
    taken = {name.casefold() for name in RESERVED}
    for path in files:
        file = _shown(path, raw)
        name = file[: -len(path.suffix)].replace("/", "__")
        if name.casefold() in taken or len(name.encode()) > 200:
            where = hashlib.sha256(os.fsencode(path.relative_to(raw))).hexdigest()[:8]
            name = name.encode()[:180].decode("utf-8", "ignore") + f"-{where}"
        taken.add(name.casefold())
        papers.append(Paper(path, file, sha256(path), name))
    return papers


def _convert_all(papers: Sequence[Paper], limits: Limits, cache: Path) -> dict[str, Refused | None]:
    """For each file None (its document is in the cache) or why it was refused."""
    results: dict[str, Refused | None] = {}
    todo: list[Paper] = []
    first: dict[str, str] = {}
    for paper in papers:
        if paper.sha256 in first:
            results[paper.file] = Refused("duplicate", f"of {first[paper.sha256]}")
            continue
        first[paper.sha256] = paper.file
        try:
            with paper.path.open("rb") as file:
                check_bytes(file.read(1024), paper.path.stat().st_size, limits)
            if (pages := _cached_pages(cache, paper)) is None:
                todo.append(paper)
            elif pages > limits.max_pages:
                results[paper.file] = Refused("too many pages", f"{pages}, allowed are {limits.max_pages}")
            else:
                results[paper.file] = None
        except Refused as refused:
            results[paper.file] = refused
    cores = min(os.cpu_count() or 1, len(todo))
    done = len(results)
    for paper, outcome in _run(todo, limits, cache, cores):
        results[paper.file] = outcome
        done += 1
        _tell(done, len(papers))
    again = [p for p in todo if (r := results[p.file]) is not None and r.reason in AGAIN]
    for paper, outcome in _run(again, limits, cache, 1):
        results[paper.file] = outcome
    return results


def _run(papers: Sequence[Paper], limits: Limits, cache: Path, cores: int) -> Iterator[tuple[Paper, Refused | None]]:
    """Convert files by `cores` workers at a time, results in the order of the files."""
    if not papers:
        return
    idle: SimpleQueue[Worker] = SimpleQueue()
    workers = [Worker() for _ in range(cores)]
    for worker in workers:
        idle.put(worker)

    def one(paper: Paper) -> Refused | None:
        worker = idle.get()
        try:
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                written = Path(scratch) / "document.json"
                worker.convert(paper.path, paper.sha256, limits, written)
                written.replace(_cached(cache, paper))
            return None
        except Refused as refused:
            return refused
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(cores)
    try:
        yield from zip(papers, pool.map(one, papers), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)
        for worker in workers:
            worker.close()


def _cached(cache: Path, paper: Paper) -> Path:
    return cache / f"{paper.sha256}.json"


def _cached_pages(cache: Path, paper: Paper) -> int | None:
    """The pages of a document that is in the cache and whole, else None."""
    try:
        document: dict[str, Any] = json.loads(_cached(cache, paper).read_text(encoding="utf-8"))
        return int(document["pages"]) if document["sha256"] == paper.sha256 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


_told = 0.0


def _tell(done: int, files: int) -> None:
    global _told
    if done == files or time.monotonic() - _told > 2:
        _told = time.monotonic()
        print(f"  {done} of {files} files", flush=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> None:
    """`python -m stages.convert <source>`."""
    curriculum = load_curriculum()
    source = argument("a source of PDFs, one of papers: in params.yaml")
    if source not in curriculum.papers:
        raise LineageError(f"papers.{source}: no such source of PDFs; there are {', '.join(curriculum.papers)}")
    paper = curriculum.papers[source]
    raw, out = Path("data/raw", curriculum.data, source), Path("data/documents", curriculum.data, source)
    limits = Limits(paper.max_megabytes, paper.max_pages, paper.seconds)
    done = convert_folder(raw, out, limits, STATE / "documents")
    print(f"{source}: {done.converted} of {done.files} files converted, {done.pages} pages and {done.tables} tables")
    for reason, count in done.reasons.items():
        print(f"  {count} quarantined: {reason} ({REMEDIES[reason]})")


if __name__ == "__main__":
    run_stage(main)
