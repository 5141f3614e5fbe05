"""Greedy tokens after many questions at once, without a step for those that have ended.

`generate` of transformers carries every row to the end of the longest answer: of a set in which one answer runs to its
budget, nine tenths of the work are for rows that said their stop long ago. Here such a row leaves the batch, and with
it its keys and values.

Not every family can be asked so: one may need more than tokens, mask and places, or keep states that cannot be chosen
from row by row. Whether a model can is tried once, on tokens that stand for questions, beside `generate`.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from lineage.evaluation.inference import causal_lm

GREEDY: dict[str, bool | int | float] = {
    "do_sample": False,
    "num_beams": 1,
    "num_return_sequences": 1,
    "repetition_penalty": 1.0,
    "encoder_repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "length_penalty": 1.0,
    "min_length": 0,
    "use_cache": True,
}
NEEDED = ("input_ids", "attention_mask", "position_ids", "past_key_values", "logits_to_keep")
TRIED_LENGTHS, TRIED_BUDGETS = (3, 11, 7), (4, 9, 16)  # of the questions that stand for others
TRIED: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()  # a base that is loaded → whether it can be asked so

Heard = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked together.

    asked: the tokens of each question. budgets: the tokens that each answer may have, at least 1. stop: the token that
    ends an answer. pad: the token that fills a question on its left. heard: told each token of the first answer.
    """

    asked: Sequence[list[int]]
    budgets: Sequence[int]
    stop: int
    pad: int
    heard: Heard | None = None

    def padded(self, model: Any) -> tuple[Any, Any]:
        """Tokens and mask: questions × tokens of the longest."""
        import torch

        width = max(map(len, self.asked))
        ids = [[self.pad] * (width - len(row)) + row for row in self.asked]
        mask = [[0] * (width - len(row)) + [1] * len(row) for row in self.asked]
        return torch.tensor(ids, device=model.device), torch.tensor(mask, device=model.device)


def answers_of(model: Any, questions: Questions) -> list[list[int]]:
    """The likeliest tokens after each question, to its stop, which is among them, or to its budget.

    model: from `inference.load`. Its own generation settings have no say.
    """
    return _dropping(model, questions) if _can_drop(model, questions) else by_transformers(model, questions)


def _can_drop(model: Any, questions: Questions) -> bool:
    """Whether a model says without its ended rows what it says with them; tried once for a base."""
    causal = causal_lm(model)
    if causal not in TRIED:
        takes = inspect.signature(type(causal).forward).parameters if hasattr(causal, "forward") else {}
        TRIED[causal] = all(name in takes for name in NEEDED) and _says_the_same(model, questions)
    return TRIED[causal]


def _says_the_same(model: Any, questions: Questions) -> bool:
    words = min(model.config.get_text_config().vocab_size, 20_000)
    asked = [[(7 + 31 * place * place + row) % words for place in range(n)] for row, n in enumerate(TRIED_LENGTHS)]
    some = Questions(asked, TRIED_BUDGETS, questions.stop, questions.pad)
    try:
        return _dropping(model, some) == by_transformers(model, some)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return False  # whatever its cache or its layers cannot do, `generate` can


def _dropping(model: Any, questions: Questions) -> list[list[int]]:
    """Step by step; a row that has ended leaves the batch."""
    import torch
    from transformers import DynamicCache

    causal = causal_lm(model)
    said: list[list[int]] = [[] for _ in questions.asked]
    going = list(range(len(said)))  # the question of each row of the batch
    ids, mask = questions.padded(model)
    places = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=causal.config)
    with torch.inference_mode():
        while True:
            step = causal(
                input_ids=ids, attention_mask=mask, position_ids=places, past_key_values=cache, logits_to_keep=1
            )
            likeliest = step.logits[:, -1].float().argmax(-1)
            for question, token in zip(going, likeliest.tolist(), strict=True):
                said[question].append(token)
                if questions.heard and question == 0:
                    questions.heard(token)
            kept = [
                row
                for row, question in enumerate(going)
                if said[question][-1] != questions.stop and len(said[question]) < questions.budgets[question]
            ]
            if not kept:
                return said
            if len(kept) < len(going):
                going, rows = [going[row] for row in kept], torch.tensor(kept, device=model.device)
                likeliest, mask, places = likeliest[rows], mask[rows], places[rows]
                cache.batch_select_indices(rows)
            ids, places = likeliest[:, None], places[:, -1:] + 1
            mask = torch.nn.functional.pad(mask, (0, 1), value=1)


def by_transformers(
    model: Any, questions: Questions, penalty: float = 1.0, processors: Sequence[Any] = ()
) -> list[list[int]]:
    """By transformers' own loop, to the end of the longest answer: the likeliest tokens behind all processors.

    Args:
        model: from `inference.load`.
        questions: what is asked.
        penalty: above 1, on tokens that were said or asked with.
        processors: called with the tokens so far and the scores of the next, which they return changed.
    """
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    stop, heard = questions.stop, questions.heard
    ids, mask = questions.padded(model)
    width = ids.shape[1]
    allowed = torch.tensor(questions.budgets, device=model.device)
    greedy = GenerationConfig(
        **GREEDY | {"repetition_penalty": penalty},
        max_new_tokens=max(questions.budgets),
        eos_token_id=stop,
        pad_token_id=questions.pad,
    )
    model.generation_config = greedy  # what is unset in the one that is passed is taken from this one
    with torch.inference_mode():
        out = model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=greedy,
            logits_processor=LogitsProcessorList(processors),
            stopping_criteria=[lambda tokens, scores, **_: allowed <= tokens.shape[1] - width],
            **({"streamer": Streamed(heard)} if heard else {}),
        )
    said = []
    for tokens, most in zip(out[:, width:].tolist(), questions.budgets, strict=True):
        end = tokens.index(stop) + 1 if stop in tokens else len(tokens)
        said.append(tokens[: min(end, most)])
    return said


class Streamed:
    """What transformers calls a streamer: `put` is given the prompt, then each token."""

    def __init__(self, heard: Heard) -> None:
        self._heard, self._prompt = heard, True

    def put(self, tokens: Any) -> None:
        """Hand a token on; of several answers transformers streams none."""
        if not self._prompt:
            for token in tokens.flatten().tolist():
                self._heard(token)
        self._prompt = False

    def end(self) -> None:
        """Nothing: the whole answer is what `answers_of` gives."""
