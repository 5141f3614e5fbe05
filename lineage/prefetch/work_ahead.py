"""The second process: `python -m lineage.prefetch.work_ahead v2` works for other versions while v2 is trained.

Its work can be taken from it at any moment: a training that is stopped leaves a checkpoint, a measurement that is
stopped leaves nothing.
"""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache

from lineage.artifacts.manifest import verified_manifest
from lineage.artifacts.not_built import find_not_built
from lineage.base_model.fast_import import import_lean
from lineage.config.load import load_curriculum
from lineage.config.reserved import BASE
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError, Preempted
from lineage.core.paths import STATE
from lineage.core.stage import prepare_environment
from lineage.evaluation.evaluate import measured_all
from lineage.evaluation.heldout import heldout_sets
from lineage.prefetch.prefetch import SECONDS_TO_END
from lineage.training import checkpoints
from lineage.training.plan import Plan, planned
from lineage.training.taken_up import is_finished
from lineage.training.train import train


def main() -> None:
    """Train what can be trained, then measure what is there."""
    prepare_environment()
    os.nice(10)
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    c, busy = load_curriculum(), sys.argv[1]
    import_lean(c.active)
    versions = Versions(c, busy)
    for version in versions.waiting():
        print(f"while {busy} is trained: training {version}", flush=True)
        out = STATE / "scratch" / "prefetch"  # what counts is the last checkpoint
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        train(c, c.version(version), out)
    measured_all(c, versions.to_measure(), heldout_sets(c.evaluation.rows, c.evaluation.rows_of))


class Versions:
    """What became of the versions so far, each planned once. The one that is `busy` is left to its own process."""

    def __init__(self, c: Curriculum, busy: str) -> None:
        self.c, self.busy = c, busy
        self.plan = cache(self._plan)

    def waiting(self) -> Iterator[str]:
        """The versions that wait for nothing but their turn: their parents are as they will be."""
        for version in self.c.in_order():
            parent = self.c.versions[version].parent
            if version == self.busy or not (parent == BASE or self.is_fresh(parent)):
                continue
            if not self.is_fresh(version) and not self._is_trained(version) and not self._is_finished(version):
                yield version

    def to_measure(self) -> Iterator[str]:
        """The base, and the versions that are as they will be, each when its turn comes."""
        for version in (BASE, *self.c.in_order()):
            if version == BASE or self.is_fresh(version):
                print(f"while {self.busy} is trained: measuring {version}", flush=True)
                yield version

    def is_fresh(self, version: str) -> bool:
        """Whether a version's adapter is what its mix, its settings and its line would make now."""
        parent = self.c.versions[version].parent
        if version == self.busy or not (parent == BASE or self.is_fresh(parent)):
            return False
        plan = self.plan(version)
        try:
            return plan is not None and plan.fingerprint == verified_manifest(version).fingerprint
        except LineageError:
            return False

    def _is_trained(self, version: str) -> bool:
        """Whether nothing is left to do but to publish it, or it cannot be trained here."""
        plan = self.plan(version)
        if plan is None:
            return True
        last = plan.job.checkpoints / f"checkpoint-{plan.job.steps}"
        return plan.pairs is None and (last / checkpoints.SEAL).is_file()

    def _is_finished(self, version: str) -> bool:
        """Whether its adapter is there under another name, or is the one that is being trained."""
        mine, busy = self.plan(version), self.plan(self.busy)
        if mine and busy and mine.job.checkpoints == busy.job.checkpoints:
            return True
        return is_finished(self.c, self.c.version(version))

    def _plan(self, version: str) -> Plan | None:
        """None: it was trained elsewhere, or its parent or its mix are not there, or could not be built."""
        if self.c.versions[version].train.adopted or find_not_built(paths.mix(version)):
            return None
        try:
            return planned(self.c, self.c.version(version))
        except LineageError:
            return None


def _end_with_the_starter() -> None:
    while os.read(0, 1):  # the bare file: a thread that waits in `sys.stdin` would keep Python from ending
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_END)  # for a checkpoint
    os._exit(Preempted.exit_code)


if __name__ == "__main__":
    try:
        main()
    except Preempted as stopped:
        sys.exit(f"{stopped}")
