"""Answers by other settings than the likeliest text: drawn, or with a penalty on what was said before.

What is drawn follows from the row: its seed gives the chance of each of its tokens, whatever rows it is answered with,
so that the same inputs give the same bytes. (transformers draws for a whole batch from one generator.) A draw is the
largest of the likelihoods, each over a number of an exponential distribution: the Gumbel-max trick. Settings apply in
the order of transformers: penalty, temperature, top_k, top_p.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lineage.config.measuring import Generation
from lineage.evaluation.greedy_decoding import Questions, by_transformers


@dataclass(frozen=True, slots=True)
class Manner:
    """How answers are made. seeds: of each question, what is left to chance in its answer."""

    generation: Generation
    seeds: Sequence[int]

    @property
    def is_plain(self) -> bool:
        """Whether it is the likeliest text after all."""
        return not self.generation.draws and self.generation.repetition_penalty == 1


def seed_of(seed: int, row: str) -> int:
    """What a row's draws begin with. seed: the curriculum's. row: its id."""
    return int.from_bytes(hashlib.sha256(f"{seed} {row}".encode()).digest()[:7])


def made_answers(model: Any, questions: Questions, manner: Manner) -> list[list[int]]:
    """The tokens of each answer, to its stop, which is among them, or to its budget.

    model: from `inference.load`. manner: with a seed for each of the questions.
    """
    drawing = [_drawing(manner)] if manner.generation.draws else []
    return by_transformers(model, questions, manner.generation.repetition_penalty, drawing)


def _drawing(manner: Manner) -> Any:
    """What transformers calls a logits processor; the likeliest token behind it is one that was drawn."""
    import torch
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    made = manner.generation
    steps: list[Any] = [TemperatureLogitsWarper(float(made.temperature or 1))]
    if made.top_k is not None:
        steps.append(TopKLogitsWarper(made.top_k))
    if made.top_p is not None and made.top_p < 1:
        steps.append(TopPLogitsWarper(made.top_p))
    chances = [torch.Generator().manual_seed(seed) for seed in manner.seeds]

    def draw(ids: Any, scores: Any) -> Any:
        for step in steps:
            scores = step(ids, scores)
        one = torch.empty(scores.shape[-1], dtype=torch.float32)
        lots = torch.stack([one.exponential_(generator=chance).clone() for chance in chances])
        return scores - lots.to(scores.device).log()

    return draw
