"""FSDP2 by torch's own `fully_shard`: each process keeps a part of every weight, and its part of the optimizer.

Accelerate's FSDP2 plugin silently falls back to copies (DDP) where there is no GPU, so a test on a CPU would not test
it. Torch's own function runs the same on both. The model is sharded before the trainer is made, and accelerate is told
to leave it as it is; saving gathers whole tensors, so that a checkpoint and an adapter look as those of one process.
"""

from functools import partial
from pathlib import Path
from typing import Any

from lineage.config.schema import Launch
from lineage.core.paths import WEIGHTS
from lineage.training.distributed.process_group import gathered

OPTIMIZER = "optimizer.pt"
SCHEDULER = "scheduler.pt"


def shard(model: Any) -> None:
    """Split a model with its adapter over all processes, a decoder layer at a time, in place."""
    import torch
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh("cuda" if torch.cuda.is_available() else "cpu", (dist.get_world_size(),))
    layers = set(model.get_base_model()._no_split_modules or ())
    for module in model.modules():
        if type(module).__name__ in layers:
            fully_shard(module, mesh=mesh)
    # The rest too is given back after a forward: otherwise what looks at the weights next would find them whole.
    fully_shard(model, mesh=mesh, reshard_after_forward=True)


def whole_adapter(model: Any) -> dict[str, Any]:
    """The adapter's tensors on the CPU, sorted by name, however they are split. Every process must call this."""
    from peft import get_peft_model_state_dict

    with gathered([p for n, p in model.named_parameters() if "lora_" in n]):
        # PEFT would add the base's own embeddings where `lm_head` is a target.
        state = get_peft_model_state_dict(model, save_embedding_layers=False)
        return {key: _whole(state[key].detach()).cpu().contiguous() for key in sorted(state)}


def _whole(tensor: Any) -> Any:
    gather = getattr(tensor, "full_tensor", None)
    return gather() if gather else tensor


def trainer_for(trainer_class: Any, launch: Launch) -> Any:
    """TRL's trainer, with what it lacks to resume exactly, and to train on several processes."""
    if launch.processes == 1:
        return _exact(trainer_class)
    if launch.strategy == "zero3":
        return trainer_class
    return _sharded(trainer_class) if launch.strategy == "fsdp2" else _copied(_exact(trainer_class))


def restore(model: Any, checkpoint: Path) -> None:
    """Copy a checkpoint's adapter into the trained one as it stands: in its dtype, and split as it is split."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file
    from torch.distributed.tensor import distribute_tensor

    # PEFT adds the base's own embeddings to a checkpoint where `lm_head` is a target.
    saved = {key: tensor for key, tensor in load_file(checkpoint / WEIGHTS).items() if "lora_" in key}
    parts = get_peft_model_state_dict(model, adapter_name="default", save_embedding_layers=False)
    assert saved.keys() == parts.keys(), f"{checkpoint}: {sorted(saved.keys() ^ parts.keys())[:3]} without a place"
    for key, part in parts.items():
        tensor = saved[key].to(part.device)
        if mesh := getattr(part, "device_mesh", None):
            tensor = distribute_tensor(tensor, mesh, part.placements)
        part.copy_(tensor)


def _exact(trainer_class: Any) -> Any:
    """A checkpoint goes on as what it was.

    Transformers would load only the reference where DPO's lies beside the trained adapter, and through PEFT, which
    makes an adapter float32 that TRL trains in bf16 on a 4-bit base.
    """

    class Exact(trainer_class):
        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            restore(self.model, Path(resume_from_checkpoint))

    return Exact


def _copied(trainer_class: Any) -> Any:
    """For DDP: a checkpoint is read to the CPU. Transformers reads to `cpu:0` there, which torch does not know."""

    class Copied(trainer_class):
        def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
            if checkpoint is None:
                return
            self.optimizer.load_state_dict(_read(Path(checkpoint, OPTIMIZER)))
            self.lr_scheduler.load_state_dict(_read(Path(checkpoint, SCHEDULER)))

    return Copied


def _sharded(trainer_class: Any) -> Any:
    """For a model that `shard` has split: nothing wraps it again, and checkpoints hold whole tensors."""

    class Sharded(trainer_class):
        def __init__(self, *rest: Any, **named: Any) -> None:
            super().__init__(*rest, **named)
            # Accelerate's way to prepare a model (precision, no wrapping in DDP) without training on one device.
            self.accelerator.prepare_model = partial(self.accelerator.prepare_model, evaluation_mode=True)

        def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
            from safetensors.torch import save_file

            tensors = whole_adapter(self.model)
            if self.args.should_save:
                folder = Path(output_dir or self.args.output_dir)
                folder.mkdir(parents=True, exist_ok=True)
                save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            restore(self.model, Path(resume_from_checkpoint))

        def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
            import torch
            from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict

            options = StateDictOptions(full_state_dict=True, cpu_offload=True)
            state = get_optimizer_state_dict(self.model, _bare(self.optimizer), options=options)
            if self.args.should_save:
                torch.save(state, Path(output_dir, OPTIMIZER))
                torch.save(self.lr_scheduler.state_dict(), Path(output_dir, SCHEDULER))

        def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
            from torch.distributed.checkpoint.state_dict import StateDictOptions, set_optimizer_state_dict

            if checkpoint is None:
                return
            options, state = StateDictOptions(full_state_dict=True), _read(Path(checkpoint, OPTIMIZER))
            set_optimizer_state_dict(self.model, _bare(self.optimizer), state, options=options)
            self.lr_scheduler.load_state_dict(_read(Path(checkpoint, SCHEDULER)))

    return Sharded


def _read(file: Path) -> Any:
    """A part of a checkpoint of our own; never code."""
    import torch

    return torch.load(file, map_location="cpu", weights_only=True)


def _bare(optimizer: Any) -> Any:
    """Torch's own optimizer, without accelerate's wrapper."""
    return getattr(optimizer, "optimizer", optimizer)
