"""Converts PDFs into the cache, several at a time, each in a process that may hang, crash or eat memory alone.

A result is None, which says that the cache has the document, or why there is none. What may be the machine's fault is
tried once more, alone, when all others are done.
"""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from queue import SimpleQueue

from lineage.pdf.admission import Limits, Refused
from lineage.pdf.document_cache import AGAIN, NOT_KEPT, DocumentCache
from lineage.pdf.folder import PdfFile, is_unchanged
from lineage.pdf.worker import Worker

AHEAD = 500  # files for each worker that are begun while one before them hangs; more are not held in memory


def convert_files(
    files: Iterable[PdfFile], limits: Limits, cache: DocumentCache, workers: int
) -> Generator[tuple[PdfFile, Refused | None], None, None]:
    """Convert files that are taken one by one as they are needed, the results in their order.

    Args:
        files: with the hashes of their bytes.
        limits: what each may cost.
        cache: gets the documents, and the refusals that hold everywhere.
        workers: how many are converted at a time.
    """
    again: list[PdfFile] = []
    with closing(_run(files, limits, cache, workers)) as results:
        for paper, refused in results:
            if refused and refused.reason in AGAIN:
                again.append(paper)
            else:
                yield paper, refused
    yield from _run(again, limits, cache, 1)


def _run(
    files: Iterable[PdfFile], limits: Limits, cache: DocumentCache, workers: int
) -> Generator[tuple[PdfFile, Refused | None], None, None]:
    hired = [Worker() for _ in range(workers)]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in hired:
        idle.put(worker)

    def one(paper: PdfFile) -> Refused | None:
        worker = idle.get()
        try:
            return _converted(worker, paper, limits, cache)
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(workers)
    begun: deque[tuple[PdfFile, Future[Refused | None]]] = deque()
    try:
        for paper in files:
            begun.append((paper, pool.submit(one, paper)))
            while begun and (len(begun) >= AHEAD * workers or begun[0][1].done()):
                paper, result = begun.popleft()
                yield paper, result.result()
        while begun:
            paper, result = begun.popleft()
            yield paper, result.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in hired:
            worker.kill()  # at Ctrl-C nobody waits for a file that hangs
        pool.shutdown()
        for worker in hired:
            worker.close()


def _converted(worker: Worker, paper: PdfFile, limits: Limits, cache: DocumentCache) -> Refused | None:
    """Convert one file, unless somebody else has done so since it was looked at."""
    if cache.find(paper.sha256):
        return None
    partial = cache.partial()
    try:
        worker.convert(paper.path, paper.sha256, limits, partial)
        if not is_unchanged(paper):
            return Refused("unreadable", "it was changed while it was read")
        cache.take(partial, paper.sha256)
        return None
    except Refused as refused:
        if refused.reason not in NOT_KEPT and not is_unchanged(paper, to_the_byte=True):
            return Refused("unreadable", "it was changed while it was read")
        cache.refuse(paper.sha256, refused)
        return refused
    finally:
        partial.unlink(missing_ok=True)
