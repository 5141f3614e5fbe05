"""Whether an adapter fits the base of this chain: what its config calls its base, and the base's true linear layers.

A name proves nothing, so shapes decide in tensors.py; but a name that says something else is not passed over. Without
asking, these are taken for the base of `models/base/base.json`:

    Qwen/Qwen2-7B-Instruct, any case            its repository, at its commit if one is named
    …/models--Qwen--Qwen2-7B-Instruct/snapshots/<commit>/     the hub's cache of it
    unsloth/Qwen2-7B-Instruct(-unsloth)(-bnb-4bit)            Unsloth's copies under the same name: noted
    /some/folder/Qwen2-7B-Instruct              a folder of that name: noted
    ./models/base-4f2a91c07b11                  what this project writes where the base has no repository
    base:4f2a91c07b11                           what it wrote before

Anything else needs `--base-is-mine`.
"""

import re
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import BaseManifest
from lineage.core import paths
from lineage.core.errors import LineageError

CACHED = re.compile(r"models--([\w.-]+?)--([\w.-]+)/snapshots/([0-9a-f]{40})/?$")
OURS = re.compile(rf"(?:base:|(?:\./)?{re.escape(paths.base_link('').as_posix())})([0-9a-f]{{12}})")
COPIES = re.compile(r"(-unsloth)?(-bnb-4bit)?$")


def linear_layers(folder: Path) -> dict[str, tuple[int, int]]:
    """Every linear layer of the model that `folder/config.json` describes → (out, in); no weights are read."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    return {
        name: (module.out_features, module.in_features)
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    }


def check_weights(modules: dict[str, tuple[int, int]], weights: Path) -> None:
    """The shapes that the config promises are those in the headers of the base's files, where these are a folder here.

    Raises:
        LineageError: naming the layer.
    """
    from safetensors import safe_open

    for file in sorted(weights.glob("*.safetensors")):
        with safe_open(file, framework="np") as tensors:
            for key in set(tensors.keys()) & {f"{module}.weight" for module in modules}:
                found, expected = tuple(tensors.get_slice(key).get_shape()), modules[key.removesuffix(".weight")]
                if found != expected:
                    raise LineageError(
                        f"{file}: {key} is {found}, config.json says {expected}; make the base again: dvc repro -f base"
                    )


def same_base(config: dict[str, Any], base: BaseManifest, folder: str | None, mine: bool, where: str) -> list[str]:
    """What is worth a note about the base that an adapter names.

    Args:
        config: the adapter's, as PEFT wrote it.
        base: of this chain.
        folder: what the folder of this base is called, if it lies in one.
        mine: the user vouches for it.
        where: the config's file, for the message.

    Raises:
        LineageError: the name is another one, and nobody vouches for it.
    """
    stated = str(config.get("base_model_name_or_path") or "")
    revision = config.get("revision")
    origin = base.origin
    wanted = origin.repo or folder or base.name
    if ours := OURS.fullmatch(stated):
        known = [identity[:12] for identity in (base.identity, base.earlier_identity) if identity]
        stated = base.name if ours[1] in known else f"base:{ours[1]}"
        wanted = origin.repo or base.name
    if cached := CACHED.search(stated.replace("\\", "/")):
        stated, revision = f"{cached[1]}/{cached[2]}", cached[3]
    note, differs = _read(stated, wanted, bool(origin.repo))
    if revision and origin.revision and revision not in (origin.revision, "main"):
        differs = f"it names commit {str(revision)[:12]}, {paths.BASE_MODEL} is {origin.revision[:12]}"
    if not differs:
        return [note] if note else []
    if mine:
        return [f"{differs}; taken for the same on the user's word"]
    raise LineageError(
        f"{where}: {differs}. If both are the same model, say so with --base-is-mine; shapes are checked all the same"
    )


def shown_name(config: dict[str, Any]) -> str:
    """The base as the adapter names it, without the folders of the machine that it was trained on."""
    stated = str(config.get("base_model_name_or_path") or "").replace("\\", "/").rstrip("/")
    if cached := CACHED.search(stated):
        return f"{cached[1]}/{cached[2]}"
    return stated if _is_repository(stated) else stated.rpartition("/")[2]


def _read(stated: str, wanted: str, is_repository: bool) -> tuple[str, str]:
    """A note, and what differs; both may be empty."""
    plain = stated.replace("\\", "/").rstrip("/")
    last, name = plain.rpartition("/")[2], wanted.rpartition("/")[2]
    if not plain:
        return "", f"it names no base, {paths.BASE_MODEL} is {wanted}"
    if plain.lower() == wanted.lower():
        return "", ""
    if is_repository and plain.lower().startswith("unsloth/") and COPIES.sub("", last.lower()) == name.lower():
        return f"it was trained on {plain}, Unsloth's copy of {wanted}", ""
    if not _is_repository(plain) and not OURS.fullmatch(wanted) and _spelt(last) == _spelt(name):
        return f"it names its base by a folder called {last}; a folder's name proves nothing", ""
    return (
        "",
        f"its base is {plain if _is_repository(plain) else f'a folder called {last}'}, {paths.BASE_MODEL} is {wanted}",
    )


def _spelt(name: str) -> str:
    return name.lower().replace("___", ".")  # as ModelScope writes a dot


def _is_repository(name: str) -> bool:
    return re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name) is not None or name.startswith("base:")
