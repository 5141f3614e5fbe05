"""A DVC that stays for a whole run: one process in a group of its own, which ends with whoever holds it.

    with WarmDvc() as dvc:
        code = dvc.run(["repro", "--single-item", "train@v3"], print)
        told = dvc.ask("status", "--json")

Each command is what `dvc` on the command line is, without the seconds that importing DVC takes every time.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from lineage.planning.dvc_graph import environment, refused

PROCESS_GUARD = Path(__file__).with_name("process_guard.py")
WORKER = Path(__file__).with_name("dvc_worker.py")


class WarmDvc:
    """The process, started by the first command and again after it was ended from outside.

    held: a file descriptor that lives as long as anything that a stage started, such as that of a lock.
    """

    def __init__(self, held: int | None = None) -> None:
        self._held = held
        self._process: subprocess.Popen[str] | None = None
        self._commands: Any = None
        self._mark = ""

    def __enter__(self) -> Self:
        self._start()  # it imports DVC while its starter does something else
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, arguments: list[str], say: Callable[[str], None], variables: dict[str, str] | None = None) -> int:
        """Run a command and hand on its lines, those of its stages among them; its exit code.

        Interrupted in whatever way, it takes the command and its stages with it.

        variables: what its stages find in their environment beside the usual.
        """
        return int(self._run([arguments, variables or {}, False], say)["code"])

    def ask(self, *arguments: str) -> str:
        """What a command prints.

        Raises:
            LineageError: with DVC's own words, if it fails.
        """
        complaints: list[str] = []
        told = self._run([arguments, {}, True], complaints.append)
        if told["code"]:
            raise refused(arguments, "\n".join(complaints))
        return str(told["answer"])

    def close(self, say: Callable[[str], None] | None = None) -> None:
        """End the process and all that it started, and wait until they are gone.

        say: is told what they print while they end, such as the step after which a training stopped.
        """
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin
            assert process.stdout
            process.stdin.close()
            self._commands.close()
            process.wait()
            if say:
                for text in _left_in(process.stdout.fileno()).splitlines():
                    if text.strip() and not text.startswith(self._mark):
                        say(text.rstrip())
            process.stdout.close()

    def _run(self, command: list[Any], say: Callable[[str], None]) -> dict[str, Any]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._start()
        process, commands = self._process, self._commands
        assert process
        assert process.stdout
        try:
            commands.write(json.dumps(command) + "\n")
            commands.flush()
            for text in process.stdout:
                if text.startswith(self._mark):
                    told: dict[str, Any] = json.loads(text.removeprefix(self._mark))
                    return told
                if text.strip():
                    say(text.rstrip())
        except BrokenPipeError:
            pass
        except BaseException:
            self.close(say)
            raise
        code = process.wait()
        self.close()
        return {"code": code, "answer": ""}

    def _start(self) -> None:
        reading, writing = os.pipe()
        self._mark = f"{secrets.token_hex(8)} "  # no stage can print it by chance
        command = [sys.executable, str(WORKER), str(reading), self._mark.strip()]
        handed_on = [reading, *([self._held] if self._held is not None else [])]
        self._process = under_guard(command, environment(), Path(), handed_on)
        os.close(reading)
        self._commands = os.fdopen(writing, "w")


def under_guard(
    command: list[str], variables: dict[str, str], folder: Path, handed_on: list[int]
) -> subprocess.Popen[str]:
    """Start a command that ends, with all that it started, when its standard input is closed; its lines are to be read.

    Args:
        command: with its arguments.
        variables: its environment.
        folder: where it works.
        handed_on: file descriptors that it and what it starts hold open.
    """
    return subprocess.Popen(
        [sys.executable, str(PROCESS_GUARD), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
        env=variables,
        cwd=folder,
        pass_fds=handed_on,
    )


def _left_in(pipe: int) -> str:
    """What lies in a pipe; nothing is waited for, since somebody may hold its other end open."""
    os.set_blocking(pipe, False)
    found = b""
    try:
        while part := os.read(pipe, 1 << 16):
            found += part
    except BlockingIOError:
        pass
    return found.decode("utf-8", "replace")
