"""Answers to many questions are those of `generate`, and a row that has ended costs nothing more."""

from collections.abc import Sequence
from typing import Any

import pytest

from lineage.evaluation import greedy_decoding
from lineage.evaluation.greedy_decoding import Questions, answers_of
from tests.lineage.evaluation.test_inference import adapted, small

STOP, PAD = 2, 0
LENGTHS, BUDGETS = (3, 17, 9, 1, 5), (30, 12, 1, 25, 30)


def questions(*, stop: int = STOP, heard: Any = None) -> Questions:
    asked = [[3 + (11 * row + 31 * place * place) % 290 for place in range(n)] for row, n in enumerate(LENGTHS)]
    return Questions(asked, BUDGETS, stop, PAD, heard)


def by_generate(model: Any, some: Questions) -> list[list[int]]:
    return greedy_decoding.by_transformers(model, some)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of each pass through the layers."""
    seen: list[int] = []
    dropping = greedy_decoding._dropping

    def counted(model: Any, some: Questions) -> list[list[int]]:
        causal = greedy_decoding.causal_lm(model)
        forward = causal.forward

        def once(**given: Any) -> Any:
            seen.append(len(given["input_ids"]))
            return forward(**given)

        causal.forward = once
        try:
            return dropping(model, some)
        finally:
            del causal.forward

    monkeypatch.setattr(greedy_decoding, "_dropping", counted)
    return seen


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Qwen2", {}),
        ("Llama", {}),
        (
            "Gemma2",
            {"final_logit_softcapping": 5.0, "head_dim": 16, "sliding_window": 8, "attn_implementation": "eager"},
        ),
    ],
)
def test_answers_are_those_of_generate_and_rows_leave(kind: str, more: dict[str, Any], steps: list[int]) -> None:
    model = adapted(small(kind, **more), "q_proj", "v_proj", "down_proj")
    stop = greedy_decoding._dropping(model, questions(stop=-1))[0][6]  # so that one answer ends early, with its stop
    expected = by_generate(model, questions(stop=stop))
    assert expected[0][-1] == stop and len(expected[0]) <= 7
    answers_of(model, questions())  # the trial
    steps.clear()
    assert answers_of(model, questions(stop=stop)) == expected
    assert steps[0] == 5 and steps == sorted(steps, reverse=True)
    assert sum(steps) == sum(map(len, expected))


@pytest.mark.parametrize("kind", ["Mamba", "GPT2"])
def test_a_family_that_cannot_be_asked_so_is_asked_by_its_own_loop(kind: str) -> None:
    """One keeps states that are not chosen by row, the other counts places in a way of its own."""
    import torch
    import transformers

    torch.manual_seed(3)
    sizes: dict[str, Any] = (
        {"hidden_size": 32, "num_hidden_layers": 2} if kind == "Mamba" else {"n_embd": 32, "n_layer": 2, "n_head": 2}
    )
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=300, pad_token_id=PAD, bos_token_id=1, eos_token_id=STOP, **sizes
    )
    model = getattr(transformers, "MambaForCausalLM" if kind == "Mamba" else "GPT2LMHeadModel")(config).eval()
    assert answers_of(model, questions()) == by_generate(model, questions())


def test_a_model_that_says_something_else_without_its_ended_rows_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = small()
    monkeypatch.setattr(greedy_decoding, "_dropping", lambda _model, some: [[5] * most for most in some.budgets])
    assert answers_of(model, questions()) == by_generate(model, questions())


@pytest.mark.parametrize("drops", [True, False])
def test_who_listens_hears_the_answer_token_by_token(drops: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    monkeypatch.setattr(greedy_decoding, "_can_drop", lambda *_: drops)
    heard: list[int] = []
    one: Sequence[list[int]] = questions().asked[:1]
    (said,) = answers_of(model, Questions(one, BUDGETS[:1], STOP, PAD, heard.append))
    assert heard == said
