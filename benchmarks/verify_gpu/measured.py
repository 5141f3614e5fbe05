"""Train a version as `python -m stages.train v1` does, and write `v1.json`: seconds a step, memory at its peak.

Time is taken after every optimizer step, once the GPU has finished it; the tokens of a step are those of `history.csv`,
without padding.
"""

import csv
import resource
import sys
import time
from pathlib import Path
from typing import Any

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
    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    on_gpu = torch.cuda.is_available()
    ends: list[float] = []

    def stepped(*_: Any) -> None:
        if on_gpu:
            torch.cuda.synchronize()
        ends.append(time.monotonic())

    register_optimizer_step_post_hook(stepped)
    run_stage(train.main)
    tokens = tokens_of_steps(Path("models", version, "history.csv"))[-len(ends) :]
    skipped = max(1, len(ends) // 5)  # compiled kernels, full caches
    seconds = ends[-1] - ends[skipped - 1]
    write_json(
        Path(f"{version}.json"),
        {
            "steps": len(ends),
            "steps_measured": len(ends) - skipped,
            "tokens_per_second": round(sum(tokens[skipped:]) / seconds, 1),
            "seconds_per_step": round(seconds / (len(ends) - skipped), 4),
            "tokens_per_step": round(sum(tokens) / len(tokens), 1),
            "seconds_until_first_step": round(ends[0] - begun, 1),
            "peak_gpu_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2) if on_gpu else None,
            "peak_gpu_reserved_gb": round(torch.cuda.max_memory_reserved() / 1e9, 2) if on_gpu else None,
            "peak_process_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        },
    )


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


if __name__ == "__main__":
    main()
