"""A prompt that is computed once for all of its candidates gives each the likelihood that it has alone."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from lineage.base_model.chat_template import IGNORED, Tokens
from lineage.evaluation import inference, shared_prompts
from tests.lineage.evaluation.test_inference import adapted, plain, small


def question(seed: int, prompt: int, *answers: int) -> list[Tokens]:
    """A prompt of so many tokens, and candidates of so many each; the first two begin alike."""
    rng = random.Random(seed)
    asked = [rng.randrange(3, 300) for _ in range(prompt)]
    said = [[rng.randrange(3, 300) for _ in range(length)] for length in answers]
    if len(said) > 1:
        said[1][0] = said[0][0]
    return [Tokens(asked + one, [IGNORED] * prompt + one) for one in said]


QUESTIONS = [
    question(1, 20, 3, 5, 1, 4),
    question(2, 7, 6),  # nothing to share
    question(3, 31, 1, 1),
    question(4, 1, 9, 2, 30),
    [Tokens(row.ids, row.ids) for row in question(5, 4, 3, 3)],  # the prompt carries the loss, too
]


def alone(model: Any, questions: Sequence[Sequence[Tokens]]) -> list[list[float]]:
    return [[plain(model, row) for row in candidates] for candidates in questions]


def assert_same(found: list[list[float]], expected: list[list[float]]) -> None:
    for some, others in zip(found, expected, strict=True):
        assert some == pytest.approx(others, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Qwen2", {}),
        ("Llama", {}),
        ("Gemma2", {"final_logit_softcapping": 5.0, "head_dim": 16, "attn_implementation": "eager"}),
    ],
)
def test_every_candidate_has_the_likelihood_that_it_has_alone(
    kind: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = adapted(small(kind, **more), "q_proj", "v_proj", "down_proj")
    expected = alone(model, QUESTIONS)
    assert shared_prompts.can_share(model)
    assert_same(shared_prompts.of_candidates(model, QUESTIONS), expected)
    assert_same(shared_prompts.of_candidates(model, QUESTIONS[::-1])[::-1], expected)
    monkeypatch.setattr(shared_prompts, "TOKENS_AT_ONCE", 40)
    assert_same(shared_prompts.of_candidates(model, QUESTIONS), expected)


def test_the_prompt_goes_through_the_layers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = small(), []
    assert shared_prompts.can_share(model)
    forward = model.model.forward
    monkeypatch.setattr(
        model.model, "forward", lambda **given: (seen.append(given["input_ids"].shape), forward(**given))[1]
    )
    shared_prompts.of_candidates(model, [QUESTIONS[0]])
    assert (1, 20 + 2 + 4 + 0 + 3) in seen and (4, 25) not in seen


def test_a_question_is_folded_at_the_places_that_its_candidates_have() -> None:
    row = shared_prompts.fold(question(1, 3, 2, 3))
    assert row is not None
    assert (row.places, row.parts) == ([0, 1, 2, 3, 3, 4], [0, 0, 0, 1, 2, 2])
    assert [(number, before) for number, before, _ in row.wanted] == [(0, 2), (0, 3), (1, 2), (1, 4), (1, 5)]
    assert shared_prompts.fold(QUESTIONS[1]) is None and shared_prompts.fold(QUESTIONS[4]) is None


def test_a_window_that_is_shorter_than_a_row_is_not_looked_beyond() -> None:
    """Gemma2's layers see 16 tokens back: folded rows would see all of the prompt."""
    model = small("Gemma2", head_dim=16, sliding_window=16, attn_implementation="eager")
    questions = [question(1, 40, 3, 5), question(2, 6, 3, 5)]
    assert_same(shared_prompts.of_candidates(model, questions), alone(model, questions))


def test_a_family_that_passes_states_on_is_asked_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not look at the mask, as a recurrent one does: each candidate would see those before it."""
    model = small()
    forward = model.model.forward

    def blind(**given: Any) -> Any:
        mask = given.get("attention_mask")
        return forward(**given | {"attention_mask": None if mask is not None and mask.dim() == 4 else mask})

    monkeypatch.setattr(model.model, "forward", blind)
    assert not shared_prompts.can_share(model)
    assert_same(shared_prompts.of_candidates(model, QUESTIONS), alone(model, QUESTIONS))


def test_half_precision_agrees_as_far_as_it_can() -> None:
    model = small().bfloat16()
    assert shared_prompts.can_share(model)
    found = shared_prompts.of_candidates(model, QUESTIONS[:1])
    rows = inference.negative_log_likelihoods(model, QUESTIONS[0])
    assert found[0] == pytest.approx(rows, rel=0.03)
