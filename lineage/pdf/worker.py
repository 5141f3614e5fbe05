"""Processes that convert PDFs, apart from each other and from us: a file hangs, crashes or eats memory alone.

`Worker` starts `python -m lineage.pdf.worker` and talks to it in JSON lines: a request names a file and
where to write its entry, the answers are {"more": seconds} whenever a page earns the file some, and {"done": …} or
{"refused": …}. Workers are started, never forked: PyMuPDF's threads would deadlock in a fork.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.pdf.admission import Limits, Refused

COMMAND = [sys.executable, "-m", "lineage.pdf.worker"]
MEMORY, LEAST_MEMORY = 4 << 30, 2 << 30  # bytes of address space, the libraries' own gigabyte included
FILES = 200  # then a worker is started anew, so that what leaks in the reader does not add up
START_SECONDS = 60  # for importing the reader on a busy machine


class Worker:
    """One conversion process, started when it is first needed and again after it was lost."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.served = 0
        self.pending = b""

    def convert(self, path: Path, sha256: str, limits: Limits, target: Path) -> None:
        """Convert one file, and write its document and the facts about it as an entry of the cache.

        Args:
            path: the PDF.
            sha256: of its bytes; the document carries it.
            limits: what the file may cost; each page that is read adds a second, one that is recognised more.
            target: the file to write.

        Raises:
            Refused: with the reason, and what was seen.
        """
        if self.process is None or self.served >= FILES:
            self._start()
        self.served += 1
        request = {"path": str(path), "sha256": sha256, "limits": asdict(limits), "target": str(target)}
        deadline = time.monotonic() + limits.seconds
        try:
            self._send(request)
            while True:
                answer = self._receive(deadline)
                if "more" in answer:
                    deadline += answer["more"]
                elif "refused" in answer:
                    raise Refused(*answer["refused"])
                else:
                    return
        except (EOFError, BrokenPipeError) as error:
            code = self._stop()
            raise Refused("crashed", f"exit {code}") from error
        except TimeoutError as error:
            self._stop()
            raise Refused("timed out", f"more than {limits.seconds:g} s and a second a page") from error

    def kill(self) -> None:
        """End the file that another thread is waiting for: it is refused as crashed."""
        if (process := self.process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self._stop()

    def _start(self) -> None:
        self.close()
        self.process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # Tesseract's threads: the other cores have workers
        )
        self.served, self.pending = 0, b""
        try:
            self._receive(time.monotonic() + START_SECONDS)
        except (EOFError, TimeoutError) as error:
            code = self._stop()  # no file's fault
            raise LineageError(
                f"the process that reads PDFs did not start (exit {code}): `python -m lineage.pdf.worker </dev/null` "
                "says why"
            ) from error

    def _stop(self) -> int:
        assert self.process is not None
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):  # of a request that a dead process never took
                    pipe.close()
        self.process = None
        return code

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def _receive(self, deadline: float) -> dict[str, Any]:
        """The next answer. Raises: TimeoutError after the deadline, EOFError when the process has ended."""
        assert self.process is not None and self.process.stdout is not None
        pipe = self.process.stdout.fileno()
        while b"\n" not in self.pending:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            chunk = os.read(pipe, 65536)
            if not chunk:
                raise EOFError
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)


def serve() -> None:
    """The process's own side: answer requests until the pipe is closed."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what the reader prints must not mix with the answers

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message).encode() + b"\n")

    _bound_memory()
    # A neural layout model that nothing here asks for: three quarters of the start-up time, and five threads.
    sys.modules.update({"pymupdf.layout": None, "pymupdf4llm": None})  # type: ignore[dict-item]
    import pymupdf

    from lineage.pdf.cache_entry import keep
    from lineage.pdf.reading import read_document

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    answer({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        limits = Limits(**request["limits"])
        _bound_time(limits)
        try:
            document = read_document(
                Path(request["path"]), request["sha256"], limits, lambda seconds: answer({"more": seconds})
            )
            keep(Path(request["target"]), document)
            answer({"done": True})
        except Refused as refused:
            answer({"refused": [refused.reason, refused.detail]})
        except MemoryError:
            answer({"refused": ["out of memory", "more than a worker may use"]})
        except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
            short = "malloc" in str(error) or "MALLOC" in str(error) or "System" in type(error).__name__
            answer({"refused": ["out of memory" if short else "damaged", type(error).__name__]})
        pymupdf.TOOLS.store_shrink(100)


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0))


def _memory() -> int:
    """A worker's share of the machine, at most MEMORY."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(LEAST_MEMORY, min(MEMORY, machine // cores()))


def _bound_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_memory(), _memory()))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # where the machine itself runs short, a worker goes and not its parent
        Path("/proc/self/oom_score_adj").write_text("1000")


def _bound_time(limits: Limits) -> None:
    """Let the kernel end a process that hangs after its parent has gone."""
    import resource

    from lineage.pdf.ocr import SECONDS

    spent = resource.getrusage(resource.RUSAGE_SELF)
    a_page = 1 + (SECONDS if limits.ocr else 0)
    most = int(spent.ru_utime + spent.ru_stime + limits.seconds + limits.max_pages * a_page) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    serve()
