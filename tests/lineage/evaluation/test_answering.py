from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from lineage.config.measuring import Generation
from lineage.evaluation import answering, inference
from lineage.evaluation.answering import budget, ending
from lineage.evaluation.sampled_decoding import Manner
from tests import tiny
from tests.lineage.evaluation.test_inference import VOCABULARY, adapted, largest_tensor, small

STOP = 2


@pytest.fixture
def tokenizer(lineage_here: Any) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained("models/base")


def questions(count: int) -> list[list[dict[str, str]]]:
    return [[{"role": "user", "content": f"{n} + {n} = ? " * (n + 1)}] for n in range(count)]


def test_a_budget_follows_the_longest_expected_answer() -> None:
    assert budget([3, 130, 7], 512) == 195
    assert budget([3, 7], 512) == answering.FEWEST_TOKENS == budget([], 512)
    assert budget([3, 700], 512) == 512
    assert budget([3], 8) == 8


@pytest.mark.parametrize(
    ("tokens", "how"),
    [
        ([5, 6, 7, STOP], "stopped"),
        ([STOP], "stopped"),
        ([5, 6, 7], "cut"),
        ([], "cut"),
        ([7] * 12, "endless"),
        ([1, 9, 8, 4] + [7] * 12, "endless"),
        ([1, 9] + [4, 5, 6] * 4, "endless"),
        ([1, 9] + [4, 5, 6, 8, 3] * 3 + [4, 5], "endless"),
        ([7] * 11, "cut"),  # a million has zeros, too
        ([4, 5, 6, 8, 3, 1, 9] * 2, "cut"),
        ([7] * 30 + [1], "cut"),
        (list(range(10, 60)), "cut"),
    ],
)
def test_how_an_answer_ended(tokens: list[int], how: str) -> None:
    assert ending(tokens, STOP) == how


def test_an_answer_depends_neither_on_its_batch_nor_on_other_budgets(tokenizer: Any, monkeypatch: Any) -> None:
    model, _ = inference.load("v2", tiny.curriculum().active)
    prompts, budgets = questions(5), [6, 2, 9, 6, 4]
    alone = [
        answering.answers(model, tokenizer, [prompt], [most])[0] for prompt, most in zip(prompts, budgets, strict=True)
    ]
    assert answering.answers(model, tokenizer, prompts, budgets) == alone
    monkeypatch.setattr(answering, "TOKENS_AT_ONCE", 60)
    assert answering.answers(model, tokenizer, prompts, budgets) == alone
    assert all(
        len(tokenizer(one.text, add_special_tokens=False)["input_ids"]) <= most
        for one, most in zip(alone, budgets, strict=True)
    )


@pytest.mark.parametrize("wrap", [lambda model: model, lambda model: adapted(model, "q_proj")])
def test_a_bases_own_settings_have_no_say(tokenizer: Any, wrap: Any) -> None:
    from transformers import GenerationConfig

    vocabulary = len(tokenizer)
    plain = answering.answers(wrap(small(vocabulary=vocabulary)), tokenizer, questions(4), [20] * 4)
    said = Counter(tokenizer(plain[0].text, add_special_tokens=False)["input_ids"])
    model = small(vocabulary=vocabulary)
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=3.0,
        repetition_penalty=1.7,
        no_repeat_ngram_size=1,
        suppress_tokens=list(said),
        min_new_tokens=15,
        max_new_tokens=3,
        max_length=30,
        num_beams=3,
        eos_token_id=[tokenizer.eos_token_id, *said],
    )
    wrapped = wrap(model)
    assert answering.answers(wrapped, tokenizer, questions(4), [20] * 4) == plain
    assert answering.answers(wrapped, tokenizer, questions(4), [20] * 4) == plain


def test_the_stop_of_the_template_ends_an_answer_and_what_follows_is_dropped(tokenizer: Any) -> None:
    class Parrot:
        """Says the same tokens to everybody."""

        config = small().config
        device = "cpu"

        def generate(self, input_ids: Any, **_: Any) -> Any:
            import torch

            words = tokenizer("채권", add_special_tokens=False)["input_ids"]
            end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
            row = [end, *words, tokenizer.eos_token_id, *words]
            return torch.cat([input_ids, torch.tensor([row] * len(input_ids))], dim=1)

    (stopped, cut) = answering.answers(Parrot(), tokenizer, questions(2), [20, 2])
    assert (stopped.text, stopped.ending) == ("채권", "stopped")
    assert cut.ending == "cut"


def test_a_large_vocabulary_does_not_grow_with_the_prompts_of_answers(tokenizer: Any) -> None:
    model = small(vocabulary=VOCABULARY)
    turns = [[{"role": "user", "content": f"{n}번 상품은? " * 10}] for n in range(150)]
    with largest_tensor() as seen:
        said = answering.answers(model, tokenizer, turns, [3] * 150)
    assert len(said) == 150 and seen[0] <= inference.LOGITS_AT_ONCE


def test_what_was_cut_ends_with_a_whole_sentence_and_what_stopped_stays(tokenizer: Any, monkeypatch: Any) -> None:
    tokens = tokenizer("채권이 올랐다. 주식도 올", add_special_tokens=False)["input_ids"]
    ends = [tokens, [*tokens, tokenizer.eos_token_id]]
    monkeypatch.setattr(answering, "made_answers", lambda model, some, manner: ends)
    text = SimpleNamespace(vocab_size=9)
    model = SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: text))
    for trim, first in ((True, "채권이 올랐다."), (False, "채권이 올랐다. 주식도 올")):
        manner = Manner(Generation(temperature=1.0, trim=trim), [1, 2])
        cut, stopped = answering.answers(model, tokenizer, questions(2), [99, 99], manner=manner, within=(2,))
        assert (cut.text, stopped.text) == (first, "채권이 올랐다. 주식도 올")
        assert cut.within == stopped.within == {2: tokenizer.decode(tokens[:2]).strip()}
