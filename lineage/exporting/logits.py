"""Whether two models are the same, in logits: after the same held-out rows, at the same places, in float32.

Greedy answers are no test of it: two models whose likeliest tokens lie close say different things by the order of sums
alone, and two that differ can say the same.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lineage.base_model import chat_template
from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError
from lineage.evaluation.heldout import heldout_sets

ROWS = 16  # held-out rows that are compared, of all sets by turns
PLACES = 32  # of each row, the last: its answer, and of a short answer the end of the question
APART = 8  # of them, every eighth: where each place is a request of its own
# The largest difference over the largest logit. In float32, where sums run in another order, 1e-6 was measured. With
# weights rounded to 16 bits 0.001 (float16) and 0.005 (bfloat16) were, of a model of two layers: rounding adds up over
# more of them. A scale of the adapter that is off by a tenth shows as 0.2.
BOUNDS = {"float32": 1e-4, "float16": 0.02, "bfloat16": 0.05}

LOGITS, CHANCES = "logits", "log-probabilities (nats)"

Logits = list[np.ndarray]  # of each row: places × vocabulary, float32


@dataclass(frozen=True, slots=True)
class Probes:
    """What both models are given. turns: the conversation up to the answer; texts: the same by the template, and
    `asked` as tokens. ids: question and answer. vocabulary: how many logits the base gives a place.
    """

    vocabulary: int
    turns: list[list[dict[str, str]]]
    texts: list[str]
    asked: list[list[int]]
    ids: list[list[int]]

    @property
    def places(self) -> list[int]:
        """Of each row, how many of its last places are compared."""
        return [min(PLACES, len(row)) for row in self.ids]

    @property
    def sparse(self) -> list[list[int]]:
        """Of each row, every eighth of these places, from the last one."""
        return [
            sorted(range(len(row) - 1, len(row) - 1 - places, -APART))
            for row, places in zip(self.ids, self.places, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class LogitDifference:
    """What one kind of a version says beside the adapter on its base. bound: what `relative` may be at most.

    largest, mean: of the absolute differences. relative: the largest over the largest logit. divergence: of the
    chances of the next token, in nats, in the mean (Kullback-Leibler); None where not all chances are told. same_first:
    share of places with the same likeliest token. bound: None where a difference is told and refuses nothing. unit:
    what was compared, where it is not logits.
    """

    what: str
    rows: int
    places: int
    largest: float
    mean: float
    relative: float
    divergence: float | None
    same_first: float
    bound: float | None
    unit: str = LOGITS

    @property
    def equal(self) -> bool:
        """Whether it keeps its bound."""
        return self.bound is None or self.relative <= self.bound

    def as_json(self) -> dict[str, Any]:
        """For the record: figures with four digits that count."""
        return {
            name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in asdict(self).items()
        }


def probes(c: Curriculum, tokenizer: Any, vocabulary: int) -> Probes:
    """Held-out rows of all sets by turns, those that fit `max_length`; `vocabulary` is the base's.

    Raises:
        LineageError: there are none.
    """
    sets = heldout_sets(ROWS)
    by_turns = [s.records[place] for place in range(ROWS) for s in sets if place < len(s.records)]
    found = Probes(vocabulary, [], [], [], [])
    for record in by_turns:
        before = list(record.turns[:-1])
        ids = chat_template.tokenize(tokenizer, before, record.completion).ids
        if len(ids) > c.active.max_length or len(found.ids) == ROWS:
            continue
        text = chat_template.render(tokenizer.chat_template, before, ask=True)
        found.turns.append(before)
        found.texts.append(text)
        found.asked.append(tokenizer(text, add_special_tokens=False)["input_ids"])
        found.ids.append(ids)
    if not found.ids:
        raise LineageError("no held-out row is here to compare logits on; make them: dvc repro superseded")
    return found


def logits_of(model: Any, rows: Probes) -> Logits:
    """What a model of transformers or PEFT says at the last places of each row, one row at a time."""
    import torch

    found = []
    with torch.inference_mode():
        for ids, places in zip(rows.ids, rows.places, strict=True):
            whole = torch.tensor([ids], device=model.device)
            said = model(input_ids=whole, use_cache=False, logits_to_keep=places).logits[0]
            found.append(said[-places:].float().cpu().numpy())
    return found


def chances(reference: Logits, rows: Probes) -> Logits:
    """Logits as chances of the next token, in nats, at `rows.sparse`: all that a server tells of them.

    They are the logits less one number for each place, which no answer depends on.
    """
    return [
        _log_chances(one.astype(np.float64))[[place - len(ids) + len(one) for place in places]].astype(np.float32)
        for one, ids, places in zip(reference, rows.ids, rows.sparse, strict=True)
    ]


def difference(
    what: str, reference: Logits, said: Sequence[np.ndarray], bound: float | None, unit: str = LOGITS
) -> LogitDifference:
    """What `said` differs by from the reference.

    Args:
        what: the kind that said it, for people.
        reference: what the adapter says on its base.
        said: the same places by the other kind.
        bound: what the largest difference may be at most, over the largest logit.
        unit: what both are.

    Raises:
        LineageError: another vocabulary, or logits that are no numbers.
    """
    for ours, theirs in zip(reference, said, strict=True):
        if ours.shape != theirs.shape:
            raise LineageError(
                f"{what}: it gives {theirs.shape[1]:,} logits a place, the base has {ours.shape[1]:,}; it has another "
                f"vocabulary, and is not exported"
            )
        if not np.isfinite(theirs).all():
            raise LineageError(f"{what}: it gives logits that are no numbers, and is not exported")
    apart = [np.abs(ours - theirs) for ours, theirs in zip(reference, said, strict=True)]
    largest, scale = max(float(one.max()) for one in apart), max(float(np.abs(one).max()) for one in reference)
    diverged = [_divergence(ours, theirs) for ours, theirs in zip(reference, said, strict=True)]
    agreed = [ours.argmax(1) == theirs.argmax(1) for ours, theirs in zip(reference, said, strict=True)]
    return LogitDifference(
        what=what,
        rows=len(reference),
        places=sum(len(one) for one in reference),
        largest=largest,
        mean=sum(float(one.sum(dtype=np.float64)) for one in apart) / sum(one.size for one in apart),
        relative=largest / scale if scale else float("inf"),
        divergence=max(0.0, float(np.concatenate(diverged).mean())),
        same_first=float(np.concatenate(agreed).mean()),
        bound=bound,
        unit=unit,
    )


def check(found: Sequence[LogitDifference], version: str) -> None:
    """Refuse what differs by more than its bound.

    Raises:
        LineageError: naming the kind, the difference and the bound.
    """
    for one in found:
        if not one.equal:
            raise LineageError(
                f"{version}, {one.what}: its {one.unit} differ from the adapter's on its base by up to "
                f"{one.largest:.3g} ({one.relative:.2g} of the largest; {one.bound:g} at most), on {one.rows} "
                f"held-out rows; it is another model, and nothing was exported"
            )


def _divergence(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    first, second = (_log_chances(one.astype(np.float64)) for one in (ours, theirs))
    return np.asarray((np.exp(first) * (first - second)).sum(1))


def _log_chances(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(1, keepdims=True)))
