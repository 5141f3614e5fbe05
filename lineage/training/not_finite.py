"""NaN and infinity in a training: where they are, and the error that names the rows they came with.

A run is stopped before such a number reaches the weights, or at the latest before they are saved.
"""

import math
from typing import Any

from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.training import checkpoints
from lineage.training.distributed import process_group
from lineage.training.job import Job

NAMED = 8  # rows that a message names at most
ASKED = 4  # steps whose rows are asked one by one at most


def first_not_finite(model: Any, *, gradients: bool) -> str:
    """The name of the first trained tensor, or gradient, that holds NaN or infinity; an empty text if none does."""
    import torch

    named = [(name, p.grad if gradients else p) for name, p in model.named_parameters() if p.requires_grad]
    present = [(name, t.detach()) for name, t in named if t is not None]
    # Sharded tensors: each process looks at its own part.
    parts = [(name, t.to_local() if hasattr(t, "to_local") else t) for name, t in present]
    parts = [(name, t) for name, t in parts if t.numel()]
    # One number a tensor and one look at all of them: a GPU is not stopped for each.
    if not parts or torch.isfinite(torch.stack(torch._foreach_norm([t for _, t in parts], math.inf))).all():
        return ""
    return next(name for name, t in parts if not torch.isfinite(t).all())


def losses_of_rows(job: Job, steps: range, model: Any, loader: Any) -> dict[int, float]:
    """The loss of each row of some steps, computed alone.

    Args:
        job: the phase that trains.
        steps: which ones, counted from 0.
        model: with the weights from before the first of them.
        loader: the trainer's own, with its dataset and its collator.

    Returns:
        The loss in nats by the row's place in the order of training. Empty where a row cannot be asked alone: several
        processes, preference pairs, too many steps.
    """
    import torch

    if len(steps) > ASKED or process_group.world_size() > 1:
        return {}
    try:
        model.eval()
        with torch.no_grad():
            batches = {row: loader.collate_fn([loader.dataset[row]]) for row in _rows(job, steps)}
            return {row: float(model(**_on(model.device, batch)).loss) for row, batch in batches.items()}
    except Exception:  # a help for the message, which must come also where this fails
        return {}


def error(job: Job, steps: range, what: str, losses: dict[int, float]) -> LineageError:
    """The error that stops a run, with what to change; what was cut short while it was written is deleted.

    Args:
        job: the phase that trains.
        steps: those in which it happened, counted from 0.
        what: the number that is none, as "loss = nan,".
        losses: of each row alone, from `losses_of_rows`.
    """
    checkpoints.drop_unsealed(job.checkpoints)
    kept = checkpoints.newest(job.checkpoints)
    again = "at the start" if kept == "none" else f"from {kept}, which is kept,"
    step = f"step {steps.stop}" if len(steps) == 1 else f"steps {steps.start + 1} to {steps.stop}"
    return LineageError(
        f"{job.version}: {step} of {job.steps}: {what} is not finite, so training stopped; "
        f"{_suspects(job, _rows(job, steps), losses)}. "
        f"Lower profiles.<profile>.learning_rate or versions.{job.version}.train.lr_scale (in force: "
        f"{job.learning_rate:g}), or look at these rows in {paths.mix(job.version)}. "
        f"The same run again would go on {again} and stop at the same step"
    )


def _rows(job: Job, steps: range) -> range:
    """The places of the rows of some steps in the order of training."""
    size = job.profile.global_batch_size
    return range(steps.start * size, min(steps.stop * size, len(job.dataset)))


def _suspects(job: Job, rows: range, losses: dict[int, float]) -> str:
    """Which rows to look at: those whose own loss is none, else all, the highest loss first."""
    if bad := [row for row, loss in losses.items() if not math.isfinite(loss)]:
        return f"its loss is not finite on {_names(job, bad)}"
    if losses:
        worst = sorted(losses, key=lambda row: -losses[row])
        return (
            f"each row's own loss is finite, from {min(losses.values()):.3f} to {losses[worst[0]]:.3f}; "
            f"the highest first: {_names(job, worst)}"
        )
    return f"its rows are {_names(job, list(rows))}"


def _names(job: Job, rows: list[int]) -> str:
    """Rows as a person finds them: their ids in the mix if the dataset has them, their place in training order."""
    ids = "id" in job.dataset.column_names

    def name(row: int) -> str:
        found = job.dataset[row]["id"] if ids else f"row {row + 1} of the training order"
        return found if isinstance(found, str) else " + ".join(found)

    more = f" and {len(rows) - NAMED} others" if len(rows) > NAMED else ""
    return ", ".join(name(row) for row in rows[:NAMED]) + more


def _on(device: Any, batch: Any) -> dict[str, Any]:
    return {name: value.to(device) for name, value in batch.items()}
