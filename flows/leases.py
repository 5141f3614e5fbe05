"""Orders that are out, and which of them nobody works on any more.

A worker gives signs of life: a value that changes. When it came is measured by the clock of the one who waits, which
runs evenly and knows no date: what a worker's own clock says, or the server's, plays no part.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

TERM = 60.0  # seconds without a sign of life, after which an order is handed out anew


@dataclass
class Leases:
    """By attempt: the last sign, and when it was first seen. clock: seconds that run evenly."""

    term: float = TERM
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[object, float]] = field(default_factory=dict)

    def sign(self, attempt: str, sign: object) -> None:
        """What a worker shows of itself; only one that differs from the last one is a sign of life."""
        if attempt not in self._seen or self._seen[attempt][0] != sign:
            self._seen[attempt] = (sign, self.clock())

    def nobody_could_sign(self) -> None:
        """The server was away: every lease begins anew."""
        self._seen = {attempt: (sign, self.clock()) for attempt, (sign, _) in self._seen.items()}

    def lapsed(self) -> list[str]:
        """The attempts whose worker has been silent for longer than the term."""
        now = self.clock()
        return [attempt for attempt, (_, since) in self._seen.items() if now - since > self.term]

    def end(self, attempt: str) -> None:
        """Wait for it no longer."""
        self._seen.pop(attempt, None)
