"""What a training has cost, for MLflow: when it ran, how long, how fast, in how much memory, with how much energy.

From the journal of this machine, by the adapter that came of it. It is told beside the facts and outside their digest:
a journal that is gone makes no run wrong, and what nobody measured is not told.
"""

from dataclasses import dataclass
from typing import Any

from lineage.core.journal import Entry, entries

GIGABYTE = 1e9


@dataclass(frozen=True, slots=True)
class WhatItTook:
    """Of the training of one adapter. start, end: milliseconds since 1970, as MLflow counts. metrics: `cost/…`."""

    start: int
    end: int
    metrics: dict[str, float]


def costs() -> dict[str, WhatItTook]:
    """Adapter → what its training has cost here; of several the last.

    A stage that took a finished adapter up, or went on from a checkpoint or what was begun ahead, trained only a part.
    """
    trained = [line for line in entries() if {"adapter", "ended", "tokens", "training_seconds"} <= line.keys()]
    return {str(line["adapter"]): _cost(line) for line in trained}


def end_of(run: Any, cost: WhatItTook | None) -> int:
    """When a run ends, in milliseconds since 1970: with its training, or else as it began, which shows no duration.

    The seconds of publishing are no training. A duration that was told when the journal was still there stays.
    """
    began: int = run.info.start_time
    if cost and cost.start == began:
        return cost.end
    told = began + int(run.data.metrics.get("cost/seconds", 0.0) * 1000)
    return told if run.info.end_time == told else began


def _cost(line: Entry) -> WhatItTook:
    seconds = float(line["seconds"]) + float(line.get("startup_seconds", 0.0))
    end = int(line["ended"]) * 1000
    told = {"cost/seconds": seconds}
    for name, field in (("cost/peak_gigabytes", "peak_bytes"), ("cost/gpu_peak_gigabytes", "gpu_peak_bytes")):
        told |= {name: round(line[field] / GIGABYTE, 3)} if field in line else {}
    told |= {"cost/kilojoules": line["joules"] / 1000} if "joules" in line else {}
    told["cost/tokens_per_second"] = round(line["tokens"] / max(line["training_seconds"], 0.1), 1)
    return WhatItTook(end - int(seconds * 1000), end, told)
