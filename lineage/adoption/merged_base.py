"""The base that an adapter names, where its weights lie here too: whether they are this base's, or were merged into.

A base into which another adapter was merged has the same name, shapes and tokenizer, and other weights. An adapter that
was trained on it was trained to correct those; on the plain base it says something else, and nothing here would notice.
"""

import re
from pathlib import Path
from typing import Any

from lineage.config.schema import BaseModelSpec
from lineage.core import paths
from lineage.core.errors import LineageError

MERGED = re.compile(r"merged?(?![a-z])", re.IGNORECASE)
ANOTHER = "a base into which another adapter was merged is another base: what was merged is not in this one"


def base_on_disk(spec: BaseModelSpec) -> Path | None:
    """Where the weights of this chain's base lie on this machine; None: nowhere yet, and nothing is downloaded."""
    if spec.build:
        return paths.BASE_MODEL
    if spec.path:
        return Path(spec.path)
    from huggingface_hub import try_to_load_from_cache

    file = try_to_load_from_cache(str(spec.repo), "config.json", revision=spec.revision)
    return Path(file).parent if isinstance(file, str) else None


def compared(config: dict[str, Any], ours: Path | None, mine: bool, where: str) -> list[str]:
    """What is worth a warning about the base that an adapter names.

    Args:
        config: the adapter's, as PEFT wrote it.
        ours: where this chain's base lies; None: not here.
        mine: the user vouches for the name.
        where: the config's file, for the message.

    Raises:
        LineageError: the base that the adapter names lies on this machine, and its weights are others.
    """
    stated = str(config.get("base_model_name_or_path") or "")
    theirs = Path(stated) if stated else None
    if theirs and ours and theirs.is_dir() and list(theirs.glob("*.safetensors")):
        if theirs.resolve() != ours.resolve() and (differing := _other_tensors(theirs, ours)):
            raise LineageError(
                f"{where}: it names the base {theirs}, which lies here, and {len(differing)} of its weights are not "
                f"those of {paths.BASE_MODEL}; the first is {differing[0]}. {ANOTHER[0].upper()}{ANOTHER[1:]}. Adopt "
                f"what was merged as a version of its own before this one, or make that base the chain's"
            )
        return []
    if not mine:
        return []
    named = f"its name, {Path(stated).name}, says that something was merged into it; " if MERGED.search(stated) else ""
    return [f"WARNING: {named}its weights are not here to be compared, and {ANOTHER}"]


def _other_tensors(theirs: Path, ours: Path) -> list[str]:
    """Names of the weights that differ, in the coarser of the two precisions; one pair is in memory at a time."""
    import torch
    from safetensors import safe_open

    places = [
        {key: file for file in sorted(folder.glob("*.safetensors")) for key in _keys(file)} for folder in (theirs, ours)
    ]
    differing = []
    for name in sorted(places[0].keys() & places[1].keys()):
        pair = []
        for place in places:
            with safe_open(place[name], framework="pt") as tensors:
                pair.append(tensors.get_tensor(name))
        coarser = min((tensor.dtype for tensor in pair), key=lambda dtype: torch.finfo(dtype).bits)
        if not torch.equal(*(tensor.to(coarser) for tensor in pair)):
            differing.append(name)
    return differing or sorted(places[1].keys() - places[0].keys() - {"lm_head.weight"})


def _keys(file: Path) -> list[str]:
    from safetensors import safe_open

    with safe_open(file, framework="np") as tensors:
        return list(tensors.keys())
