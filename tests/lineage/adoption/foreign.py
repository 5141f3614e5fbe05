"""Adapters as other tools leave them: real PEFT and tokenizer files of the tiny base, in each tool's folder layout."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
UNSLOTH_TARGETS = (
    r"(?:.*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj"
    r"|down_proj).*?)"
)


class Trap:
    """Says by a file that somebody unpickled it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch sprung",)


def pickled(path: Path) -> None:
    import pickle

    path.write_bytes(pickle.dumps(Trap()))


def adapter(folder: Path, seed: int = 1, dtype: str = "float32", **config: Any) -> Path:
    """A trained adapter of `models/base`, as PEFT saves it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    settings: dict[str, Any] = {"r": 8, "lora_alpha": 8, "target_modules": list(TARGETS), "task_type": "CAUSAL_LM"}
    model = get_peft_model(AutoModelForCausalLM.from_pretrained("models/base"), LoraConfig(**settings | config))
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            parameter.data = (0.05 * torch.randn(parameter.shape, generator=generator)).to(getattr(torch, dtype))
    model.save_pretrained(str(folder), save_embedding_layers=False)
    return folder


def config(folder: Path, **fields: Any) -> None:
    """Change fields of an adapter's config."""
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def tensors(folder: Path, change: Any) -> None:
    """Save `change(tensors)` in the place of an adapter's tensors."""
    from safetensors.torch import load_file, save_file

    file = folder / "adapter_model.safetensors"
    save_file(change(load_file(file)), file, metadata={"format": "pt"})


def tokenizer(folder: Path, **fields: Any) -> None:
    """The base's tokenizer beside an adapter, with fields of its config changed."""
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained("models/base").save_pretrained(folder)
    file = folder / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def card(folder: Path, *tags: str, text: str = "") -> None:
    lines = "".join(f"- {tag}\n" for tag in tags)
    (folder / "README.md").write_text(f"---\nlibrary_name: peft\ntags:\n{lines}---\n\n# Model card\n{text}\n")


def trl(folder: Path, base: str) -> Path:
    adapter(folder)
    config(folder, base_model_name_or_path=base)
    tokenizer(folder)
    card(folder, "base_model:adapter:x", "lora", "sft", "transformers", "trl")
    pickled(folder / "training_args.bin")
    shutil.copytree(folder, folder / "checkpoint-3")
    pickled(folder / "checkpoint-3/optimizer.pt")
    return folder


def llama_factory(folder: Path, base: str) -> Path:
    """Its base by a folder, the template in the tokenizer's config, dropout, figures beside the weights."""
    adapter(folder, lora_dropout=0.1)
    config(folder, base_model_name_or_path=f"/mnt/disk3/someone/{base.rpartition('/')[2]}")
    tokenizer(folder, padding_side="right")
    file, template = folder / "tokenizer_config.json", folder / "chat_template.jinja"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"chat_template": template.read_text()}))
    template.unlink()
    card(folder, "llama-factory", "lora", "generated_from_trainer")
    for name in ("all_results.json", "train_results.json", "trainer_state.json"):
        (folder / name).write_text("{}")
    (folder / "trainer_log.jsonl").write_text("{}\n")
    pickled(folder / "training_args.bin")
    return folder


def axolotl(folder: Path, base: str) -> Path:
    """No tokenizer's template, the model's config beside the adapter, a pickle of the same adapter too."""
    adapter(folder)
    config(folder, base_model_name_or_path=base)
    tokenizer(folder)
    (folder / "chat_template.jinja").unlink()
    shutil.copy("models/base/config.json", folder)
    card(folder, "generated_from_trainer", text="[<img alt='Built with Axolotl'>](https://github.com/axolotl)")
    pickled(folder / "adapter_model.bin")
    shutil.copytree(folder, folder / "checkpoint-12")
    return folder


def unsloth(folder: Path, base: str) -> Path:
    """Its own 4-bit copy as base, targets by a pattern, bf16, and the adapter's name in the tensors' names."""
    adapter(folder)
    mapping = {"base_model_class": "Qwen2ForCausalLM", "parent_library": "transformers", "unsloth_fixed": True}
    name = f"unsloth/{base.rpartition('/')[2].lower()}-bnb-4bit"
    config(folder, base_model_name_or_path=name, auto_mapping=mapping, target_modules=UNSLOTH_TARGETS)
    tensors(folder, lambda found: {k.replace(".weight", ".default.weight"): t.bfloat16() for k, t in found.items()})
    tokenizer(folder)
    card(folder, "unsloth", "trl", "sft")
    return folder


TOOLS = {"TRL": trl, "LLaMA-Factory": llama_factory, "axolotl": axolotl, "Unsloth": unsloth}
