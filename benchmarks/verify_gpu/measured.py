"""Train a version as `python -m stages.train v1` does, and write `v1.json`: seconds a step, memory at its peak.

The tokens of a step are those of `history.csv`, without padding. Beside the peak stands what `lineage check` takes the
training to need, part by part.
"""

import csv
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.verify_gpu.step_clock import StepClock
from lineage.config.load import load_curriculum
from lineage.core.files import write_json
from lineage.core.stage import prepare_environment, run_stage
from stages import train


def main() -> None:
    """Train the version that the command line names."""
    prepare_environment()
    version, begun = sys.argv[1], time.monotonic()
    if load_curriculum().active.trainer == "unsloth":
        from lineage.training.backends import unsloth

        unsloth.import_first()  # before torch's neighbours, as in `stages.train`
    clock = StepClock(begun)
    run_stage(train.main)
    figures = clock.figures(tokens_of_steps(Path("models", version, "history.csv")))
    write_json(Path(f"{version}.json"), {**figures, "estimate": estimated(version)})


def tokens_of_steps(history: Path) -> list[float]:
    """Tokens of each step, where each is logged; between logged steps, their mean."""
    with history.open(encoding="utf-8", newline="") as file:
        logged = [(int(row["step"]), int(row["tokens"])) for row in csv.DictReader(file)]
    found: list[float] = []
    at, seen = 0, 0
    for step, tokens in logged:
        found += [(tokens - seen) / (step - at)] * (step - at)
        at, seen = step, tokens
    return found


def estimated(version: str) -> dict[str, Any]:
    """What `lineage check` takes the training of a version to need, in bytes by part; empty where it cannot say."""
    import torch

    from lineage.planning.amount import work_of
    from lineage.planning.memory import memory_of
    from lineage.planning.model import model_of

    c = load_curriculum()
    v, model = c.version(version), model_of(c.active.base)
    if model is None:
        return {}
    return memory_of(model, c.active, v, work_of(c, v).longest, on_gpu=torch.cuda.is_available()).parts


if __name__ == "__main__":
    main()
