"""The points of a training's curves, each the mean of some steps, from a log that has every step.

The trainer can average by itself, but forgets what it has summed up when a training stops between two points and goes
on from its checkpoint: that point would be the mean of fewer steps, and the same training would leave other bytes. What
is logged at every step lies in the checkpoint.
"""

from collections.abc import Iterator, Sequence

import numpy as np


def averaged(log: Sequence[dict[str, float]], every: int, names: Sequence[str]) -> Iterator[dict[str, float]]:
    """A row for each `every` steps: that of the last of them, with means in place of what `names` says.

    Args:
        log: a row a step, in order, as a trainer keeps them; rows without a loss are no steps.
        every: steps behind a point. What is left at the end, fewer than that, is no point.
        names: what is a mean. Sums are of float32, from the first step to the last, as the trainer's would be.
    """
    steps = [row for row in log if "loss" in row]
    for end in range(every, len(steps) + 1, every):
        some = steps[end - every : end]
        means = {name: _mean([row[name] for row in some]) for name in names if name in some[-1]}
        yield some[-1] | means


def _mean(values: Sequence[float]) -> float:
    total = np.float32(0)
    for value in values:
        total += np.float32(value)
    return float(total) / len(values)
