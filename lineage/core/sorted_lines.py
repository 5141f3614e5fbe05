"""Lines of JSON in an order of their own, more than memory should hold: sorted in runs on disk, and merged.

The few of a small lineage never leave memory. Runs are written below `.state/scratch`.
"""

import heapq
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from lineage.core.paths import STATE

HELD = 4 << 20  # characters of lines that wait in memory
RUNS = 200  # files that are open at once


class SortedLines:
    """Values that are given back as lines of JSON, in order; equal ones in the order they were added."""

    def __init__(self, order: Callable[[Any], Any]) -> None:
        self._order = order
        self._lines: list[str] = []
        self._held = 0
        self._stack = ExitStack()
        self._runs: list[Any] = []

    def __enter__(self) -> "SortedLines":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, value: Any) -> None:
        """Append a value."""
        line = json.dumps(value, ensure_ascii=False) + "\n"
        self._lines.append(line)
        self._held += len(line)
        if self._held >= HELD:
            self._write(self._sorted())
            self._lines, self._held = [], 0
            if len(self._runs) >= RUNS:
                runs, self._runs = self._runs, []
                self._write(self._merged(runs))
                for run in runs:
                    run.close()

    def __iter__(self) -> Iterator[str]:
        """The lines, each with its newline."""
        return self._merged([*self._runs, self._sorted()])

    def _sorted(self) -> list[str]:
        return sorted(self._lines, key=self._key)

    def _merged(self, runs: list[Any]) -> Iterator[str]:
        for run in runs:
            if not isinstance(run, list):
                run.seek(0)
        return heapq.merge(*runs, key=self._key)

    def _write(self, lines: Any) -> None:
        scratch = STATE / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        run = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n", dir=scratch)  # noqa: SIM115
        self._stack.enter_context(run)
        run.writelines(lines)
        self._runs.append(run)

    def _key(self, line: str) -> Any:
        return self._order(json.loads(line))
