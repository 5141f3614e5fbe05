"""While one version trains on one core, a second process works ahead on another.

It trains versions whose turn has not come, up to their last checkpoint, and measures those that are there. What it
makes lies in `.state`, keyed by content, where the stages look first: they find their work done and write the same
bytes. It decides nothing: what is stale, and what runs when, stays with DVC.

Only for a tiny base on a CPU, where training cannot use a second core: `KRX_PREFETCH=0` switches it off.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lineage.config.schema import Curriculum
from lineage.core import machine
from lineage.core.paths import STATE

SECONDS_TO_END = 10.0  # for a checkpoint, once the stage itself is done
LOG = STATE / "prefetch.log"


@contextmanager
def prefetching(c: Curriculum, version: str) -> Iterator[None]:
    """Work ahead while the block trains `version`; nothing of it is left running afterwards."""
    if not has_an_idle_core(c):
        yield
        return
    STATE.mkdir(exist_ok=True)
    with LOG.open("wb") as log:
        ahead = subprocess.Popen(
            [sys.executable, "-m", "lineage.prefetch.work_ahead", version],
            stdin=subprocess.PIPE,  # it ends when this is closed, however this process ends
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        ahead.terminate()
        try:
            ahead.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            ahead.kill()
            ahead.wait()


def has_an_idle_core(c: Curriculum) -> bool:
    """Whether this training leaves a core idle, and is so small that a second one beside it costs nothing."""
    profile = c.active
    alone = profile.base.build is not None and profile.launch.processes == 1 and profile.threads == 1
    return alone and machine.cores() > 1 and not machine.gpus() and os.environ.get("KRX_PREFETCH") != "0"
