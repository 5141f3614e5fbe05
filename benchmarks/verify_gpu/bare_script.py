"""The training of a version by a bare script, in two processes: what it is handed is written by one with our code.

python -m benchmarks.verify_gpu.bare_script handed v1       # rows and settings, into bare/v1
python -m benchmarks.verify_gpu.bare_script trl v1          # by TRL and PEFT; writes trl.json
python -m benchmarks.verify_gpu.bare_script unsloth v1      # by unsloth; writes unsloth.json
"""

import json
import os
import sys
import time
from pathlib import Path

from benchmarks.verify_gpu.step_clock import StepClock


def handed(version: str, room: Path) -> None:
    """Write what the bare script reads, and the tokens of each step."""
    from benchmarks.bare_settings import write_bare
    from lineage.config.load import load_curriculum
    from lineage.training.plan import planned

    c = load_curriculum()
    job = planned(c, c.version(version)).job
    each = job.profile.global_batch_size
    room.mkdir(parents=True)
    write_bare(job, job.steps * each, room)
    tokens = [sum(job.lengths[first : first + each]) for first in range(0, job.steps * each, each)]
    facts = {"tokens": tokens, "threads": job.profile.threads}
    (room / "handed.json").write_text(json.dumps(facts), encoding="utf-8")


def trained(by: str, room: Path, begun: float) -> None:
    """Train, and write what was measured, with the losses."""
    facts = json.loads((room / "handed.json").read_text(encoding="utf-8"))
    os.environ["OMP_NUM_THREADS"] = str(facts["threads"] or os.cpu_count() or 1)  # before torch is imported
    if by == "unsloth":
        import unsloth  # noqa: F401  # before the libraries that it patches
    from benchmarks import bare

    clock = StepClock(begun)
    losses = bare.train(room, unsloth=by == "unsloth")
    found = {**clock.figures(facts["tokens"]), "losses": losses}
    Path(f"{by}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    started = time.monotonic()
    what, of = sys.argv[1:]
    if what == "handed":
        from lineage.core.stage import prepare_environment

        prepare_environment()
        handed(of, Path("bare", of))
    else:
        trained(what, Path("bare", of), started)
