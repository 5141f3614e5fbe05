"""Whether the other nodes still live: each writes a number that grows; who is silent for ten seconds counts as gone.

A process whose peer died learns of it from the network only if that machine had time to say so. A machine without power
and a cable that was pulled say nothing.
"""

import threading
import time

from lineage.nodes.meeting import LOST, Meeting

BEAT = 0.5


class Heartbeat(threading.Thread):
    """This node's own beat, and when each other node was last heard of."""

    def __init__(self, meeting: Meeting) -> None:
        super().__init__(daemon=True)
        self.meeting = meeting
        self.over = ""  # why the training ends, as the first node says it
        self.failed: dict[int, str] = {}  # of the first node: what others said at their end; empty: all is done
        self.heard = {arrival: ("", time.monotonic()) for arrival in meeting.others or {0: ""}}
        self._beats, self._done = 0, threading.Event()
        self._words: str | None = None
        self._said = threading.Event()

    def run(self) -> None:
        """Beat until the end; a store that is out of reach is silence."""
        while not self._done.wait(BEAT):
            try:
                self._beat()
            except RuntimeError:
                continue

    def say(self, words: str) -> None:
        """Tell the first node how this one ended, with the next beat; where it is silent, do not wait for that."""
        self._words = words
        while not self._said.wait(BEAT) and not self.silent():
            pass

    def stop(self) -> None:
        """No more beats: this node is done."""
        self._done.set()
        self.join(BEAT * 4)

    def silent(self) -> list[int]:
        """The arrivals that were not heard of for too long, and have not said that they are done."""
        now = time.monotonic()
        return [one for one, (_, last) in self.heard.items() if now - last > LOST and one not in self.failed]

    def lost(self, version: str) -> str:
        """A sentence on a node that is gone; empty: all live."""
        silent = self.silent()
        if not silent:
            return ""
        who = self.meeting.others.get(silent[0], f"the first node at {self.meeting.at}")
        return f"{version}: {who} was not heard of for {LOST:g} s: it died, or the network between the nodes did"

    def _beat(self) -> None:
        meeting, store = self.meeting, self.meeting.store
        self._beats += 1
        if meeting.arrival:
            store.set(f"alive/{meeting.arrival}", str(self._beats))
            self.over = meeting.read("over") or self.over
            self.heard[0] = (str(self._beats), time.monotonic())
            if self._words is not None:
                store.set(f"failed/{meeting.arrival}", self._words)
                self._said.set()
            return
        for arrival, (last, _) in self.heard.items():
            if (now := meeting.read(f"alive/{arrival}") or "") != last:
                self.heard[arrival] = (now, time.monotonic())
            if arrival not in self.failed and (said := meeting.read(f"failed/{arrival}")) is not None:
                self.failed[arrival] = said
