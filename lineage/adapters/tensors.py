"""An adapter's tensors: their names as PEFT writes them today, their shapes against the base's, their values.

    base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight             (r, in)
    base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight             (out, r)
    base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector     (out,), DoRA only

Other tools and older versions write the adapter's name into them (`lora_A.default.weight`), or what wrapped the model
(`module.`, `_orig_mod.`, `_fsdp_wrapped_module.`), or leave the prefix away; all of these are one tensor here.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.core import paths
from lineage.core.errors import LineageError

PREFIX = "base_model.model."
WRAPPERS = re.compile(r"(^|(?<=\.))(module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
PART = re.compile(
    r"\.(lora_[AB])(?:\.[\w-]+)?\.weight$"
    r"|\.(lora_magnitude_vector)(?:\.[\w-]+)?$|\.(lora_magnitude_vector)\.[\w-]+\.weight$"
)
DTYPES = ("F32", "F16", "BF16")
Shapes = Mapping[str, tuple[int, int]]  # module → (out, in)


def read_header(file: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Tensor → (dtype, shape), from the header alone; the library checks it against the file's length.

    Raises:
        LineageError: not a whole safetensors file, or an unusual dtype.
    """
    from safetensors import SafetensorError, safe_open

    found = {}
    try:
        with safe_open(file, framework="np") as tensors:
            for key in tensors.keys():  # noqa: SIM118
                one = tensors.get_slice(key)
                found[key] = (str(one.get_dtype()), tuple(one.get_shape()))
    except (OSError, SafetensorError, ValueError) as error:
        raise LineageError(
            f"{file}: not a whole safetensors file ({error}); copy it anew from where it was trained"
        ) from error
    for key, (dtype, _) in found.items():
        if dtype not in DTYPES:
            raise LineageError(f"{file}: {key} is {dtype}, expected one of {', '.join(DTYPES)}; save it again in bf16")
    return found


def canonical(keys: Mapping[str, Any], modules: Shapes, where: str) -> dict[str, tuple[str, str]]:
    """Each tensor's name in the file → (module of the base, lora_A, lora_B or lora_magnitude_vector).

    Raises:
        LineageError: a tensor that is not LoRA's, of a module that the base does not have, or given twice.
    """
    found: dict[str, tuple[str, str]] = {}
    taken: dict[tuple[str, str], str] = {}
    strangers = []
    for key in sorted(keys):
        part = PART.search(key)
        if not part:
            raise LineageError(_no_lora(key, where))
        name = WRAPPERS.sub("", key[: part.start()])
        while name.startswith(PREFIX):
            name = name.removeprefix(PREFIX)
        module = next((m for m in (name, f"model.{name}") if m in modules), None)
        if module is None:
            strangers.append(name)
            continue
        found[key] = (module, part[part.lastindex or 0])
        other = taken.setdefault(found[key], key)
        if other != key:
            raise LineageError(f"{where}: {other} and {key} are the same tensor, given twice; save the adapter anew")
    if strangers:
        raise LineageError(_of_another_base(strangers, modules, where))
    if not found:
        raise LineageError(f"{where}: it holds no tensors; training saved an empty adapter: save it again")
    return found


def check_shapes(
    header: Mapping[str, tuple[str, tuple[int, ...]]],
    names: Mapping[str, tuple[str, str]],
    modules: Shapes,
    dora: bool,
    where: str,
) -> dict[str, int]:
    """Module → r, once every module has all its parts and their shapes fit the base.

    Args:
        header: tensor's name in the file → (dtype, shape), as `read_header` gives it.
        names: tensor's name in the file → (module of the base, part), as `canonical` gives it.
        modules: of the base.
        dora: whether each module has a magnitude vector too.
        where: the adapter's file, for messages.

    Raises:
        LineageError: naming the tensor, its shape and the shape that the base asks for.
    """
    parts: dict[str, dict[str, str]] = {}
    for key, (module, part) in names.items():
        parts.setdefault(module, {})[part] = key
    wanted = {"lora_A", "lora_B", *(["lora_magnitude_vector"] if dora else [])}
    ranks = {}
    for module, keys in parts.items():
        if set(keys) != wanted:
            raise LineageError(
                f"{where}: {module} has {', '.join(sorted(keys))}, expected {', '.join(sorted(wanted))} "
                f"(use_dora is {dora}); the file is not whole, or the config is another's: copy both anew"
            )
        (rows, columns), shape = modules[module], {part: header[key][1] for part, key in keys.items()}
        r = shape["lora_A"][0] if len(shape["lora_A"]) == 2 else 0
        fits = {"lora_A": (r, columns), "lora_B": (rows, r), "lora_magnitude_vector": (rows,)}
        for part, found in shape.items():
            if found != fits[part] or not r:
                raise LineageError(
                    f"{where}: {keys[part]} is {found}, but {module} of {paths.BASE_MODEL} is {rows} × "
                    f"{columns}, so that {fits[part]} is expected; it was trained on another base: adopt it in a chain "
                    f"on that base"
                )
        ranks[module] = r
    return ranks


def check_coverage(ranks: Mapping[str, int], targets: tuple[str, ...], modules: Shapes, where: str) -> None:
    """Checks that every module that the chain trains is in the adapter.

    Args:
        ranks: module → r of what the adapter holds.
        targets: last parts of the names of the layers that the chain trains, such as q_proj.
        modules: of the base.
        where: the adapter's file, for messages.

    Raises:
        LineageError: naming the first module that is missing.
    """
    wanted = {module for module in modules if module.rpartition(".")[2] in targets}
    if missing := sorted(wanted - set(ranks), key=_natural):
        raise LineageError(
            f"{where}: {len(missing)} of {len(wanted)} modules are missing, the first is {missing[0]}; a chain trains "
            f"its targets in every layer: train it again without layers_to_transform and without a pattern of layers"
        )


def check_values(file: Path, names: Mapping[str, tuple[str, str]]) -> None:
    """All finite, `lora_B` not all zero; one tensor is in memory at a time.

    Raises:
        LineageError: naming the tensor.
    """
    import torch
    from safetensors import safe_open

    moved = False
    with safe_open(file, framework="pt") as tensors:
        for key, (_, part) in names.items():
            tensor = tensors.get_tensor(key)
            if not torch.isfinite(tensor).all():
                raise LineageError(f"{file}: {key} holds NaN or infinity; adopt an earlier checkpoint")
            moved = moved or (part == "lora_B" and bool(tensor.any()))
    if not moved:
        raise LineageError(f"{file}: every lora_B is zero, so the adapter does nothing; name the one that was trained")


def rewrite(file: Path, names: Mapping[str, tuple[str, str]], out: Path) -> None:
    """The same values under PEFT's present names, sorted: the same adapter gives the same bytes whoever saved it."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(file, framework="pt") as tensors:
        renamed = {saved_name(*name): tensors.get_tensor(key).contiguous() for key, name in names.items()}
    save_file({key: renamed[key] for key in sorted(renamed)}, out, metadata={"format": "pt"})


def saved_name(module: str, part: str) -> str:
    """PEFT's name of a tensor in a file."""
    return f"{PREFIX}{module}.{part}" + ("" if part == "lora_magnitude_vector" else ".weight")


def _no_lora(key: str, where: str) -> str:
    if "lora_embedding" in key:
        return f"{where}: {key} is a LoRA of the embedding; a chain trains linear layers only: train it without"
    if "embed_tokens" in key or "lm_head" in key or "modules_to_save" in key:
        return (
            f"{where}: {key} replaces a layer of the base: the vocabulary was resized, or embeddings were trained too; "
            f"a chain carries LoRA weights alone: train it again without modules_to_save and without new tokens"
        )
    return f"{where}: {key} is no LoRA tensor (lora_A, lora_B); a chain carries nothing else: train it again without it"


def _of_another_base(strangers: list[str], modules: Shapes, where: str) -> str:
    number = re.compile(r"\.layers\.(\d+)\.")
    ours = {int(found[1]) for module in modules if (found := number.search(module))}
    theirs = {int(found[1]) for name in strangers if (found := number.search(name))}
    if ours and theirs and min(theirs) > max(ours):
        return (
            f"{where}: it has at least {max(theirs) + 1} layers, {paths.BASE_MODEL} has {max(ours) + 1}; it was "
            f"trained on another base: adopt it in a chain on that base"
        )
    first = min(strangers, key=_natural)
    return (
        f"{where}: {paths.BASE_MODEL} has no linear layer {first}; it was trained on another base, or on another layer "
        f"type"
    )


def _natural(name: str) -> list[Any]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in name.split(".")]
