"""Answers in a model's own words: greedy, of a bounded length, and how each came to its end.

Greedy means the likeliest token at each step and nothing else: a base's own `generation_config.json` (a repetition
penalty, tokens that are suppressed, a sampling temperature) has no say, and an answer ends with the stop of the
chain's template, whatever else the base calls an end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from lineage.artifacts.measures import Ending
from lineage.base_model import chat_template
from lineage.evaluation.greedy_decoding import Heard, Questions, answers_of
from lineage.evaluation.inference import LOGITS_AT_ONCE
from lineage.evaluation.sampled_decoding import Manner, made_answers
from lineage.evaluation.whole_sentences import whole_sentences

FEWEST_TOKENS = 40  # room for "정답은 12억원입니다." where "12" is expected
SLACK = 1.5  # a right answer may be worded longer than the expected one
TOKENS_AT_ONCE = 32_000  # of questions and answers, padded, that lie in the cache together
REPEATS, REPEATED_TOKENS = 3, 12  # a piece that is said so often, over so many tokens, is said for ever


@dataclass(frozen=True, slots=True)
class SpokenAnswer:
    """What a model said, and whether it stopped, was cut at its budget, or was cut while it repeated itself.

    within: what it had said after so many tokens, where that is asked for.
    """

    text: str
    ending: Ending
    within: dict[int, str] = field(default_factory=dict)


def budget(expected: Sequence[int], ceiling: int) -> int:
    """The tokens that an answer of a set may have.

    expected: the lengths of the set's expected answers, in tokens with their stop. ceiling: `max_new_tokens`.
    """
    return min(ceiling, max(FEWEST_TOKENS, ceil(SLACK * max(expected, default=0))))


def answers(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[list[dict[str, str]]],
    budgets: Sequence[int],
    heard: Heard | None = None,
    manner: Manner | None = None,
    within: Sequence[int] = (),
) -> list[SpokenAnswer]:
    """The model's answer to each prompt, in the order of the prompts: the likeliest text, or in another manner.

    Questions of like budgets and lengths are answered together, padded on the left, as many as fit.

    Args:
        model: from `inference.load`. Its own generation settings are replaced.
        tokenizer: with the chain's template and stop token.
        prompts: conversations up to the turn that is asked for.
        budgets: of each prompt where an answer without a stop token is cut, in tokens.
        heard: where one prompt is asked, told each token of its answer as it is made.
        manner: how answers are made, with a seed for each prompt; None: the likeliest text.
        within: after how many tokens it is kept what an answer had said.
    """
    asked = [
        tokenizer(chat_template.render(tokenizer.chat_template, turns, ask=True), add_special_tokens=False)["input_ids"]
        for turns in prompts
    ]
    stop, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    said: dict[int, list[int]] = {}
    for batch in _batches(asked, budgets, max(1, LOGITS_AT_ONCE // model.config.get_text_config().vocab_size)):
        together = Questions([asked[i] for i in batch], [budgets[i] for i in batch], stop, pad, heard)
        if manner is None or manner.is_plain:
            found = answers_of(model, together)
        else:
            found = made_answers(model, together, Manner(manner.generation, [manner.seeds[i] for i in batch]))
        said.update(zip(batch, found, strict=True))
    trim = manner is not None and manner.generation.trim
    return [_spoken(tokenizer, said[i], stop, trim, within) for i in range(len(asked))]


def _spoken(tokenizer: Any, tokens: list[int], stop: int, trim: bool, within: Sequence[int]) -> SpokenAnswer:
    def text(of: list[int]) -> str:
        return str(tokenizer.decode(of, skip_special_tokens=True)).strip()

    end, whole = ending(tokens, stop), text(tokens)
    if trim and end != "stopped":
        whole = whole_sentences(whole)
    return SpokenAnswer(whole, end, {most: text(tokens[:most]) for most in within})


def ending(tokens: Sequence[int], stop: int) -> Ending:
    """How an answer ended. It is endless if its last tokens are one piece, said again and again."""
    if stop in tokens:
        return "stopped"
    for period in range(1, len(tokens) // REPEATS + 1):
        repeated = period
        while repeated < len(tokens) and tokens[-repeated - 1] == tokens[period - repeated - 1]:
            repeated += 1
        if repeated >= max(REPEATS * period, REPEATED_TOKENS):
            return "endless"
    return "cut"


def _batches(asked: Sequence[list[int]], budgets: Sequence[int], rows: int) -> Iterator[list[int]]:
    """The places of questions that are answered together: from small budgets to large ones, from short to long.

    Args:
        asked: the tokens of each question.
        budgets: of each answer.
        rows: at most in a batch: each has logits at every step.
    """
    batch: list[int] = []
    width = 0
    for i in sorted(range(len(asked)), key=lambda i: (budgets[i], len(asked[i]), i)):
        wider = max(width, len(asked[i]))
        if batch and (len(batch) == rows or (len(batch) + 1) * (wider + budgets[i]) > TOKENS_AT_ONCE):
            yield batch
            batch, wider = [], len(asked[i])
        batch.append(i)
        width = wider
    if batch:
        yield batch
