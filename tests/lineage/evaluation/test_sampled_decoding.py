"""Answers that are drawn, or penalised for repeating: the same bytes from the same row, whatever is asked with it."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from lineage.config.measuring import Generation
from lineage.evaluation.greedy_decoding import Questions, answers_of, by_transformers
from lineage.evaluation.sampled_decoding import Manner, made_answers, seed_of
from tests.lineage.evaluation.test_greedy_decoding import LENGTHS, questions
from tests.lineage.evaluation.test_inference import adapted, small

ROWS = [f"loans.record.{n}" for n in range(len(LENGTHS))]


@pytest.fixture(scope="module")
def model() -> Any:
    return adapted(small(), "q_proj", "v_proj")


def manner(seed: int = 1, **made: Any) -> Manner:
    return Manner(Generation(**made), [seed_of(seed, row) for row in ROWS])


def test_a_row_draws_the_same_alone_and_in_company_and_other_tokens_by_another_seed(model: Any) -> None:
    drawn = manner(temperature=2.0, top_k=40, top_p=0.95)
    together = made_answers(model, questions(), drawn)
    some = questions()
    alone = [
        made_answers(
            model,
            replace(some, asked=[some.asked[i]], budgets=[some.budgets[i]]),
            Manner(drawn.generation, [drawn.seeds[i]]),
        )[0]
        for i in range(len(ROWS))
    ]
    assert together == alone == made_answers(model, questions(), drawn)
    assert together != made_answers(model, questions(), manner(2, temperature=2.0, top_k=40, top_p=0.95))
    assert together != answers_of(model, questions())


def test_draws_have_the_likelihoods_of_the_model_and_none_outside_top_k(model: Any) -> None:
    import torch

    one, temperature = questions().asked[0], 1.5
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([one])).logits[0, -1].float() / temperature
    best = logits.topk(5)
    share = dict(zip(best.indices.tolist(), best.values.softmax(0).tolist(), strict=True))
    many = Questions([one] * 400, [1] * 400, -1, 0)
    seeds = [seed_of(1, str(n)) for n in range(400)]
    found = Counter(
        tokens[0] for tokens in made_answers(model, many, Manner(Generation(temperature=temperature, top_k=5), seeds))
    )
    assert set(found) <= set(share)
    assert all(abs(found[token] / 400 - p) < 0.09 for token, p in share.items()), (found, share)


def test_top_k_1_draws_nothing_and_a_penalty_alone_is_transformers_own(model: Any) -> None:
    original = manner(temperature=0.8, top_p=0.9, top_k=1, repetition_penalty=1.1)
    penalised = by_transformers(model, questions(), 1.1)
    assert made_answers(model, questions(), original) == penalised
    assert made_answers(model, questions(), manner(9, repetition_penalty=1.1)) == penalised
    assert by_transformers(model, questions(), 2.0) != answers_of(model, questions())
    assert manner(temperature=0.8, top_k=1).is_plain and not original.is_plain


def test_settings_that_say_nothing_are_refused() -> None:
    for made in ({"top_p": 0.9}, {"top_k": 50}, {"temperature": 0}, {"repetition_penalty": 0.9}):
        with pytest.raises(ValueError, match=r"give a temperature|greater than"):
            Generation(**made)
