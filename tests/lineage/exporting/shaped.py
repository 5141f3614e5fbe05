"""An adapter of another shape in place of a version's: random weights, saved and recorded as training does."""

from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import read_manifest, write_manifest
from lineage.config.schema import Lora
from lineage.core.files import sha256
from lineage.core.paths import WEIGHTS
from lineage.evaluation import inference
from lineage.training.adapter_saving import save_adapter
from tests import tiny


def shape(version: str, **changes: Any) -> Lora:
    """Give the version in the working folder an adapter whose LoRA differs from the chain's by `changes`."""
    import torch
    from peft import LoraConfig, get_peft_model

    lora = tiny.curriculum().chain.lora.model_copy(update=changes)
    torch.manual_seed(5)
    base, _ = inference.load("base", tiny.curriculum().active)
    model = get_peft_model(
        base,
        LoraConfig(
            r=lora.r,
            lora_alpha=int(lora.alpha),
            target_modules=list(lora.targets),
            use_rslora=lora.rslora,
            use_dora=lora.dora,
            task_type="CAUSAL_LM",
        ),
    )
    for name, tensor in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(tensor, std=0.05)
    folder, known = Path("models", version), read_base()
    save_adapter(model, known.name, folder, known.revision)
    write_manifest(
        folder, read_manifest(version).model_copy(update={"lora": lora, "adapter": sha256(folder / WEIGHTS)})
    )
    return lora
