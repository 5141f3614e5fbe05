"""How a training answers SIGTERM and Ctrl-C.

While it trains, the run finishes its step, writes a checkpoint and exits with 75 (EX_TEMPFAIL): the same command goes
on from there. Before and after there is nothing to save, and it exits at once with the same code.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lineage.core.errors import Preempted
from lineage.training.job import Job, Progress

AGAIN = "run the same command to go on"


@contextmanager
def answered(job: Job, progress: Progress, doing: str = "loading") -> Iterator[None]:
    """Answer SIGTERM and SIGINT. Sent twice, SIGTERM is one request; a second Ctrl-C means: at once.

    Args:
        job: the version that a message names.
        progress: says whether a step is being computed, and is told of the signal.
        doing: what happens here besides training, for the message.
    """

    def stop(number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if not progress.training:
            _say(f"\n✗ {job.version}: stopped by {name} while {doing}; nothing is half-made; {AGAIN}\n")
            raise SystemExit(Preempted.exit_code)
        if progress.signal and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not progress.signal:
            _say(f"{job.version}: {name}: finishing this step and writing a checkpoint")
        progress.signal = name

    if threading.current_thread() is not threading.main_thread():  # elsewhere Python takes no handlers
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        progress.training = False
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_between_phases(job: Job, progress: Progress) -> None:
    """Keep the second phase from beginning if a signal came with the last step of the first, too late to stop it.

    Raises:
        Preempted: it did.
    """
    if progress.signal:
        raise Preempted(
            f"{job.version}: stopped by {progress.signal} between its two phases; the first is kept; {AGAIN}"
        )


def _say(text: str) -> None:
    """Print from a signal handler: the buffered streams may be in the middle of a write."""
    os.write(2, f"{text}\n".encode())
