"""The base's weights: where they lie (`models/base`, a user's folder, the hub's cache), and how they are loaded."""

import json
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import BaseManifest
from lineage.config.schema import Profile
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256

BASE_FOLDER = paths.BASE_MODEL


def text_config(weights: str) -> dict[str, Any]:
    """`config.json` of a model folder; of a model that also sees, the part that writes."""
    config: dict[str, Any] = json.loads(Path(weights, "config.json").read_text(encoding="utf-8"))
    return config.get("text_config", config)


def load_base(weights: str, profile: Profile) -> Any:
    """The base model in the profile's precision: whole, or NF4 (QLoRA, Dettmers et al. 2023)."""
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    dtype = getattr(torch, profile.compute_dtype)
    quantization = None
    if profile.load_in_4bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=profile.double_quant,
            bnb_4bit_compute_dtype=dtype,
        )
    return AutoModelForCausalLM.from_pretrained(
        weights,
        dtype=dtype,
        quantization_config=quantization,
        trust_remote_code=False,
        use_safetensors=True,
    )


def weights_of(base: BaseManifest) -> str:
    """The folder to load a base's weights from; a hub model resolves to its cached snapshot.

    Raises:
        LineageError: if the files are no longer those that the `base` stage saw.
    """
    origin = base.origin
    folder = hub_folder(origin.repo, str(origin.revision)) if origin.repo else Path(base.weights)
    for name, seen in base.files.items():
        if not (folder / name).is_file() or sha256(folder / name) != seen:
            raise LineageError(f"{folder / name}: not the file that {BASE_FOLDER} names; run: dvc repro -f base")
    return folder.as_posix()


def hub_folder(repo: str, revision: str) -> Path:
    """The local snapshot of a hub model, downloaded once.

    Raises:
        LineageError: with the command to run elsewhere, if it is not cached and the hub does not answer.
    """
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(repo, revision=revision, allow_patterns=["*.json", "*.safetensors", "merges.txt"])
        )
    except Exception as error:  # the hub raises many types; all mean that the model is not here
        raise LineageError(
            f"base model {repo}@{revision[:12]}: not in the local cache, and the hub did not answer "
            f"({type(error).__name__}: {error}). "
            f"With a network: hf download {repo} --revision {revision}; or set profiles.<profile>.base.path to a folder"
        ) from error
