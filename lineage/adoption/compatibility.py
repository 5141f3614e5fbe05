"""Config and tensors together, against the base's layers and the chain: asked by `lineage adopt` and by the stage."""

from pathlib import Path
from typing import Any

from lineage.adapters import config as shapes
from lineage.adapters import tensors
from lineage.adoption.source_folder import CONFIG
from lineage.artifacts.base_manifest import BaseManifest
from lineage.config.lora import Lora
from lineage.core import paths
from lineage.core.files import write_json

PLACE = paths.ADOPTED  # a folder for each adopted version: adapter, config, adopted.json


def fits(
    config: dict[str, Any],
    header: dict[str, tuple[str, tuple[int, ...]]],
    modules: dict[str, tuple[int, int]],
    chain: Lora,
    file: Path,
) -> tuple[Lora, dict[str, tuple[str, str]], list[str]]:
    """Config and tensors against the base's layers and the chain: the shape here, the tensors' names, notes.

    Args:
        config: what adapter_config.json says.
        header: tensor's name in the file → (dtype, shape).
        modules: linear layers of the base → (out, in).
        chain: the chain's shape; the adapter's targets, rslora, dora and scaling must be the same, its r may differ.
        file: the adapter's weights, for messages; the config lies beside it.

    Raises:
        LineageError: the first thing that does not fit.
    """
    where = str(file)
    names = tensors.canonical(header, modules, where)
    ranks = tensors.check_shapes(header, names, modules, bool(config.get("use_dora")), where)
    shape = shapes.shape_of(config, ranks, str(file.with_name(CONFIG)))
    lora, notes = shapes.fitted(shape, chain, where)
    tensors.check_coverage(ranks, chain.targets, modules, where)
    return lora, names, notes


def write_config(lora: Lora, base: BaseManifest, out: Path) -> None:
    """`adapter_config.json` as a version trained here has it: every value known, the base named without a path."""
    from peft import LoraConfig

    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,  # type: ignore[arg-type]  # PEFT takes a float as well
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        task_type="CAUSAL_LM",
    ).to_dict()
    plain = {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()}
    named = {"base_model_name_or_path": base.name, "revision": base.revision}
    write_json(out / CONFIG, plain | named | {"inference_mode": True})
