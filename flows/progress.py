"""How far a stage is, as a progress artifact on its run's page, from the lines that training and conversion print.

    v3: step 40/220, loss 3.120, 31 s left        →  18 %, the line itself
      1200 of 4000 files, about 7 minutes left    →  30 %

It is told by a thread of its own, a few seconds apart, and only the last line: a server that is slow or away costs the
stage nothing.
"""

import contextvars
import re
import threading
from types import TracebackType
from typing import Self
from uuid import UUID

import prefect
from prefect.artifacts import create_progress_artifact, update_progress_artifact

EVERY = 3.0  # seconds between two updates
PATIENCE = 2.0  # seconds that a stage's end waits for the last one
DONE = re.compile(r"^(?:\S+: )?step (\d+)/(\d+), loss |^\s*(\d+) of (\d+) files, about ")  # not DVC's `> command`


def percent(line: str) -> float | None:
    """How much of a stage is done by what it says; None of a line that does not say it."""
    if not (found := DONE.search(line)):
        return None
    done, whole = (int(number) for number in found.groups() if number is not None)
    return round(min(100.0, 100 * done / whole), 1) if whole else None


class StageProgress:
    """A stage's progress while the block lasts; without a server that people look at, nothing is told."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self._key = re.sub(r"[^a-z0-9]+", "-", f"progress-{stage}".lower()).strip("-")
        self._last: tuple[float, str] | None = None
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._artifact: UUID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._thread:
            self._end.set()
            self._wake.set()
            self._thread.join(PATIENCE)

    def hear(self, line: str) -> None:
        """Take a line that the stage printed."""
        if (done := percent(line)) is None or not prefect.settings.PREFECT_API_URL.value():
            return
        self._last = (done, f"{self.stage}: {line.strip().rpartition(': ')[2]}")
        self._wake.set()
        if not self._thread:
            here = contextvars.copy_context()  # the run whose page shows it
            self._thread = threading.Thread(target=here.run, args=(self._tell,), daemon=True)
            self._thread.start()

    def _tell(self) -> None:
        told = None
        while True:
            self._wake.wait()
            self._wake.clear()
            if (last := self._last) and last != told:
                told = last
                self._write(*last)
            if self._end.is_set() and self._last == told:
                return
            self._end.wait(EVERY)

    def _write(self, done: float, said: str) -> None:
        try:
            if self._artifact is None:
                made = create_progress_artifact(done, key=self._key, description=said)
                self._artifact = made if isinstance(made, UUID) else None
            else:
                update_progress_artifact(self._artifact, done, description=said)
        except Exception:  # whatever becomes of the server: the log has the line, and the next one tries again
            return
