"""Supervised fine-tuning through TRL, the same for every trainer: train, resume after a crash, measure what was done.

Resuming is for a crash of the *same* version: the checkpoints' folder is named by a fingerprint of all that shapes the
result. A new version starts from its parent's weights with a fresh optimizer, schedule and step.
"""

import shutil
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

from stages.trainers import Job, Outcome, Trainer, guards
from stages.trainers.batches import Collator


def fit(job: Job, trainer_module: Trainer) -> tuple[Any, Outcome]:
    """Load, train for `job.steps` steps and return the model with what happened.

    Raises:
        LineageError: from a guard, before the first step or after the last.
    """
    model = trainer_module.load(job)
    guards.one_adapter(model, job)
    if job.parent:
        guards.continues(model, job.parent)

    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    profile = job.profile
    config = SFTConfig(
        output_dir=str(job.checkpoints),
        max_steps=job.steps,
        per_device_train_batch_size=profile.batch_size,
        gradient_accumulation_steps=profile.accumulation,
        learning_rate=job.learning_rate,
        lr_scheduler_type=profile.schedule,
        warmup_steps=round(profile.warmup_ratio * job.steps),
        weight_decay=profile.weight_decay,
        optim=profile.optimizer,
        max_length=profile.max_length,
        packing=False,  # TRL's: ours are packed already, as they are tokenised, labelled and ordered
        completion_only_loss=profile.loss == "completion",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        train_sampling_strategy="sequential",
        shuffle_dataset=False,
        save_steps=profile.checkpoint_steps,
        save_total_limit=2,
        logging_steps=max(1, job.steps // 100),
        seed=job.seed,
        data_seed=job.seed,
        report_to="none",
        disable_tqdm=True,
        bf16=profile.compute_dtype == "bfloat16",
        fp16=profile.compute_dtype == "float16",
        use_cpu=not _has_accelerator(),
        dataloader_pin_memory=_has_accelerator(),
        # Logits of supervised tokens only, a few at a time; an adapter on the head itself needs them whole.
        **({"loss_type": "nll" if "lm_head" in job.lora.targets else "chunked_nll"} | trainer_module.settings(job)),
    )
    trainer: Any = SFTTrainer(
        model=model,
        args=config,
        train_dataset=job.dataset,
        processing_class=job.tokenizer,
        data_collator=Collator(job.tokenizer.pad_token_id),
        callbacks=[_narrator(job), _checkpointer()],
    )
    trainer.remove_callback(PrinterCallback)  # a line of raw figures a step
    guards.trainable(trainer)
    guards.blind(trainer, job)
    requested, effective = guards.settings(trainer, job)
    trainer.train(resume_from_checkpoint=_newest_complete(job.checkpoints))
    return trainer.model, Outcome(
        history=_history(trainer.state.log_history, job),
        requested=requested,
        effective=effective,
        trainable_parameters=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        eight_bit_share=_eight_bit_share(trainer.optimizer),
    )


def _narrator(job: Job) -> Any:
    """Says every few seconds how far training is and how long it still takes."""
    from transformers import TrainerCallback

    class Narrator(TrainerCallback):
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

    return Narrator()


def _checkpointer() -> Any:
    """Marks a checkpoint complete once all of it is on disk: a run killed while saving leaves none that is trusted."""
    from transformers import TrainerCallback

    class Checkpointer(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            (Path(args.output_dir) / f"checkpoint-{state.global_step}" / "complete").touch()

    return Checkpointer()


def _newest_complete(folder: Path) -> str | None:
    for checkpoint in sorted(folder.glob("checkpoint-*"), key=lambda p: -int(p.name.rpartition("-")[2])):
        if (checkpoint / "complete").is_file():
            return str(checkpoint)
        shutil.rmtree(checkpoint)
    return None


def _history(log: list[dict[str, float]], job: Job) -> list[dict[str, float]]:
    """A row a logged step. Tokens are counted here: TRL's own count starts at zero again in a resumed run."""
    names = ("step", "loss", "learning_rate", "grad_norm")
    rows = job.profile.global_batch_size
    seen = [0, *accumulate(job.lengths)]
    logged = [row for row in log if "loss" in row]
    return [
        {name: row[name] for name in names if name in row} | {"tokens": seen[int(row["step"]) * rows]} for row in logged
    ]


def _eight_bit_share(optimizer: Any) -> float:
    """The share of optimizer-state elements kept in 8 bits: bitsandbytes leaves small tensors at 32."""
    import torch

    inner = getattr(optimizer, "optimizer", optimizer)
    states = [
        t for s in inner.state.values() for k, t in s.items() if k in ("state1", "state2", "exp_avg", "exp_avg_sq")
    ]
    total = sum(t.numel() for t in states)
    return round(sum(t.numel() for t in states if t.dtype == torch.uint8) / total, 4) if total else 0.0


def _has_accelerator() -> bool:
    import torch

    return torch.cuda.is_available()
