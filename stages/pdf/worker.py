"""Processes that convert PDFs, apart from each other and from us: a file hangs, crashes or eats memory alone.

`Worker` starts `python -m stages.pdf.worker` and talks to it in JSON lines: a request names a file and
where to write its document, the answers are {"page": n} after each page, and {"done": …} or {"refused": …}.
Workers are started, never forked: PyMuPDF's threads would deadlock in a fork.
"""

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stages.pdf.gate import Limits, Refused

COMMAND = [sys.executable, "-m", "stages.pdf.worker"]
MEMORY = 4 << 30  # bytes of address space, the libraries' own gigabyte included
FILES = 200  # then a worker is started anew, so that what leaks in the reader does not add up
START_SECONDS = 60  # for importing the reader on a busy machine


class Worker:
    """One conversion process, started when it is first needed and again after it was lost."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.served = 0
        self.pending = b""

    def convert(self, path: Path, sha256: str, limits: Limits, target: Path) -> None:
        """Write the document of `path` to `target`. Raises: Refused, with the reason and what was seen."""
        if self.process is None or self.served >= FILES:
            self._start()
        self.served += 1
        request = {"path": str(path), "sha256": sha256, "limits": asdict(limits), "target": str(target)}
        deadline = time.monotonic() + limits.seconds
        try:
            self._send(request)
            while True:
                answer = self._receive(deadline)
                if "page" in answer:
                    deadline += 1.0
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

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process is not None:
            self._stop()

    def _start(self) -> None:
        self.close()
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.served, self.pending = 0, b""
        try:
            self._receive(time.monotonic() + START_SECONDS)
        except (EOFError, TimeoutError) as error:
            self._stop()
            raise Refused("crashed", "the PDF worker did not start: try `python -m stages.pdf.worker`") from error

    def _stop(self) -> int:
        assert self.process is not None
        self.process.kill()
        code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
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
    for unused in (
        "pymupdf.layout",
        "pymupdf4llm",
    ):  # a neural model: three quarters of the start-up time, 5 threads
        sys.modules[unused] = None  # type: ignore[assignment]
    import pymupdf

    from stages.pdf.document import read_document

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    answer({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        limits = Limits(**request["limits"])
        _bound_time(limits)
        try:
            document = read_document(Path(request["path"]), request["sha256"], limits, lambda n: answer({"page": n}))
            Path(request["target"]).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
            answer({"done": True})
        except Refused as refused:
            answer({"refused": [refused.reason, refused.detail]})
        except MemoryError:
            answer({"refused": ["out of memory", f"more than {MEMORY >> 30} GiB"]})
        except (RuntimeError, ValueError, pymupdf.mupdf.FzErrorBase) as error:
            short = "malloc" in str(error) or "MALLOC" in str(error) or "System" in type(error).__name__
            answer({"refused": ["out of memory" if short else "damaged", type(error).__name__]})
        pymupdf.TOOLS.store_shrink(100)


def _bound_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _bound_time(limits: Limits) -> None:
    """Let the kernel end a process that hangs after its parent has gone."""
    import resource

    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime + limits.seconds + limits.max_pages) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


if __name__ == "__main__":
    serve()
