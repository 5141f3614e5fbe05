"""What watches over a training run: its progress, its checkpoints, and everything that may stop it.

- `callbacks`: a progress line, sealed checkpoints, a stop between two steps on SIGTERM or Ctrl-C, and a stop before a
  step whose loss or gradient is not a number.
- `explained`: around loading and training, turns out-of-memory and a full disk into an error for people.

Stopped by a signal, the run finishes its step, writes a checkpoint and exits with 75 (EX_TEMPFAIL): the same command
goes on from there. Outside of training there is nothing to save, and it exits at once with the same code.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from lineage.core import paths
from lineage.core.errors import LineageError, Preempted
from lineage.core.machine import size
from lineage.training import checkpoints, resource_errors
from lineage.training.distributed import process_group
from lineage.training.job import Job

AGAIN = "run the same command to go on"
NAMED = 8  # rows that a message names at most


@dataclass
class _Now:
    """Where this process is. Signals and errors come from anywhere, so there is one for the whole process."""

    step: int = 0
    training: bool = False
    asked: str = ""  # the signal that asked to stop
    kept: str = ""  # the signal that came too late for the phase before


_now = _Now()


@contextmanager
def explained(job: Job, doing: str = "loading") -> Iterator[None]:
    """Around loading and training, or `publishing`: signals are answered, a shortage is an error with its numbers.

    Raises:
        LineageError: when memory or disk ran out. Nothing half-written stays; sealed checkpoints do.
    """
    with _listening(job, doing):
        try:
            yield
        except LineageError:
            raise
        except Exception as error:
            when = f"at step {_now.step}/{job.steps}" if _now.training else f"while {doing}"
            if resource_errors.of_memory(error):
                text = resource_errors.memory_message(error, job, when, loading=not _now.training)
                raise LineageError(text) from error
            if resource_errors.of_disk(error):
                checkpoints.drop_unsealed(job.checkpoints)
                raise LineageError(resource_errors.disk_message(error, job, when)) from error
            raise


@contextmanager
def _listening(job: Job, doing: str) -> Iterator[None]:
    """Answer SIGTERM and SIGINT. Sent twice, SIGTERM is one request; a second Ctrl-C means: at once."""

    def stop(number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        if not _now.training:
            _say(f"\n✗ {job.version}: stopped by {name} while {doing}; nothing is half-made; {AGAIN}\n")
            raise SystemExit(Preempted.exit_code)
        if _now.asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not _now.asked:
            _say(f"{job.version}: {name}: finishing this step and writing a checkpoint")
        _now.asked = name

    _now.step, _now.training, _now.asked, _now.kept = 0, False, "", ""
    if threading.current_thread() is not threading.main_thread():  # elsewhere Python takes no handlers
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
        _now.kept = _now.asked  # it came with the last step, when there was nothing left to stop
    finally:
        _now.training = False
        for number, handler in before.items():
            signal.signal(number, handler)


def stop_between_phases(job: Job) -> None:
    """A stop that was asked for in the last step of a phase holds: the next phase is not begun.

    Raises:
        Preempted: it was asked for.
    """
    if _now.kept:
        name, _now.kept = _now.kept, ""
        raise Preempted(f"{job.version}: stopped by {name} between its two phases; the first is kept; {AGAIN}")


def _say(text: str) -> None:
    """Print from a signal handler: the buffered streams may be in the middle of a write."""
    os.write(2, f"{text}\n".encode())


def callbacks(job: Job, stop: Callable[[], bool] = lambda: False) -> list[Any]:
    """For TRL's trainer, in this order: what stops a run comes before what reports on it.

    stop: asked after each step, besides the signals of this process.
    """
    from transformers import TrainerCallback

    def asked() -> bool:
        return process_group.any_says(bool(_now.asked) or stop())

    class Watch(TrainerCallback):
        """Stops before weights are harmed, and between two steps when asked to."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            _room(job, more["model"])
            self.logged = state.global_step
            _now.step, _now.training = state.global_step, True

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            _now.step = state.global_step + 1

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            # fp16 overflows now and then, and its scaler leaves such a step out by itself.
            if not args.fp16 and (name := _not_finite(more["model"], gradients=True)):
                step = state.global_step
                _stop_for_numbers(job, more, (step, step + 1), f"the gradient of {name}")

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if asked():
                control.should_save = control.should_training_stop = True
            if control.should_save and (name := _not_finite(more["model"], gradients=False)):
                step = state.global_step
                _stop_for_numbers(job, more, (step - 1, step), f"after the optimizer's step {name}")

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            logs = more["logs"]
            watched = ("loss",) if args.fp16 else ("loss", "grad_norm")
            for name in watched:
                if not math.isfinite(logs.get(name, 0.0)):
                    _stop_for_numbers(job, more, (self.logged, state.global_step), f"{name} = {logs[name]},")
            self.logged = state.global_step

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            process_group.wait()  # every process writes a part of it
            if state.is_world_process_zero:
                checkpoints.seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
            process_group.wait()
            if asked() and state.global_step < job.steps:
                _now.training = False
                raise Preempted(
                    f"{job.version}: stopped at step {state.global_step}/{job.steps} after a checkpoint; {AGAIN}"
                )

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            _now.training = False

    class Narrator(TrainerCallback):
        """Says every few seconds how far training is and how long it still takes."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.begun, self.first, self.said = time.monotonic(), state.global_step, time.monotonic()
            if state.global_step:
                print(f"{job.version}: resumed at step {state.global_step}/{job.steps}")

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            now, logs = time.monotonic(), more["logs"]
            if "loss" in logs and (now - self.said > 5 or state.global_step == job.steps):
                self.said = now
                left = (now - self.begun) / (state.global_step - self.first) * (job.steps - state.global_step)
                print(
                    f"{job.version}: step {state.global_step}/{job.steps}, loss {logs['loss']:.3f}, {left:.0f} s left"
                )

    return [Watch(), Narrator()]


def _room(job: Job, model: Any) -> None:
    """Refuse to begin what the disk cannot hold, rather than fail after hours."""
    job.checkpoints.mkdir(parents=True, exist_ok=True)
    trained = [(p.numel(), p.element_size()) for p in model.parameters() if p.requires_grad]
    needed = resource_errors.disk_needed(job, trained)
    if (free := resource_errors.disk_free(job)) < needed:
        raise LineageError(
            f"{job.version}: {size(free)} are free where .state lies, and its checkpoints with its adapter "
            f"take {size(needed)}; make room first. Nothing was trained"
        )


def _not_finite(model: Any, *, gradients: bool) -> str:
    """The first trained tensor, or gradient, that holds NaN or infinity; an empty text if none does."""
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


def _stop_for_numbers(job: Job, more: dict[str, Any], steps: tuple[int, int], what: str) -> None:
    """Stop a run whose numbers are no numbers, naming the rows of the step.

    The steps are counted from 0 and end before the second one. The weights are those before the step, so that every
    row can be asked by itself which loss it has.
    """
    size = job.profile.global_batch_size
    rows = range(steps[0] * size, min(steps[1] * size, len(job.dataset)))
    losses = _losses(more, rows) if len(rows) <= 4 * size else {}
    bad = [row for row, loss in losses.items() if not math.isfinite(loss)]
    if bad:
        guilty = f"its loss is not finite on {_names(job, bad)}"
    elif losses:
        worst = sorted(losses, key=lambda row: -losses[row])
        guilty = (
            f"each row's own loss is finite, from {min(losses.values()):.3f} to {losses[worst[0]]:.3f}; "
            f"the highest first: {_names(job, worst)}"
        )
    else:
        guilty = f"its rows are {_names(job, list(rows))}"
    _now.training = False
    checkpoints.drop_unsealed(job.checkpoints)
    kept = checkpoints.newest(job.checkpoints)
    again = "at the start" if kept == "none" else f"from {kept}, which is kept,"
    step = f"step {steps[1]}" if steps[1] - steps[0] == 1 else f"steps {steps[0] + 1} to {steps[1]}"
    raise LineageError(
        f"{job.version}: {step} of {job.steps}: {what} is not finite, so training stopped; {guilty}. "
        f"Lower profiles.<profile>.learning_rate or versions.{job.version}.train.lr_scale (in force: "
        f"{job.learning_rate:g}), or look at these rows in {paths.mix(job.version)}. "
        f"The same run again would go on {again} and stop at the same step"
    )


def _losses(more: dict[str, Any], rows: range) -> dict[int, float]:
    """The loss of each row by itself; empty where a row cannot be asked alone (several processes, preference pairs)."""
    import torch

    if process_group.world_size() > 1:
        return {}
    model, loader = more["model"], more["train_dataloader"]
    try:
        model.eval()
        with torch.no_grad():
            batches = {row: loader.collate_fn([loader.dataset[row]]) for row in rows}
            return {row: float(model(**_on(model.device, batch)).loss) for row, batch in batches.items()}
    except Exception:  # a help for the message, which must come also where this fails
        return {}


def _on(device: Any, batch: Any) -> dict[str, Any]:
    return {name: value.to(device) for name, value in batch.items()}


def _names(job: Job, rows: list[int]) -> str:
    """Rows as a person finds them: their ids in the mix if the dataset has them, their place in training order."""
    ids = "id" in job.dataset.column_names

    def name(row: int) -> str:
        found = job.dataset[row]["id"] if ids else f"row {row + 1} of the training order"
        return found if isinstance(found, str) else " + ".join(found)

    more = f" and {len(rows) - NAMED} others" if len(rows) > NAMED else ""
    return ", ".join(name(row) for row in rows[:NAMED]) + more
