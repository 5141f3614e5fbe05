"""What a training costs: beside bare scripts in the same run, and beside what `lineage check` foretold."""

import json
from importlib.util import find_spec
from typing import Any

from benchmarks.verify_gpu.checks import NOT_ON_A_CPU, SAME_LOSS, Status, losses, trained_room
from benchmarks.verify_gpu.room_inputs import Setup
from lineage.planning.cost import MARGIN

VERSION = "v1"  # on the base itself: a bare script needs nothing of ours to begin


def beside_bare(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Tokens a second beside a bare script of TRL and one of unsloth: the same rows, order and settings, in one run.

    Expected: the losses of all agree within 2 %, in the mean; speed is told, and judged by nobody.
    """
    of = trained_room(setup, "first")
    runs = [json.loads((trained_room(setup, name).root / f"{VERSION}.json").read_text()) for name in _ours(setup)]
    ours = {"tokens_per_second": round(sum(run["tokens_per_second"] for run in runs) / len(runs), 1), "runs": len(runs)}
    figures: dict[str, Any] = {"ours": ours}
    of.run("benchmarks.verify_gpu.bare_script", "handed", VERSION)
    told, apart, mean = [], [], sum(losses(of, VERSION)) / len(losses(of, VERSION))
    for by in ("unsloth", "trl"):
        if by == "unsloth" and (setup.rehearsal or find_spec("unsloth") is None):
            told.append(f"bare unsloth: {NOT_ON_A_CPU if setup.rehearsal else 'it is not installed'}")
            continue
        of.run("benchmarks.verify_gpu.bare_script", by, VERSION)
        found = json.loads((of.root / f"{by}.json").read_text(encoding="utf-8"))
        ratio = ours["tokens_per_second"] / found["tokens_per_second"]
        apart.append(abs(sum(found["losses"]) / len(found["losses"]) / mean - 1))
        figures[by] = {**found, "ours_over_it": round(ratio, 3), "losses_apart": round(apart[-1], 5)}
        speed = f"{found['tokens_per_second']:,} tokens/s, ours {ours['tokens_per_second']:,}: {ratio:.2f} times"
        told.append(f"bare {by}: {speed}; losses {apart[-1]:.2%} apart")
    return ("passed" if max(apart) < SAME_LOSS else "failed"), "; ".join(told), figures


def as_estimated(setup: Setup) -> tuple[Status, str, dict[str, Any]]:
    """Memory at its peak beside the estimate of `lineage check`.

    Expected: no more than the estimate, and the estimate no more than 1.3 times it: beyond that a training is refused.
    """
    measured = json.loads((trained_room(setup, "first").root / f"{VERSION}.json").read_text(encoding="utf-8"))
    parts = dict(measured["estimate"])
    if not parts:
        return "failed", "`lineage check` has no estimate for this base", {}
    of_gpu = measured["peak_gpu_reserved_gb"] is not None
    # torch does not see what the driver's context takes of a GPU, so it is left out of both.
    foretold = sum(size for name, size in parts.items() if name != "libraries" or not of_gpu) / 1e9
    peak = measured["peak_gpu_reserved_gb"] if of_gpu else measured["peak_process_gb"]
    where = "of the GPU, reserved by torch" if of_gpu else "of main memory, by the process"
    figures = {
        "measured_gb": peak,
        "estimate_gb": round(foretold, 3),
        "ratio": round(foretold / peak, 3),
        "parts": parts,
    }
    found = f"{peak} GB {where}; estimate {foretold:.2f} GB, {foretold / peak:.2f} times it"
    return ("passed" if 1 <= foretold / peak <= MARGIN else "failed"), found, figures


def _ours(setup: Setup) -> list[str]:
    return [name for name in ("first", "again") if (setup.work / name / f"{VERSION}.json").is_file()]
