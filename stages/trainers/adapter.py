"""Saving an adapter so that the same weights give the same bytes.

PEFT's own saving orders `target_modules` as a set does, differently in each process, and names the base by its path.
"""

from pathlib import Path
from typing import Any

from lineage.files import write_json


def save_adapter(model: Any, base_name: str, out: Path) -> None:
    """Write `adapter_model.safetensors` and `adapter_config.json` into `out`, sorted, and nothing else."""
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    # PEFT would add the base's own embeddings where `lm_head` is a target.
    state = get_peft_model_state_dict(model, save_embedding_layers=False)
    tensors = {key: state[key].detach().to("cpu").contiguous() for key in sorted(state)}
    save_file(tensors, out / "adapter_model.safetensors", metadata={"format": "pt"})
    config = model.peft_config["default"].to_dict()
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    plain |= {
        "target_modules": sorted(plain["target_modules"]),
        "base_model_name_or_path": base_name,
        "inference_mode": True,
    }
    write_json(out / "adapter_config.json", plain)
