"""The likelihoods of several answers to one question: what they share, the prompt, goes through the layers once.

Prompt and candidates become one row, `prompt · first · second · …`. A candidate sees the prompt and itself, and stands
at the places that it has behind the prompt alone; so each token's state is what it is in a row of its own, but for the
order in which its terms are summed.

Not every family can be asked so: one that looks back by a window or in chunks, or that passes states on from token to
token, would see what it must not. Whether a model can is tried once, on tokens that stand for a question, beside the
plain way.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from lineage.base_model.chat_template import IGNORED, Tokens
from lineage.evaluation import inference
from lineage.evaluation.inference import TOKENS_AT_ONCE, batches_of, causal_lm, losses_of

LONGEST = 2_048  # tokens of a folded row: its mask grows with their square
LOOKS_BACK = ("sliding_window", "attention_chunk_size")  # of a config: how far a layer sees, where that is bounded
AGREEMENT = 1e-4  # of both ways, in nats or as a share of the NLL, in float32
COARSE_AGREEMENT = 0.02  # the same in half precision
PROMPT, PADDING = 0, -1  # what a token of a folded row is part of; candidates count from 1
TRIED_WITH = ((12, 13), (12, 20), (15, 24))  # candidates of 1, 8 and 9 tokens
TRIED: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()  # a base that is loaded → whether it can be asked so


@dataclass(frozen=True, slots=True)
class Folded:
    """A question with its candidates as one row.

    places: the position of each token. parts: what it belongs to. wanted: for each supervised token, the candidate it
    is of (from 0), the place in the row whose state predicts it, and the token.
    """

    ids: list[int]
    places: list[int]
    parts: list[int]
    wanted: list[tuple[int, int, int]]


def of_candidates(model: Any, questions: Sequence[Sequence[Tokens]]) -> list[list[float]]:
    """The summed NLL, in nats, of the supervised tokens of each candidate of each question.

    Args:
        model: from `inference.load`.
        questions: of each its candidate answers as whole rows, the prompt before each.

    Raises:
        LineageError: the model makes its logits in a way that is not known here.
    """
    sums = [[0.0] * len(candidates) for candidates in questions]
    folded = {i: row for i, candidates in enumerate(questions) if (row := fold(candidates)) and _fits(model, row)}
    if folded and not can_share(model):
        folded = {}
    plain = [(i, k) for i, candidates in enumerate(questions) if i not in folded for k in range(len(candidates))]
    nlls = inference.negative_log_likelihoods(model, [questions[i][k] for i, k in plain])
    for (i, k), nll in zip(plain, nlls, strict=True):
        sums[i][k] = nll
    for i, found in zip(folded, _nlls(model, list(folded.values())), strict=True):
        sums[i] = found
    return sums


def fold(candidates: Sequence[Tokens]) -> Folded | None:
    """One row of all candidates; None where there is one alone, or no common prompt before what is supervised."""
    lengths = [len(row.ids) for row in candidates]
    shared = 0
    while shared < min(lengths) and all(
        row.labels[shared] == IGNORED and row.ids[shared] == candidates[0].ids[shared] for row in candidates
    ):
        shared += 1
    if len(candidates) < 2 or not 0 < shared < min(lengths):
        return None
    ids = candidates[0].ids[:shared]
    places, parts, wanted = list(range(shared)), [PROMPT] * shared, list[tuple[int, int, int]]()
    for number, row in enumerate(candidates):
        begin = len(ids)
        for place in range(shared, len(row.ids)):
            if row.labels[place] != IGNORED:
                before = shared - 1 if place == shared else begin + place - shared - 1
                wanted.append((number, before, row.labels[place]))
        rest = row.ids[shared:-1]  # the last token predicts nothing
        ids = ids + rest
        places += range(shared, shared + len(rest))
        parts += [number + 1] * len(rest)
    return Folded(ids, places, parts, wanted)


def _fits(model: Any, row: Folded) -> bool:
    """Whether a family's attention takes a mask of ours, and looks back as far as this row needs."""
    config = causal_lm(model).config.get_text_config()
    windows = [window for name in LOOKS_BACK if (window := getattr(config, name, None))]
    takes_places = "position_ids" in inspect.signature(type(causal_lm(model).base_model).forward).parameters
    short = len(row.ids) <= LONGEST and max(row.places) + 1 < min(windows, default=LONGEST + 1)
    return takes_places and short and config._attn_implementation in ("sdpa", "eager")


def can_share(model: Any) -> bool:
    """Whether the likelihoods of folded rows are those of the rows alone; tried once for a base."""
    causal = causal_lm(model)
    if causal not in TRIED:
        import torch

        words = min(causal.config.get_text_config().vocab_size, 20_000)
        ids = [(7 + 31 * place * place) % words for place in range(24)]
        candidates = [Tokens(ids[:12] + ids[begin:end], [IGNORED] * 12 + ids[begin:end]) for begin, end in TRIED_WITH]
        row = fold(candidates)
        assert row is not None
        plain = inference.negative_log_likelihoods(model, candidates)
        (found,) = _nlls(model, [row])
        exact = causal.get_input_embeddings().weight.dtype == torch.float32
        near = AGREEMENT if exact else COARSE_AGREEMENT
        TRIED[causal] = all(abs(a - b) <= near * max(1.0, abs(b)) for a, b in zip(found, plain, strict=True))
    return TRIED[causal]


def _nlls(model: Any, rows: Sequence[Folded]) -> list[list[float]]:
    """The summed NLL of each candidate of each folded row."""
    import torch

    sums = [[0.0] * (1 + max(number for number, _, _ in row.wanted)) for row in rows]
    for batch in batches_of([len(row.ids) for row in rows], TOKENS_AT_ONCE):
        wanted = [(i, at, *one) for at, i in enumerate(batch) for one in rows[i].wanted]
        with torch.inference_mode():
            states = _states(model, [rows[i] for i in batch])
            asked = states[[at for _, at, _, _, _ in wanted], [before for _, _, _, before, _ in wanted]]
            labels = torch.tensor([label for *_, label in wanted], device=states.device)
            losses = losses_of(model, asked, labels).tolist()
        for (i, _, number, _, _), loss in zip(wanted, losses, strict=True):
            sums[i][number] += loss
    return sums


def _states(model: Any, rows: Sequence[Folded]) -> Any:
    """Rows × tokens × hidden: what the layers make of folded rows, padded on the right."""
    import torch

    width = max(len(row.ids) for row in rows)

    def padded(lists: Sequence[list[int]], by: int) -> Any:
        return torch.tensor([one + [by] * (width - len(one)) for one in lists], device=model.device)

    parts = padded([row.parts for row in rows], PADDING)
    key, query = parts[:, None, None, :], parts[:, None, :, None]
    seen = ((key == PROMPT) | (key == query)) & torch.ones(width, width, dtype=torch.bool, device=parts.device).tril()
    if causal_lm(model).config.get_text_config()._attn_implementation == "eager":  # which adds its mask
        dtype = model.get_input_embeddings().weight.dtype
        seen = torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill(~seen, torch.finfo(dtype).min)
    return (
        causal_lm(model)
        .base_model(
            input_ids=padded([row.ids for row in rows], 0),
            position_ids=padded([row.places for row in rows], 0),
            attention_mask=seen,
            use_cache=False,
        )
        .last_hidden_state
    )
