"""Makes the documents of a folder of PDFs: takes what the cache has, and converts what it lacks, several at a time.

Adding ten files converts ten; what shards (`shards.py`) have converted is taken as it is. One file after another is
written out, so that memory holds the names of the files and never their documents.
"""

import shutil
import time
from collections import Counter
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from pathlib import Path

from lineage.artifacts.conversion import Conversion, Quarantined, write_conversion
from lineage.core.errors import LineageError
from lineage.pdf.admission import REMEDIES, Limits, Refused
from lineage.pdf.at_once import convert_files
from lineage.pdf.cache_entry import CachedDocument, named
from lineage.pdf.document_cache import DocumentCache, open_cache
from lineage.pdf.folder import PdfFile, listed, papers
from lineage.pdf.worker import cores

EVERY = 10  # seconds between two lines of progress


def convert_folder(raw: Path, out: Path, limits: Limits, cache: Path, withdrawn: Collection[str] = ()) -> Conversion:
    """Convert all PDFs of a folder and return the counts.

    The order of results never depends on which worker is faster.

    Args:
        raw: the folder of PDFs, those in its subfolders included.
        out: gets a JSON file for each document, and the lists of what was refused and counted; made anew.
        limits: what a file may cost.
        cache: a folder that keeps results from run to run, and from machine to machine.
        withdrawn: SHA-256 sums of files that are not converted.

    Raises:
        LineageError: `raw` is missing, or Tesseract where `limits.ocr` asks for it.
    """
    must_be_there(raw)
    known = open_cache(cache, limits)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    files, ignored = listed(raw)
    counts: Counter[str] = Counter()
    quarantine: list[Quarantined] = []
    with closing(_results(papers(raw, files, limits), limits, known, withdrawn)) as results:
        for paper, result in results:
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


def must_be_there(raw: Path) -> None:
    """Refuse a folder of PDFs that is missing."""
    if not raw.is_dir():
        raise LineageError(
            f"{raw}: no such folder; put PDFs there, or run `python -m stages.samples` for the sample ones"
        )


def already_known(
    paper: PdfFile, limits: Limits, cache: DocumentCache, withdrawn: Collection[str], first: dict[str, str]
) -> CachedDocument | Refused | None:
    """What can be said of a file without opening it as a PDF, or None.

    Args:
        paper: the file.
        limits: what it may cost.
        cache: of documents.
        withdrawn: SHA-256 sums of files that are not converted.
        first: the names of the files before it by their hashes; its own is added.
    """
    before = first.get(paper.sha256)
    if paper.sha256 and before is None:
        first[paper.sha256] = paper.file
    if paper.sha256 in withdrawn:
        return Refused("withdrawn")
    if before is not None:
        return Refused("duplicate", f"of {before}")
    return paper.refused or _judged(cache.find(paper.sha256), limits)


def _results(
    found: Iterator[PdfFile], limits: Limits, cache: DocumentCache, withdrawn: Collection[str]
) -> Generator[tuple[PdfFile, CachedDocument | Refused], None, None]:
    """For each file its document or why there is none: first what is known already, then what has to be read."""
    first: dict[str, str] = {}
    todo: list[PdfFile] = []
    for paper in found:
        known = already_known(paper, limits, cache, withdrawn, first)
        if known is None:
            todo.append(paper)
        else:
            yield paper, known
    if not todo:
        return
    print(f"  {len(todo)} files to convert, {cores()} at a time", flush=True)
    begun = told = time.monotonic()
    with closing(convert_files(todo, limits, cache, min(cores(), len(todo)))) as converted:
        for done, (paper, refused) in enumerate(converted, 1):
            result = refused or _judged(cache.find(paper.sha256), limits)
            yield paper, result or Refused("crashed", "its document was not written")
            if (now := time.monotonic()) - told > EVERY:
                told = now
                left = (now - begun) / done * (len(todo) - done) / 60
                print(f"  {done} of {len(todo)} files, about {left:.0f} minutes left", flush=True)


def _judged(entry: CachedDocument | None, limits: Limits) -> CachedDocument | Refused | None:
    """An entry under the limits of now."""
    if entry is None:
        return None
    if entry.refused:
        return Refused(*entry.refused)
    if entry.pages > limits.max_pages:
        return Refused("too many pages", f"{entry.pages}, allowed are {limits.max_pages}")
    return entry
