"""An adapter worked into its base: one model, in the precision of the base's own files, that needs no PEFT.

It is merged in float32 and rounded once. A head that is the embedding becomes a tensor of its own first, if the adapter
lies on it: else the embedding would be changed with it.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lineage.base_model.loading import text_config
from lineage.core.errors import LineageError
from lineage.evaluation.inference import causal_lm

DTYPES = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}


def stored_dtype(folder: Path) -> str:
    """The precision of a model's files: that of most of its elements' tensors.

    Raises:
        LineageError: it is none that a model is merged into.
    """
    from safetensors import safe_open

    found: Counter[str] = Counter()
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="np") as tensors:
            found.update(str(tensors.get_slice(key).get_dtype()) for key in tensors.keys())  # noqa: SIM118
    most = found.most_common(1)[0][0] if found else "no tensor"
    if most not in DTYPES:
        raise LineageError(
            f"{folder}: its weights are {most}; a merged model is written in one of {', '.join(DTYPES)}: "
            f"export the adapter (--as adapter), or take the base in 16 bits"
        )
    return DTYPES[most]


def merge(model: Any) -> Any:
    """The base with the adapter worked in, in the precision that it is loaded in. `model` is used up.

    Raises:
        LineageError: the merged weights hold NaN or infinity.
    """
    untie(model)
    try:
        return model.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise LineageError(f"the adapter cannot be merged: {error}; train the version again") from error


def untie(model: Any) -> bool:
    """Give the head weights of its own where the adapter lies on a head that is the embedding; whether it did."""
    import torch

    causal = causal_lm(model)
    head, words = causal.get_output_embeddings(), causal.get_input_embeddings()
    below = getattr(head, "base_layer", None)
    if below is None or below.weight.data_ptr() != words.weight.data_ptr():
        return False
    below.weight = torch.nn.Parameter(below.weight.detach().clone(), requires_grad=False)
    causal.config.tie_word_embeddings = causal.config.get_text_config().tie_word_embeddings = False
    return True


def save(model: Any, tokenizer: Any, dtype: str, out: Path) -> None:
    """Write a merged model and how it answers: as `lineage ask` does, greedily and to the chain's stop.

    Args:
        model: from `merge`.
        tokenizer: the chain's.
        dtype: the precision of the files.
        out: the folder that is written into.
    """
    import torch
    from transformers import GenerationConfig

    model = model.to(getattr(torch, dtype))
    # What is wrapped into a 4-bit model, and where it lay, say nothing of this one.
    model.config._name_or_path = ""
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
    )
    model.config.eos_token_id, model.config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    model.save_pretrained(out)


def copy_tokenizer(version: Path, out: Path) -> None:
    """The tokenizer of a version's folder, with the chain's template and stop, byte for byte."""
    for file in tokenizer_files(version):
        (out / file.name).write_bytes(file.read_bytes())


def tokenizer_files(folder: Path) -> Iterable[Path]:
    """The files of a folder by which a tokenizer is loaded."""
    names = ("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "*.jinja")
    return sorted({file for name in names for file in folder.glob(name)})


def loaded(folder: Path) -> Any:
    """A merged model as anybody loads it, in float32."""
    from transformers import AutoModelForCausalLM

    how = attention(folder)
    return AutoModelForCausalLM.from_pretrained(folder, dtype="float32", local_files_only=True, **how).eval()


def attention(folder: Path) -> dict[str, Any]:
    """How the attention of a model must be computed, for whoever loads it; Gemma 2's is capped."""
    capped = text_config(str(folder)).get("attn_logit_softcapping")
    return {"attn_implementation": "eager"} if capped else {}
