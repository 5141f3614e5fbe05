"""What must hold of an adapter once it is trained: it is whole, it does something, and it is not its parent."""

from pathlib import Path

from lineage.base_model.loading import text_config
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.core.paths import WEIGHTS
from lineage.training.job import Job


def sound(folder: Path, job: Job) -> str:
    """Open a finished adapter and return its SHA-256.

    Raises:
        LineageError: if the file is broken, tensors are missing or not finite, `lora_B` is all zero, or nothing differs
            from the parent.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file = folder / WEIGHTS
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise LineageError(f"{file}: not a whole safetensors file ({error}); train {job.version} again") from error
    if len(tensors) != (wanted := tensors_expected(job)):
        raise LineageError(f"{job.version}: the adapter has {len(tensors)} tensors, expected {wanted}")
    if bad := [k for k, t in tensors.items() if not torch.isfinite(t).all()]:
        raise LineageError(f"{job.version}: {bad[0]} holds NaN or infinity; lower profiles.<profile>.learning_rate")
    if not any(t.any() for k, t in tensors.items() if "lora_B" in k):
        raise LineageError(f"{job.version}: every lora_B is zero, so the adapter does nothing; training had no effect")
    digest = sha256(file)
    if job.parent and digest == sha256(job.parent / file.name):
        raise LineageError(f"{job.version}: the adapter is its parent's, byte for byte; training had no effect")
    return digest


def tensors_expected(job: Job) -> int:
    """How many tensors an adapter of the job's shape has on its base."""
    config = text_config(job.weights)
    layers = next(config[name] for name in ("num_hidden_layers", "n_layer", "num_layers") if name in config)
    in_layers = [target for target in job.lora.targets if target != "lm_head"]
    return (3 if job.lora.dora else 2) * (len(in_layers) * layers + (len(job.lora.targets) - len(in_layers)))
