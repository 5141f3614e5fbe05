"""Saving an adapter so that the same weights give the same bytes.

PEFT's own saving orders `target_modules` as a set does, differently in each process, and names the base by its path.
"""

from pathlib import Path
from typing import Any

from lineage.core.files import write_json
from lineage.core.paths import WEIGHTS
from lineage.training.distributed import process_group
from lineage.training.distributed.fsdp import whole_adapter


def save_adapter(model: Any, base_name: str, out: Path, revision: str | None = None) -> None:
    """Write `adapter_model.safetensors` and `adapter_config.json` into `out`, sorted, and nothing else.

    Where several processes train together all of them must call this; the first writes.

    Args:
        model: with the trained adapter.
        base_name: how the adapter names its base.
        out: the folder to write into.
        revision: the commit of a hub base: whoever loads the adapter gets this one, not the newest.
    """
    from safetensors.torch import save_file

    tensors = whole_adapter(model)
    if process_group.rank():
        return
    save_file(tensors, out / WEIGHTS, metadata={"format": "pt"})
    write_config(model.peft_config["default"].to_dict(), base_name, out, revision)


def write_config(config: dict[str, Any], base_name: str, out: Path, revision: str | None = None) -> None:
    """Write `adapter_config.json` into `out`: what PEFT says of an adapter, in one order, and the name of its base.

    Args:
        config: as PEFT gives it.
        base_name: how the adapter names its base.
        out: the folder to write into.
        revision: the commit of a hub base.
    """
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    plain |= {
        "target_modules": sorted(plain["target_modules"]),
        "base_model_name_or_path": base_name,
        "revision": revision,
        "inference_mode": True,
    }
    write_json(out / "adapter_config.json", plain)
