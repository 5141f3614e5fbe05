"""The folder of an adapter as Unsloth, LLaMA-Factory, axolotl, TRL or PEFT left it: what is read, what refused.

adapter_model.safetensors + adapter_config.json     read; nothing else is needed
tokenizer*.json, special_tokens_map.json, chat_template.jinja     read where they are: see words.py
README.md, config.json, all_results.json, …         tell which tool wrote the folder
adapter_model.bin, training_args.bin, optimizer.pt  pickles: never opened
checkpoint-30/, runs/, logs                         left alone
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
TEXT_LIMIT = 64 << 20  # bytes of a JSON file, README or template: the largest tokenizers are a third of it
READ = (
    WEIGHTS,
    CONFIG,
    "README.md",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)


@dataclass(frozen=True, slots=True)
class Folder:
    """An adapter's folder whose layout is known. `tool` is a guess from what lies beside the weights."""

    path: Path
    config: dict[str, Any]
    tool: str
    notes: tuple[str, ...]

    @property
    def weights(self) -> Path:
        """The tensors."""
        return self.path / WEIGHTS

    def text(self, name: str) -> str | None:
        """A text file of the folder, if it is there."""
        return _text(self.path / name) if (self.path / name).is_file() else None

    def json(self, name: str) -> dict[str, Any]:
        """A JSON object of the folder; empty if it is not there."""
        return _object(self.path / name) if (self.path / name).is_file() else {}


def opened(path: Path) -> Folder:
    """Look at a folder and read its config.

    Raises:
        LineageError: it holds no adapter, or one that is not read here: a pickle, pieces, links, a whole model.
    """
    if not path.is_dir():
        raise LineageError(f"{path}: no such folder; name the folder that holds {CONFIG}")
    for name in READ:
        if (path / name).is_symlink():
            raise LineageError(
                f"{path / name}: a link, and it could point anywhere; copy what it stands for: cp -rL {path} <copy>, "
                f"and adopt the copy"
            )
    if not (path / WEIGHTS).is_file():
        raise LineageError(_nothing_here(path))
    if not (path / CONFIG).is_file():
        raise LineageError(
            f"{path}: {WEIGHTS} without {CONFIG}, so nobody knows its scaling; copy the config from its training"
        )
    config = _object(path / CONFIG)
    kept = [f"{WEIGHTS} was taken, adapter_model.bin was not opened"] if (path / "adapter_model.bin").exists() else []
    return Folder(path, config, _tool(path, config), tuple(kept))


def _nothing_here(path: Path) -> str:
    """Why a folder without `adapter_model.safetensors` is refused, and what helps."""
    below = sorted(folder.parent.name for folder in path.glob(f"*/{WEIGHTS}"))
    if below:
        return f"{path}: no {WEIGHTS}, but {', '.join(below)} below it has one; name that folder: {path / below[-1]}"
    if (path / "adapter_model.bin").exists():
        return (
            f"{path}: adapter_model.bin is a pickle, which can run code when it is opened; it is refused. Where you "
            f'trust it, write it anew as {WEIGHTS}: python -c "import torch; from safetensors.torch import save_file; '
            f"t = torch.load('adapter_model.bin', weights_only=True, map_location='cpu'); "
            f"save_file({{k: v.contiguous() for k, v in t.items()}}, '{WEIGHTS}')\""
        )
    if list(path.glob("adapter_model-*-of-*")):
        return f"{path}: the adapter is in pieces; load it with PEFT and save it again, whole, as {WEIGHTS}"
    if list(path.glob("*.gguf")) or (path / "adapters.safetensors").exists():
        return f"{path}: an adapter for llama.cpp or MLX; only PEFT's layout is read: {CONFIG} and {WEIGHTS}"
    if list(path.glob("model*.safetensors")) or list(path.glob("pytorch_model*.bin")):
        return f"{path}: a whole model, not an adapter: it was merged, or trained without LoRA; adopt what was merged"
    return f"{path}: no {WEIGHTS}; name the folder that training saved its adapter to"


def _tool(path: Path, config: dict[str, Any]) -> str:
    """Which tool wrote a folder: what each leaves that the others do not, most telling first."""
    card = (_text(path / "README.md") if (path / "README.md").is_file() else "").lower()
    mapping = config.get("auto_mapping") or {}
    base = str(config.get("base_model_name_or_path", "")).lower()
    if "unsloth_fixed" in mapping or "unsloth" in mapping or base.startswith("unsloth/") or "- unsloth" in card:
        return "Unsloth"
    if "llama-factory" in card or "llama_factory" in card or (path / "trainer_log.jsonl").exists():
        return "LLaMA-Factory"
    if "axolotl" in card:
        return "axolotl"
    if "- trl" in card or "trl" in card.split("training procedure")[-1]:
        return "TRL"
    if (path / "all_results.json").exists() and (path / "trainer_state.json").exists():
        return "LLaMA-Factory"
    return "PEFT"


def _text(path: Path) -> str:
    if (size := path.stat().st_size) > TEXT_LIMIT:
        raise LineageError(f"{path}: {size:,} bytes, expected {TEXT_LIMIT:,} at most; no trainer writes this")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise LineageError(f"{path}: not UTF-8 text ({error}); copy the file anew") from error


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise LineageError(f"{path}: not JSON ({error}); copy the file anew from where it was trained") from error
    if not isinstance(value, dict):
        raise LineageError(f"{path}: expected a JSON object, found {type(value).__name__}; copy the file anew")
    return value
