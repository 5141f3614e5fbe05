"""Supervised fine-tuning through TRL, the same for every trainer: train, resume after a crash, measure what was done.

Resuming is for a crash of the *same* version: the checkpoints' folder is named by a fingerprint of all that shapes the
result. A new version starts from its parent's weights with a fresh optimizer, schedule and step.
"""

from itertools import accumulate
from typing import Any

from lineage.training import callbacks, guards
from lineage.training.averaged_log import averaged
from lineage.training.collator import Collator
from lineage.training.distributed import process_group
from lineage.training.distributed.fsdp import shard, trainer_for
from lineage.training.job import HISTORY, Job, Outcome, Progress, Trainer
from lineage.training.trl_config import arguments, eight_bit_share, resume_from, whole_logits


def fit(job: Job, trainer_module: Trainer, progress: Progress | None = None) -> tuple[Any, Outcome]:
    """Load, train for `job.steps` steps and return the model with what happened.

    Args:
        job: the version.
        trainer_module: how the model is loaded.
        progress: is kept up to date; once it is asked to stop in any process, after a step, all of them write a
            checkpoint and stop. None: nobody asks.

    Raises:
        LineageError: from a guard, before the first step or after the last.
        Preempted: it was asked to stop; the same job goes on from its checkpoint.
    """
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    profile, launch = job.profile, job.profile.launch
    config = SFTConfig(  # before the model: DeepSpeed splits it while it is loaded
        per_device_train_batch_size=profile.batch_size,
        gradient_accumulation_steps=profile.accumulation,
        packing=False,  # TRL's: ours are packed already, as they are tokenised, labelled and ordered
        completion_only_loss=profile.loss == "completion",
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        shuffle_dataset=False,
        # Logits of supervised tokens only, a few at a time, where that is possible.
        **({"loss_type": "nll" if whole_logits(job) else "chunked_nll"} | arguments(job, trainer_module)),
    )
    model = trainer_module.load(job)
    guards.one_adapter(model, job)
    if job.parent:
        guards.continues(model, job.parent)
    if launch.processes > 1 and launch.strategy == "fsdp2":
        shard(model)
    trainer: Any = trainer_for(SFTTrainer, launch)(
        model=model,
        args=config,
        train_dataset=job.dataset,
        processing_class=job.tokenizer,
        data_collator=Collator(job.tokenizer.pad_token_id),
        callbacks=callbacks.callbacks(job, progress or Progress()),
    )
    trainer.remove_callback(PrinterCallback)  # a line of raw figures a step
    guards.trainable(trainer)
    guards.blind(trainer, job)
    requested, effective = guards.settings(trainer, job)
    trainer.add_callback(guards.at_the_start(trainer, job))
    trainer.train(resume_from_checkpoint=resume_from(job.checkpoints))
    return trainer.model, Outcome(
        history=_history(trainer.state.log_history, job),
        requested=requested,
        effective=effective,
        trainable_parameters=sum(process_group.size(p) for p in trainer.model.parameters() if p.requires_grad),
        eight_bit_share=eight_bit_share(trainer.optimizer),
    )


def _history(log: list[dict[str, float]], job: Job) -> list[dict[str, float]]:
    """A row a point. Tokens are counted here: TRL's own count starts at zero again in a resumed run."""
    rows = job.profile.global_batch_size
    seen = [0, *accumulate(job.lengths)]
    return [
        {name: row[name] for name in HISTORY if name in row} | {"tokens": seen[int(row["step"]) * rows]}
        for row in averaged(log, job.steps_a_point, ("loss",))
    ]
