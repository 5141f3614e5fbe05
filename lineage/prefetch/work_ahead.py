"""The second process: `python -m lineage.prefetch.work_ahead v2` works for other versions while v2 is trained.

Its work can be taken from it at any moment: a training that is stopped leaves a checkpoint, a measurement that is
stopped leaves nothing.
"""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from lineage.artifacts.manifest import read_manifest
from lineage.base_model.fast_import import import_lean
from lineage.config.load import load_curriculum
from lineage.config.reserved import BASE
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.core.stage import prepare_environment
from lineage.evaluation.evaluate import measure
from lineage.evaluation.heldout import heldout_sets
from lineage.training.plan import planned
from lineage.training.train import train


def main() -> None:
    """Train what can be trained, then measure what is there."""
    prepare_environment()
    os.nice(10)
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    c, busy = load_curriculum(), sys.argv[1]
    import_lean(c.active)
    for version in waiting(c, busy):
        with tempfile.TemporaryDirectory(dir=".state") as out:  # what counts are the checkpoints
            print(f"ahead of {busy}: {version}")
            train(c, version, Path(out))
    sets = heldout_sets(c.evaluation.rows)
    for version in (BASE, *c.in_order()):
        if version == BASE or (version != busy and is_fresh(c, version)):
            print(f"ahead of {busy}: measures of {version}")
            measure(c, version, sets)


def waiting(c: Curriculum, busy: str) -> Iterator[str]:
    """The versions to be trained that wait for nothing but their turn: their parents are as they will be."""
    for version in c.in_order():
        spec = c.versions[version]
        if version == busy or spec.train.adopted or is_fresh(c, version):
            continue
        if spec.parent == BASE or (spec.parent != busy and is_fresh(c, spec.parent)):
            yield version


def is_fresh(c: Curriculum, version: str) -> bool:
    """Whether a version's adapter is what its mix, its settings and its line would make now."""
    parent = c.versions[version].parent
    try:
        made = read_manifest(version).fingerprint
        return planned(c, version).fingerprint == made and (parent == BASE or is_fresh(c, parent))
    except LineageError:
        return False


def _end_with_the_starter() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
