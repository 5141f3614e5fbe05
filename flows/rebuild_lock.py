"""One rebuild a workspace: the next one waits, says for which, and frees what a killed one left in Prefect.

The lock is the kernel's: it lives as long as the run's process or anything that it started, whatever ends them, and
needs no lease to run out. What its file says is for people, and for the run that comes after one that was killed.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from lineage.core.paths import STATE

WORKSPACE = "rebuild.lock"  # held by what works in the workspace itself
CLONES = "clones.lock"  # by what works in a clone of it: such a run holds up nobody else's
ENDING = 20  # seconds, more than a stage is given to end
REMINDER = 300  # seconds between two lines of one that waits


class Holder:
    """What the file of the lock says of the run that holds it."""

    def __init__(self, file: IO[str], **facts: Any) -> None:
        self._file = file
        self._facts = facts
        self.note()

    def fileno(self) -> int:
        """The descriptor to hand on to what the run starts."""
        return self._file.fileno()

    def note(self, **facts: Any) -> None:
        """Write down what the run does now: its `stage`, or the `lease` of its slot."""
        self._facts |= facts
        _write(self._file, json.dumps(self._facts))


_HOLDER: ContextVar[Holder | None] = ContextVar("holder", default=None)


def note(**facts: Any) -> None:
    """Write down what this run does now, if it holds a lock."""
    if holder := _HOLDER.get():
        holder.note(**facts)


@contextmanager
def only_rebuild(
    run: str,
    identity: str,
    say: Callable[[str], None],
    clean: Callable[[dict[str, Any]], None],
    lock: str = WORKSPACE,
) -> Iterator[Holder]:
    """Hold a lock of this workspace; wait for it as long as another run has it.

    Args:
        run: the run's name, for people.
        identity: its id in Prefect.
        say: is told at once, and now and then, whom this run waits for.
        clean: is given what the file says of a run that was killed, before this one begins.
        lock: which one.
    """
    STATE.mkdir(exist_ok=True)
    with (STATE / lock).open("a+", encoding="utf-8") as file:
        _wait(file, say)
        if (left := _read(file)) and left.get("id") != identity:
            say(f"the run {_named(left)} was killed; this one goes on from what it left")
            clean(left)
        since = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        holder = Holder(file, run=run, id=identity, pid=os.getpid(), since=since)
        before = _HOLDER.set(holder)
        try:
            yield holder
        finally:
            _HOLDER.reset(before)
            _write(file, "")
            fcntl.flock(file, fcntl.LOCK_UN)


def once_it_is_gone(identity: str, clean: Callable[[dict[str, Any]], None]) -> None:
    """Clean up after a run that was killed, when nothing that it started is at work any more.

    The next run says what it goes on from and cleans once more, so that it does not matter if this comes to nothing.

    Args:
        identity: the run's id in Prefect; what the file says of another run is left alone.
        clean: is given what the file says of it.
    """
    for lock in (WORKSPACE, CLONES):
        if (STATE / lock).is_file():
            _once_it_is_gone(STATE / lock, identity, clean)


def _once_it_is_gone(lock: Path, identity: str, clean: Callable[[dict[str, Any]], None]) -> None:
    deadline = time.monotonic() + ENDING
    with lock.open("a+", encoding="utf-8") as file:
        while (left := _read(file)).get("id") == identity and time.monotonic() < deadline:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.2)
            else:
                return clean(left)


def _wait(file: IO[str], say: Callable[[str], None]) -> None:
    said = -float(REMINDER)
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() - said > REMINDER:
                say(_waiting_for(_read(file)))
                said = time.monotonic()
            time.sleep(0.2)


def _waiting_for(holder: dict[str, Any]) -> str:
    if not holder:
        return "waiting for another run in this workspace"
    if not Path(f"/proc/{holder['pid']}").exists() and Path("/proc").exists():
        return f"waiting for what the run {_named(holder)} left behind: it was killed, and its stage is ending"
    return (
        f"waiting for the run {_named(holder)}, at work in this workspace since {holder['since']}. "
        f"To end it: cancel it where it was started, or kill {holder['pid']}"
    )


def _named(holder: dict[str, Any]) -> str:
    stage = f" at {holder['stage']}" if holder.get("stage") else ""
    return f"“{holder.get('run', '?')}” (process {holder.get('pid', '?')}{stage})"


def _read(file: IO[str]) -> dict[str, Any]:
    """What the file says; nothing if it says nothing, or half of something."""
    file.seek(0)
    try:
        found: dict[str, Any] = json.loads(file.read() or "{}")
    except ValueError:
        return {}
    return found


def _write(file: IO[str], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()
