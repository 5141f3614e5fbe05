"""A server of `lineage ui`: started with it, ended with it however it dies, and started again if it dies itself."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flows.warm_dvc import PROCESS_GUARD
from lineage.core.errors import LineageError
from lineage.core.paths import STATE
from lineage.planning.dvc_graph import environment

SOUND = 20.0  # seconds: what dies sooner after its start would only die again
PATIENCE = 180  # seconds for a server's first start, which makes its database, on a busy machine


class Kept:
    """A server that is started again when it dies. address: where it answers once it is up; none: it is not asked."""

    def __init__(self, name: str, command: list[str], address: str = "") -> None:
        self._name, self._command, self._address = name, command, address
        self._begun = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, running: ExitStack) -> None:
        """Start it; it is stopped with `running`."""
        shown = not self._address
        self._process = running.enter_context(server(self._name, self._command, shown=shown))
        self._begun = time.monotonic()

    def wait(self) -> None:
        """Until it answers. Raises LineageError if it never does."""
        if self._address and self._process:
            answers(self._name, self._address, self._process)

    def has_ended(self) -> bool:
        """Whether it was started and is gone."""
        return self._process is not None and self._process.poll() is not None

    def keep(self, running: ExitStack) -> None:
        """Start it again if it has died.

        Raises:
            LineageError: it dies as soon as it is started.
        """
        if not self.has_ended():
            return
        if time.monotonic() - self._begun < SOUND:
            raise LineageError(f"{self._name} has stopped, and the rest with it; see {STATE / 'logs'}")
        print(f"{self._name} has stopped; it is started again", flush=True)
        self.start(running)
        self.wait()


@contextmanager
def server(name: str, command: list[str], *, shown: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """A server that ends with this block, and with this process however that dies.

    shown: print what it says, instead of writing it to its log.
    """
    log = _log(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, str(PROCESS_GUARD), *command],
            stdin=subprocess.PIPE,
            stdout=None if shown else output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment(),
        )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait()


def answers(name: str, address: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers.

    Raises:
        LineageError: it ended, or took too long; naming its log.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise LineageError(f"{name} did not start; the end of {_log(name)}:\n{_tail(_log(name))}")


def _log(name: str) -> Path:
    return STATE / "logs" / f"{name}.log"


def _tail(path: Path, lines: int = 12) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
