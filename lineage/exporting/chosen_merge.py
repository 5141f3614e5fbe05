"""A version as one model: merged into its base, of a 4-bit base in the better of two ways, and what it is held to."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.config.schema import Curriculum
from lineage.evaluation import inference
from lineage.exporting import four_bit
from lineage.exporting.four_bit import Way
from lineage.exporting.logits import Logits, Probes, logits_of, probes
from lineage.exporting.merging import merge, untie
from lineage.exporting.whole_base import put_on, whole_base


@dataclass(frozen=True, slots=True)
class ChosenMerge:
    """A merged model in float32. reference: what the adapter says on the base that it is merged into.

    on_whole: what it says on the base as it was published. ways: of a 4-bit base, all that were measured.
    own_head: whether the head, which is the base's embedding, was given weights of its own.
    """

    model: Any
    tokenizer: Any
    rows: Probes
    reference: Logits
    on_whole: Logits
    ways: tuple[Way, ...]
    shipped: str
    own_head: bool


def chosen_merge(c: Curriculum, version: str, dtype: str, sources: Collection[str]) -> ChosenMerge:
    """Merge a version; where its base was trained on in 4 bits, in both ways, and keep the better one.

    Args:
        c: the curriculum.
        version: a version that is built.
        dtype: the precision of the files that will be written; ways are measured as they would be served.
        sources: those that are inside the version, on whose held-out sets a way is judged.
    """
    model, tokenizer = put_on(whole_base(c.active), version), inference.tokenizer_of_base()
    rows = probes(c, tokenizer, read_base().vocab_size)
    on_whole = logits_of(model, rows)
    own_head = untie(model)
    if not c.active.load_in_4bit:
        return ChosenMerge(merge(model), tokenizer, rows, on_whole, on_whole, (), four_bit.WHOLE, own_head)
    whole = _served(c, four_bit.WHOLE, merge(model), tokenizer, dtype, sources)
    del model
    trained, _ = inference.load(version, c.active)
    as_trained = four_bit.measured(c, four_bit.AS_TRAINED, trained, tokenizer, sources)
    del trained
    on_rounded, merged = _dequantised(c, version, rows)
    rounded = _served(c, four_bit.DEQUANTISED, merged, tokenizer, dtype, sources)
    del merged
    # What was measured was rounded: what is shipped is merged again, in float32.
    ways, best = (as_trained, rounded, whole), four_bit.better((rounded, whole))
    if best is rounded:
        _, merged = _dequantised(c, version, rows)
        return ChosenMerge(merged, tokenizer, rows, on_rounded, on_whole, ways, best.name, own_head)
    model = put_on(whole_base(c.active), version)
    return ChosenMerge(merge(model), tokenizer, rows, on_whole, on_whole, ways, best.name, own_head)


def _dequantised(c: Curriculum, version: str, rows: Probes) -> tuple[Logits, Any]:
    adapted = put_on(four_bit.dequantised_base(c.active), version)
    return logits_of(adapted, rows), merge(adapted)


def _served(c: Curriculum, name: str, merged: Any, tokenizer: Any, dtype: str, sources: Collection[str]) -> Way:
    import torch

    served = merged.to(getattr(torch, dtype)).to(getattr(torch, c.active.compute_dtype))
    if torch.cuda.is_available():
        served = served.to("cuda")
    return four_bit.measured(c, name, served, tokenizer, sources)
