"""The base as far as its cost needs it: shapes, read from `config.json` and the headers of its safetensors files.

No weight is read and nothing is downloaded: a hub model that is not in the local cache has no known cost yet.
"""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from lineage.config.schema import BaseModelSpec, Build, Lora
from lineage.core.errors import LineageError

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I64": 8, "I32": 4, "U8": 1, "I8": 1}
NOT_QUANTIZED = ("embed_tokens", "lm_head", "wte", "wpe", "embed_in", "embed_out")  # bitsandbytes leaves these
HEADER_LIMIT = 100 << 20  # the format's own limit, in bytes


@dataclass(frozen=True, slots=True)
class Model:
    """Sizes in elements. `tensors`: name → shape of everything that is stored; `stored` is their size in bytes."""

    tensors: dict[str, tuple[int, ...]]
    stored: int
    hidden: int
    layers: int
    query: int  # heads × head_dim
    key: int  # key-value heads × head_dim
    intermediate: int
    vocab: int

    @property
    def parameters(self) -> int:
        """Elements of all tensors."""
        return sum(prod(shape) for shape in self.tensors.values())

    @property
    def tied(self) -> bool:
        """Whether the head is the embedding: no tensor of its own is stored."""
        return not any(_module(name) == "lm_head" for name in self.tensors)

    @property
    def linear(self) -> int:
        """Elements of the linear layers inside the decoder: each token meets them all, and 4-bit loading packs them."""
        return sum(
            prod(shape)
            for name, shape in self.tensors.items()
            if len(shape) == 2 and name.endswith(".weight") and _module(name) not in NOT_QUANTIZED
        )

    @property
    def layer_types(self) -> list[str]:
        """The last parts of the names of layers that LoRA can stand on here."""
        found = {_module(name) for name, shape in self.tensors.items() if len(shape) == 2 and name.endswith(".weight")}
        return sorted(found - set(NOT_QUANTIZED) | {"lm_head"})

    def adapted(self, lora: Lora) -> list[tuple[int, int]]:
        """Shapes of the linear layers that an adapter stands on. A head tied to the embedding counts as one."""
        found = [
            (shape[0], shape[1])
            for name, shape in self.tensors.items()
            if len(shape) == 2 and name.endswith(".weight") and _module(name) in lora.targets
        ]
        if "lm_head" in lora.targets and self.tied:
            found.append((self.vocab, self.hidden))
        return found

    def adapter(self, lora: Lora) -> int:
        """Elements of an adapter of this shape."""
        return sum(lora.r * (out + into) + (out if lora.dora else 0) for out, into in self.adapted(lora))


def model_of(spec: BaseModelSpec) -> Model | None:
    """The shapes of a profile's base; None if its files are not on this machine.

    Raises:
        LineageError: if files that are here cannot be read as a model.
    """
    if spec.build:
        return _built(spec.build)
    folder = Path(spec.path) if spec.path else _cached(str(spec.repo), str(spec.revision))
    if folder is None or not (folder / "config.json").is_file() or not sorted(folder.glob("*.safetensors")):
        return None
    try:
        return _stored(folder)
    except (ValueError, LookupError, TypeError, OSError) as error:
        raise LineageError(
            f"base model {folder.name}: config.json or a safetensors header cannot be read ({error!r}); fetch it again"
        ) from error


def _built(spec: Build) -> Model:
    """The tiny Qwen2 that the `base` stage makes: biases on q, k, v; the head is the embedding where it is tied."""
    head = spec.hidden_size // spec.heads
    query, key = spec.heads * head, spec.kv_heads * head
    tensors: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (spec.vocab_size, spec.hidden_size),
        "model.norm.weight": (spec.hidden_size,),
        **({} if spec.tied else {"lm_head.weight": (spec.vocab_size, spec.hidden_size)}),
    }
    for layer in range(spec.layers):
        at = f"model.layers.{layer}"
        for name, out in (("q_proj", query), ("k_proj", key), ("v_proj", key)):
            tensors[f"{at}.self_attn.{name}.weight"] = (out, spec.hidden_size)
            tensors[f"{at}.self_attn.{name}.bias"] = (out,)
        tensors[f"{at}.self_attn.o_proj.weight"] = (spec.hidden_size, query)
        for name in ("gate_proj", "up_proj"):
            tensors[f"{at}.mlp.{name}.weight"] = (spec.intermediate_size, spec.hidden_size)
        tensors[f"{at}.mlp.down_proj.weight"] = (spec.hidden_size, spec.intermediate_size)
        for name in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"{at}.{name}.weight"] = (spec.hidden_size,)
    stored = 4 * sum(prod(shape) for shape in tensors.values())
    return Model(tensors, stored, spec.hidden_size, spec.layers, query, key, spec.intermediate_size, spec.vocab_size)


def _stored(folder: Path) -> Model:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = config.get("text_config", config)  # of models that also see
    tensors: dict[str, tuple[int, ...]] = {}
    stored = 0
    for file in sorted(folder.glob("*.safetensors")):
        for name, tensor in _header(file).items():
            tensors[name] = tuple(tensor["shape"])
            stored += prod(tensor["shape"]) * BYTES[tensor["dtype"]]
    hidden = _first(config, "hidden_size", "n_embd")
    heads = _first(config, "num_attention_heads", "n_head")
    head = config.get("head_dim") or hidden // heads
    return Model(
        tensors,
        stored,
        hidden,
        _first(config, "num_hidden_layers", "n_layer"),
        heads * head,
        (config.get("num_key_value_heads") or heads) * head,
        config.get("intermediate_size") or config.get("n_inner") or 4 * hidden,
        config["vocab_size"],
    )


def _header(file: Path) -> dict[str, Any]:
    """The names, shapes and types of a safetensors file: eight bytes of length, then JSON."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 0 < length < HEADER_LIMIT:
            raise ValueError(f"{file.name}: not a safetensors file")
        header: dict[str, Any] = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    return header


def _cached(repo: str, revision: str) -> Path | None:
    """The snapshot of a hub model, if this machine has it."""
    from huggingface_hub import try_to_load_from_cache

    file = try_to_load_from_cache(repo, "config.json", revision=revision)
    return Path(file).parent if isinstance(file, str) else None


def _first(config: dict[str, Any], *names: str) -> int:
    return int(next(config[name] for name in names if config.get(name)))


def _module(tensor: str) -> str:
    """`model.layers.0.mlp.up_proj.weight` is of up_proj."""
    return tensor.split(".")[-2] if "." in tensor else tensor
