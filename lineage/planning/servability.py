"""What the shape of an adapter costs where it is to be served: what a server refuses, and what it would misread.

vLLM reads r, alpha and rsLoRA of an adapter, refuses DoRA, and caps the rank. llama.cpp's converter of adapters reads
alpha and r alone. PEFT reads all of it.
"""

from collections.abc import Iterator
from math import sqrt

from lineage.config.schema import Lora

VLLM_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)  # what --max-lora-rank may be
VLLM_RANK = 16  # what it is by itself
HEAD = "lm_head"


def vllm_rank(r: int) -> int | None:
    """The smallest --max-lora-rank under which vLLM takes an adapter of this rank; None: there is none."""
    return next((rank for rank in VLLM_RANKS if r <= rank), None)


def alpha_for_llama_cpp(lora: Lora) -> float:
    """The alpha that gives the adapter's scaling where only alpha / r is known."""
    return round(lora.scaling * lora.r, 9)


def costs_of_serving(lora: Lora, *, tied: bool) -> Iterator[str]:
    """What a setting will cost once a version is served, a sentence each.

    Args:
        lora: the shape of the version's adapter.
        tied: whether the base's head is its embedding.
    """
    rank = vllm_rank(lora.r)
    if rank is None:
        yield (
            f"r {lora.r}: vLLM takes no adapter above rank {VLLM_RANKS[-1]}; serve it merged "
            f"(`lineage export VERSION --as merged`), or lower r"
        )
    elif lora.r > VLLM_RANK:
        yield (
            f"r {lora.r}: vLLM takes ranks up to {VLLM_RANK} by itself, and refuses this adapter unless it is started "
            f"with --max-lora-rank {rank}, which every adapter that it serves then takes memory for"
        )
    if lora.dora:
        yield (
            "dora: vLLM and llama.cpp take no DoRA adapter; such a version is served by PEFT, or merged "
            "(`lineage export VERSION --as merged` or `--as gguf`)"
        )
    elif lora.rslora:
        yield (
            f"rslora: llama.cpp's converter of adapters knows alpha / r alone, so that one converted by hand acts with "
            f"1/{sqrt(lora.r):.3g} of its strength; `lineage export VERSION --as gguf` writes alpha "
            f"{alpha_for_llama_cpp(lora):g} instead of {lora.alpha:g}. PEFT and vLLM read it right"
        )
    if HEAD in lora.targets and tied:
        yield (
            "targets: lm_head, but the head of this base is its embedding (tied weights): the adapter changes the head "
            "alone; merged by another tool it changes the embedding too, so that the merged model answers otherwise, "
            "and llama.cpp takes no such adapter. `lineage export VERSION --as merged` gives the model a head of its "
            "own, as large as the embedding. Take lm_head out unless you need it"
        )
    elif HEAD in lora.targets:
        yield "targets: lm_head: not every server reads an adapter of the head; try yours before you train"
