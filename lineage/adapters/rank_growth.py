"""A larger r in the middle of a chain: the parent's adapter with more rank and the same function.

LoRA adds `scaling · B·A` to a layer (Hu et al. 2021). New rows of A are drawn as PEFT draws a new adapter's, new
columns of B are zero, and alpha grows so that the scaling stays: B·A is what it was, and the new rows of A give the new
columns of B a gradient. Of an embedding's LoRA, A is the zero half. DoRA's magnitudes have no rank and are left alone.
"""

import json
import math
from pathlib import Path
from typing import Any

from lineage.config.schema import Lora
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.core.paths import WEIGHTS

CONFIG = "adapter_config.json"


def padded(parent: Path, lora: Lora, seed: int, out: Path) -> Path:
    """A copy of the parent's adapter in `out`, weights and config, with its r raised to `lora.r`. Returns `out`.

    The same parent, r and seed give the same bytes. Tensors keep their dtype.

    Args:
        parent: the folder of the parent's adapter.
        lora: the shape that is wanted; its r is at least the parent's, its scaling is the parent's.
        seed: of the new rows of A, which are drawn at random.
        out: the folder to write to; made if it is not there.

    Raises:
        LineageError: the parent's r is larger, its scaling is another, or its modules differ in r.
    """
    import torch
    from safetensors.torch import load_file, save_file

    config = json.loads((parent / CONFIG).read_text(encoding="utf-8"))
    _growing(parent, config, lora)
    generator = torch.Generator().manual_seed(seed)
    state = load_file(parent / WEIGHTS)
    grown = {key: _grown(key, state[key], config["r"], lora.r, generator, parent) for key in sorted(state)}
    out.mkdir(parents=True, exist_ok=True)
    save_file(grown, out / WEIGHTS, metadata={"format": "pt"})
    write_json(out / CONFIG, config | {"r": lora.r, "lora_alpha": lora.alpha})
    return out


def _growing(parent: Path, config: dict[str, Any], lora: Lora) -> None:
    """The step from the parent's config to `lora` is one of r alone."""
    r, alpha, rslora = config["r"], config["lora_alpha"], bool(config.get("use_rslora"))
    if r > lora.r:
        raise LineageError(f"{parent}: its adapter has r {r}, {lora.r} is asked for; r only grows: set train.r to {r}")
    if config.get("rank_pattern") or config.get("alpha_pattern"):
        raise LineageError(f"{parent}: its modules differ in r or alpha; only one r for all of them can be raised")
    scaling = alpha / (math.sqrt(r) if rslora else r)
    if rslora != lora.rslora or not math.isclose(scaling, lora.scaling, rel_tol=1e-6):
        raise LineageError(
            f"{parent}: its scaling is {scaling:g} (alpha {alpha}, r {r}, rslora {rslora}), {lora.scaling:g} is asked "
            f"for (rslora {lora.rslora}); a larger r must keep it, or the adapter would mean something else"
        )


def _grown(key: str, tensor: Any, r: int, wanted: int, generator: Any, parent: Path) -> Any:
    """One tensor with its rank dimension raised from `r` to `wanted`."""
    import torch

    kind = next((k for k in ("lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B") if f".{k}" in key), None)
    if kind is None or wanted == r:
        return tensor
    at = 0 if kind.endswith("A") else 1
    if tensor.dim() != 2 or tensor.shape[at] != r:
        raise LineageError(f"{parent}: {key} is {tuple(tensor.shape)}, its config says r {r}; the adapter is damaged")
    shape = [wanted - r, tensor.shape[1]] if at == 0 else [tensor.shape[0], wanted - r]
    new = torch.zeros(shape)
    if kind == "lora_A":
        torch.nn.init.kaiming_uniform_(new, a=math.sqrt(5), generator=generator)
    elif kind == "lora_embedding_B":
        torch.nn.init.normal_(new, generator=generator)
    return torch.cat([tensor, new.to(tensor.dtype)], dim=at)
