"""What TRL's trainer calls: to seal checkpoints, to stop, to look at the numbers and to say how far it is."""

import math
import time
from pathlib import Path
from typing import Any

from lineage.core.errors import Preempted
from lineage.training import checkpoints, not_finite, resource_errors
from lineage.training.distributed import process_group
from lineage.training.job import Job, Progress
from lineage.training.stop_signals import AGAIN


def callbacks(job: Job, progress: Progress) -> list[Any]:
    """The callbacks of one phase, in the order in which the trainer calls them.

    A checkpoint is sealed before the run stops after it; a stop that asks for a checkpoint comes before the look at
    the weights that it would save; what stops a run comes before what reports on it.
    """
    return [_sealing(job), _stopping(job, progress), _finite(job), _progress_lines(job)]


def _sealing(job: Job) -> Any:
    """Refuse a disk that cannot hold the run, and seal each checkpoint once all of it is written."""
    from transformers import TrainerCallback

    class Sealing(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            resource_errors.refuse_too_small_a_disk(job, more["model"])

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            process_group.wait()  # every process writes a part of it
            if state.is_world_process_zero:
                checkpoints.seal(Path(args.output_dir) / f"checkpoint-{state.global_step}")
            process_group.wait()

    return Sealing()


def _stopping(job: Job, progress: Progress) -> Any:
    """Keep `progress` up to date, and stop between two steps, after a checkpoint, when any process is asked to."""
    from transformers import TrainerCallback

    def asked() -> bool:
        return process_group.any_says(progress.asked_to_stop())

    class Stopping(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            progress.step, progress.training = state.global_step, True

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            progress.step = state.global_step + 1

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if asked():
                control.should_save = control.should_training_stop = True

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if asked() and state.global_step < job.steps:
                progress.training = False
                raise Preempted(
                    f"{job.version}: stopped at step {state.global_step}/{job.steps} after a checkpoint; {AGAIN}"
                )

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            progress.training = False

    return Stopping()


def _finite(job: Job) -> Any:
    """Stop before a gradient that is NaN or infinite reaches the weights, and before such weights are saved."""
    from transformers import TrainerCallback

    def refuse(steps: range, what: str, trainer: dict[str, Any]) -> None:
        losses = not_finite.losses_of_rows(job, steps, trainer["model"], trainer["train_dataloader"])
        raise not_finite.error(job, steps, what, losses)

    class Finite(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.logged = state.global_step

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            # fp16 overflows now and then, and its scaler leaves such a step out by itself.
            if not args.fp16 and (name := not_finite.first_not_finite(more["model"], gradients=True)):
                refuse(range(state.global_step, state.global_step + 1), f"the gradient of {name}", more)

        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if control.should_save and (name := not_finite.first_not_finite(more["model"], gradients=False)):
                step = range(state.global_step - 1, state.global_step)
                refuse(step, f"after the optimizer's step {name}", more)

        def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            logs = more["logs"]
            for name in ("loss",) if args.fp16 else ("loss", "grad_norm"):
                if not math.isfinite(logs.get(name, 0.0)):
                    refuse(range(self.logged, state.global_step), f"{name} = {logs[name]},", more)
            self.logged = state.global_step

    return Finite()


def _progress_lines(job: Job) -> Any:
    """Print every few seconds how far training is and how long it still takes."""
    from transformers import TrainerCallback

    class ProgressLines(TrainerCallback):
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

    return ProgressLines()
