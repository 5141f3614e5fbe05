"""The base's weights: where they lie (`models/base`, a user's folder, the hub's cache), and how they are loaded."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import BaseManifest
from lineage.base_model.shaping_files import shaping_hash
from lineage.config.schema import BaseModelSpec, Profile
from lineage.core import paths
from lineage.core.errors import LineageError

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
    capped = text_config(weights).get("attn_logit_softcapping")
    return AutoModelForCausalLM.from_pretrained(
        weights,
        dtype=dtype,
        # Gemma 2 caps what attention weighs; the fused kernels leave the cap out without a word.
        **({"attn_implementation": "eager"} if capped else {}),
        quantization_config=quantization,
        trust_remote_code=False,
        use_safetensors=True,
    )


def weights_of(base: BaseManifest, spec: BaseModelSpec) -> str:
    """The folder to load a base's weights from: its own, the one in `params.yaml`, or the hub's cached snapshot.

    Args:
        base: the manifest of the base.
        spec: where the active profile says that it lies.

    Raises:
        LineageError: if the files are not those that the `base` stage saw.
    """
    if (spec.build is None) != (base.origin.build is None):
        raise LineageError(f"{paths.BASE_RECORD}: it is not the base of the active profile; run: dvc repro base")
    folder = folder_of(spec)
    for name, seen in base.files.items():
        if not (folder / name).is_file():
            raise LineageError(
                f"{folder / name}: not found, {BASE_FOLDER} was made with it; put the base back, or say where it lies "
                f"now in profiles.<profile>.base"
            )
        if shaping_hash(folder / name) != seen:
            raise LineageError(f"{folder / name}: not the file that {BASE_FOLDER} names; run: dvc repro -f base")
    link_base(base, folder)
    return folder.as_posix()


def folder_of(spec: BaseModelSpec) -> Path:
    """Where the files of a profile's base lie; a hub model is downloaded if it is not in the cache."""
    if spec.build:
        return BASE_FOLDER
    return Path(spec.path) if spec.path else hub_folder(str(spec.repo), str(spec.revision))


def link_base(base: BaseManifest, folder: Path) -> None:
    """Put the weights of a local base where its adapters say that they lie: `models/base-<identity>`, a link.

    So whoever loads an adapter from the workspace with PEFT alone finds its base, and no other one: a link to a base
    that is no longer here is taken away. DVC does not follow links to folders.
    """
    if base.origin.repo:
        return
    link = paths.base_link(base.identity)
    for old in paths.MODELS.glob(paths.BASE_LINKS):
        if old.is_symlink() and old != link:
            old.unlink(missing_ok=True)
    target = os.path.relpath(folder, paths.MODELS) if not folder.is_absolute() else str(folder)
    if link.is_symlink() and str(link.readlink()) == target:
        return
    if link.exists() and not link.is_symlink():
        return  # a copy that somebody made in its place
    with suppress(OSError):  # a file system without links: the adapter is then loaded with its base named by hand
        made = link.with_name(f"{link.name}.{os.getpid()}")
        made.unlink(missing_ok=True)
        made.symlink_to(target, target_is_directory=True)
        made.replace(link)


def hub_folder(repo: str, revision: str) -> Path:
    """The local snapshot of a hub model, downloaded once.

    Raises:
        LineageError: with the command to run elsewhere, if it is not cached and the hub does not answer.
    """
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "merges.txt"]
    try:
        return Path(snapshot_download(repo, revision=revision, allow_patterns=wanted))
    except Exception as error:  # the hub raises many types; all mean that the model is not here
        with suppress(Exception):  # without the hub's list of files, which older caches and carried ones do not have
            folder = Path(snapshot_download(repo, revision=revision, allow_patterns=wanted, local_files_only=True))
            if _is_whole(folder):
                return folder
        raise LineageError(
            f"base model {repo}@{revision[:12]}: not in the local cache, and the hub did not answer "
            f"({type(error).__name__}: {error}). "
            f"With a network: hf download {repo} --revision {revision}; or set profiles.<profile>.base.path to a folder"
        ) from error


def _is_whole(snapshot: Path) -> bool:
    """Whether a snapshot has configuration, tokenizer and every file of weights that its index names."""
    index = snapshot / "model.safetensors.index.json"
    weights = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else {"model.safetensors"}
    return all((snapshot / name).is_file() for name in ("config.json", "tokenizer.json", *weights))
