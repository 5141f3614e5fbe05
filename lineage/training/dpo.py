"""A version's second phase: direct preference optimisation (DPO, Rafailov et al. 2023) through TRL, on tokenised pairs.

It starts from the adapter of the supervised phase, `job.parent`. That same adapter is the reference: a frozen copy
under the name `ref`, which is taken off again before anything is saved. Order, guards and resuming are those of
`sft.py`; a pair counts as one row of a step, but is computed as two.
"""

from itertools import accumulate
from typing import Any

from lineage.config.schema import Profile
from lineage.training import callbacks, guards
from lineage.training.averaged_log import averaged
from lineage.training.distributed.fsdp import trainer_for
from lineage.training.job import PREFERENCE_HISTORY, Job, Outcome, Progress, Trainer
from lineage.training.trl_config import arguments, eight_bit_share, resume_from, whole_logits


def pairs_at_once(profile: Profile) -> int:
    """How many pairs a process computes at once: as many rows as in the supervised phase, or one pair."""
    behind_a_step = profile.global_batch_size // profile.launch.processes
    return next(n for n in range(max(1, profile.batch_size // 2), 0, -1) if behind_a_step % n == 0)


def fit(job: Job, trainer_module: Trainer, progress: Progress | None = None) -> tuple[Any, Outcome]:
    """Load `job.parent`, train for `job.steps` steps and return the model, with its one adapter, and what happened.

    Args:
        job: `beta` is set; `dataset` has `prompt_ids`, `chosen_ids`, `rejected_ids` in the order of training, and
            `lengths` the tokens of each pair.
        trainer_module: how the model is loaded.
        progress: is kept up to date, and says whether to stop; None: nobody asks.

    Raises:
        LineageError: from a guard, before the first step or after the last.
        Preempted: it was asked to stop; the same job goes on from its checkpoint.
    """
    assert job.parent and job.beta
    model = trainer_module.load(job)
    guards.one_adapter(model, job)
    guards.continues(model, job.parent)

    from transformers import PrinterCallback
    from trl import DPOConfig, DPOTrainer

    class TokenizedDPOTrainer(trainer_for(DPOTrainer, job.profile.launch)):  # type: ignore[misc]
        """TRL's trainer on rows that need no preparation."""

        def _prepare_dataset(self, dataset: Any, *_: Any, **__: Any) -> Any:
            return dataset

    profile, at_once = job.profile, pairs_at_once(job.profile)
    config = DPOConfig(
        per_device_train_batch_size=at_once,
        gradient_accumulation_steps=profile.global_batch_size // (at_once * profile.launch.processes),
        max_length=None,  # pairs that are too long were dropped whole
        **arguments(job, trainer_module),
    )
    trainer: Any = TokenizedDPOTrainer(
        model=model,
        args=config,
        train_dataset=job.dataset,
        processing_class=job.tokenizer,
        callbacks=callbacks.callbacks(job, progress or Progress()),
    )
    trainer.remove_callback(PrinterCallback)  # a line of raw figures a step
    _freeze_reference(trainer.model)
    if not whole_logits(job):
        _score_in_chunks(trainer)
    guards.trainable(trainer)
    requested, effective = guards.settings(trainer, job)
    trainer.add_callback(guards.at_the_start(trainer, job))
    trainer.train(resume_from_checkpoint=resume_from(job.checkpoints))
    trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    trainer.model.delete_adapter("ref")
    guards.one_adapter(trainer.model, job)
    return trainer.model, Outcome(
        history=_history(trainer.state.log_history, job),
        requested=requested,
        effective=effective,
        trainable_parameters=trainable,
        eight_bit_share=eight_bit_share(trainer.optimizer),
    )


def _freeze_reference(model: Any) -> None:
    """The reference is the trained adapter bit by bit: on a 4-bit base TRL casts the trained one alone to bf16."""
    for name, weight in model.named_parameters():
        if ".ref." in name:
            weight.requires_grad_(False)
            weight.data = model.get_parameter(name.replace(".ref.", ".default.")).data.clone()


def _score_in_chunks(trainer: Any) -> None:
    """Log-probabilities of completion tokens only, a part of the vocabulary at a time.

    TRL 1.14 has this in plain torch but grants it only where the liger package is installed, which it does not call.
    Whole logits of two pairs of 2,048 tokens would be 5 GB for Qwen2, before their gradient.
    """
    from trl.models.utils import _ForwardRedirection

    trainer.use_liger_kernel, trainer._forward_redirection = True, _ForwardRedirection()


def _history(log: list[dict[str, float]], job: Job) -> list[dict[str, float]]:
    """A row a point: margin is the chosen reward minus the rejected, accuracy the share where it is positive."""
    names = {"rewards/margins": "margin", "rewards/accuracies": "accuracy"}
    seen = [0, *accumulate(job.lengths)]
    rows = []
    for point in averaged(log, job.steps_a_point, ("loss", *names)):
        row = {names.get(name, name): value for name, value in point.items()}
        row["tokens"] = seen[int(row["step"]) * job.profile.global_batch_size]
        rows.append({name: row[name] for name in PREFERENCE_HISTORY if name in row})
    return rows
