"""What must hold before the first step of a training; each guard names the trap that it closes."""

from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.core.paths import WEIGHTS
from lineage.training.distributed import process_group
from lineage.training.finished_adapter import tensors_expected
from lineage.training.job import Job
from lineage.training.settings import asked_for, in_force


def one_adapter(model: Any, job: Job) -> None:
    """Refuse a model that has not exactly one adapter, named `default`, with the chain's shape, on every layer.

    A second one would be trained or saved in its place, and a loaded adapter's own r, alpha and targets silently win
    over those that were asked for. `sound` would find a layer without one only after the last step.
    """
    adapters = list(getattr(model, "peft_config", {}))
    if adapters != ["default"]:
        raise LineageError(f"{job.version}: the model has the adapters {adapters}, expected exactly ['default']")
    config = model.peft_config["default"]
    for name, found, wanted in (
        ("r", config.r, job.lora.r),
        ("alpha", config.lora_alpha, job.lora.alpha),
        ("dropout", config.lora_dropout, job.lora.dropout),
        ("targets", sorted(config.target_modules), sorted(job.lora.targets)),
        ("rslora", config.use_rslora, job.lora.rslora),
        ("dora", config.use_dora, job.lora.dora),
    ):
        if found != wanted:
            raise LineageError(
                f"{job.version}: chain.lora.{name} is {wanted}, but its parent's adapter has {found}; "
                f"the shape of a chain cannot change in the middle: set it back, or rebuild the parent with it"
            )
    found, wanted = sum("lora_" in name for name, _ in model.named_parameters()), tensors_expected(job)
    if found != wanted and not job.parent:  # a parent's are compared one by one
        raise LineageError(
            f"{job.version}: the adapter would have {found} tensors, not {wanted}: the base has not exactly one of "
            f"each of {', '.join(job.lora.targets)} in every layer; set chain.lora.targets to modules that it has"
        )


def continues(model: Any, parent: Path) -> None:
    """Refuse an adapter in memory that is not its parent's file, tensor by tensor: PEFT only warns of a missing key."""
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    loaded = get_peft_model_state_dict(model, save_embedding_layers=False)
    saved = load_file(parent / WEIGHTS)
    if missing := sorted(saved.keys() ^ loaded.keys()):
        raise LineageError(f"{parent}: {len(missing)} tensors do not match the base model, the first is {missing[0]}")
    for key, tensor in saved.items():
        if not torch.equal(loaded[key].to("cpu", tensor.dtype), tensor):
            raise LineageError(
                f"{parent}: {key} was not loaded as it is in the file; the base or its precision differs"
            )


def trainable(trainer: Any) -> None:
    """Refuse a trainer in which the adapter is no longer trainable, or something else is."""
    names = [name for name, p in trainer.model.named_parameters() if p.requires_grad]
    if names:
        trainer.create_optimizer()
    held = sum(len(group["params"]) for group in trainer.optimizer.param_groups) if names else 0
    if not held:
        raise LineageError(f"nothing would be trained: {len(names)} trainable tensors, {held} in the optimizer")
    if strangers := [name for name in names if "lora_" not in name]:
        raise LineageError(f"more than the adapter would be trained: {strangers[0]} and {len(strangers) - 1} others")


def blind(trainer: Any, job: Job) -> None:
    """Refuse packed rows that see each other: a sequence must have the loss of its rows, each computed alone.

    It is measured on the first sequence that holds several rows.
    """
    import torch

    from lineage.training.collator import unpacked

    if not job.profile.packing:
        return
    sequence = next(
        (s for s in map(job.dataset.__getitem__, range(len(job.dataset))) if 0 in s["position_ids"][1:]), None
    )
    if sequence is None:
        return
    model, collate = trainer.model, trainer.data_collator

    def loss(rows: list[dict[str, Any]]) -> float:
        batch = {name: tensor.to(model.device) for name, tensor in collate(rows).items()}
        supervised = int((batch["labels"][:, 1:] != -100).sum())
        return float(model(**batch, use_cache=False).loss) * supervised

    copies = job.profile.batch_size  # some kernels part packed rows only in a batch of one sequence
    # Training but for dropout: in evaluation, 4-bit layers would repack their weights for good on a CPU.
    model.train()
    dropouts = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    for module in dropouts:
        module.eval()
    with torch.no_grad():
        packed, apart = loss([sequence] * copies) / copies, sum(loss([row]) for row in unpacked(sequence))
    for module in dropouts:
        module.train()
    tolerance = 1e-4 if job.profile.compute_dtype == "float32" and not job.profile.load_in_4bit else 2e-2
    if abs(packed - apart) > tolerance * max(1.0, abs(apart)):
        raise LineageError(
            f"{job.version}: packed rows see each other (loss {packed:.4f} together, {apart:.4f} apart) with this "
            f"model and attention; set profiles.<profile>.packing: false"
        )


def settings(trainer: Any, job: Job) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings that were asked for and those that are in force, if they are the same.

    Raises:
        LineageError: they differ in what the profile does not allow to differ; nothing was trained yet.
    """
    requested, effective = asked_for(job), in_force(trainer, job)
    differing = [name for name in requested if requested[name] != effective[name]]
    if refused := [name for name in differing if name not in job.profile.may_differ]:
        details = "; ".join(f"{n}: asked for {requested[n]}, in force {effective[n]}" for n in refused)
        raise LineageError(
            f"{job.version}: settings changed on the way to the trainer ({details}); nothing was trained"
        )
    return requested, effective


def at_the_start(trainer: Any, job: Job) -> Any:
    """A callback that refuses what shows only once the model is wrapped, and gives each process a dropout of its own.

    Without DDP's wrapper every process would train by itself, on its own rows; without checkpointing, which is switched
    on as late as here, memory would run out hours later, at the longest rows.
    """
    from torch.nn.parallel import DistributedDataParallel
    from transformers import TrainerCallback

    launch = job.profile.launch

    class Start(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            wrapped = type(trainer.model_wrapped)
            if launch.processes > 1 and launch.strategy == "ddp" and wrapped is not DistributedDataParallel:
                raise LineageError(
                    f"{job.version}: launch.strategy is ddp, but the model is a bare {wrapped.__name__}; "
                    f"nothing was trained"
                )
            asked = job.profile.gradient_checkpointing
            if asked and not any(getattr(m, "gradient_checkpointing", False) for m in trainer.model.modules()):
                raise LineageError(
                    f"{job.version}: gradient_checkpointing is asked for, but no layer of this model does it; "
                    f"set profiles.<profile>.gradient_checkpointing: false; nothing was trained"
                )
            process_group.own_random_numbers(job.seed)

    return Start()
