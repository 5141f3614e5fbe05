"""The three ways out of a 4-bit base, measured on the held-out sets: the better merge is shipped, all three are told.

An adapter that was trained over 4-bit weights learnt to make up for their rounding. Worked into the whole weights, it
makes up for what is not there; worked into the rounded ones, it keeps their loss. Which is better depends on the base
and on the data, so that it is measured: NLL per supervised token, over the rows that every version is asked. What
decides are the sets whose sources the version or an ancestor was trained on: what nobody trained it for says nothing of
what a merge lost.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.loading import load_base, weights_of
from lineage.config.schema import Curriculum, Profile
from lineage.core.errors import LineageError
from lineage.evaluation import inference
from lineage.evaluation.evaluate import questions_of
from lineage.evaluation.heldout import heldout_sets
from lineage.evaluation.marking import right_place
from lineage.exporting.whole_base import whole_base

AS_TRAINED = "4-bit base with the adapter"
DEQUANTISED = "merged into the dequantised base"
WHOLE = "merged into the whole base"
Sum = tuple[float, int]  # of a set: NLL, and tokens


@dataclass(frozen=True, slots=True)
class Way:
    """One of the three, and what it costs.

    nll: by set, nats per supervised token. inside: the same over all sets whose source is inside the version, what
    decides; over all sets where there is none. every: over all sets. rows, tokens: of all sets.
    """

    name: str
    nll: dict[str, float]
    inside: float
    every: float
    rows: int
    tokens: int


def dequantised_base(profile: Profile) -> Any:
    """The base in float32 with the very weights that a 4-bit training computes with.

    Raises:
        LineageError: no layer of it was rounded.
    """
    import torch
    from bitsandbytes.functional import dequantize_4bit

    weights = weights_of(read_base(), profile.base)
    rounded, model = load_base(weights, profile), whole_base(profile)
    found = 0
    with torch.no_grad():
        for name, module in rounded.named_modules():
            state = getattr(getattr(module, "weight", None), "quant_state", None)
            if state is not None:
                values = dequantize_4bit(module.weight.data, state)
                model.get_submodule(name).weight.copy_(values.to("cpu", torch.float32))
                found += 1
    if not found:
        raise LineageError(
            f"{weights}: bitsandbytes rounded none of its layers to 4 bits on this machine; set load_in_4bit: false"
        )
    return model


def measured(c: Curriculum, name: str, model: Any, tokenizer: Any, sources: Collection[str]) -> Way:
    """A way's NLL on every held-out set, on the rows that every version is asked.

    Args:
        c: the curriculum.
        name: of the way.
        model: what is asked.
        tokenizer: the chain's.
        sources: those that are inside the version.
    """
    sums: dict[str, Sum] = {}
    rows = 0
    for one in heldout_sets(c.evaluation.rows, c.evaluation.rows_of):
        asked = [tokens[right_place(r)] for r, tokens in questions_of(tokenizer, one, c.active.max_length)]
        if asked:
            said = inference.negative_log_likelihoods(model, asked)
            sums[one.name] = math.fsum(said), sum(row.supervised for row in asked)
            rows += len(asked)
    if not sums:
        raise LineageError("no held-out row is here to measure the ways of merging on; make them: dvc repro superseded")
    inside = [one for name, one in sums.items() if name.partition(".")[0] in sources] or list(sums.values())
    return Way(
        name=name,
        nll={name: nll / tokens for name, (nll, tokens) in sums.items()},
        inside=_mean(inside),
        every=_mean(sums.values()),
        rows=rows,
        tokens=sum(tokens for _, tokens in sums.values()),
    )


def better(merges: Sequence[Way]) -> Way:
    """The merge that is shipped: the lower NLL on what it was trained for, and of two alike the whole base's."""
    return min(merges, key=lambda way: (round(way.inside, 9), way.name != WHOLE))


def _mean(sums: Iterable[Sum]) -> float:
    parts = list(sums)
    return math.fsum(nll for nll, _ in parts) / sum(tokens for _, tokens in parts)
