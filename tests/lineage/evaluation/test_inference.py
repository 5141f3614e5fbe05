import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lineage.base_model import chat_template
from lineage.core.errors import LineageError
from lineage.evaluation import inference
from tests import tiny

VOCABULARY = 151_936  # Qwen2.5's


def small(kind: str = "Qwen2", vocabulary: int = 300, **more: Any) -> Any:
    """A random causal LM of a family; its logits are wide enough apart to tell two ways of scoring them."""
    import torch
    import transformers

    torch.manual_seed(3)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        intermediate_size=64,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        initializer_range=0.3,
        pad_token_id=0,
        **more,
    )
    return getattr(transformers, f"{kind}ForCausalLM")(config).eval()


def adapted(model: Any, *targets: str) -> Any:
    """The model under an adapter that is not zero."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(4)
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=list(targets), task_type="CAUSAL_LM"))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    return model.eval()


def rows(*lengths: tuple[int, int], vocabulary: int = 300) -> list[chat_template.Tokens]:
    """Rows of so many tokens, of which so many at the end are supervised."""
    made = []
    for n, (length, supervised) in enumerate(lengths):
        ids = [(7 + 13 * n + 31 * place) % vocabulary for place in range(length)]
        made.append(
            chat_template.Tokens(ids, [chat_template.IGNORED] * (length - supervised) + ids[length - supervised :])
        )
    return made


def plain(model: Any, row: chat_template.Tokens) -> float:
    """A row's NLL from the whole logits of the model's own forward pass, one row at a time."""
    import torch

    with torch.no_grad():
        logits = model(input_ids=torch.tensor([row.ids])).logits[0].double()
    chances = logits.log_softmax(-1)
    return -math.fsum(
        float(chances[p - 1, label]) for p, label in enumerate(row.labels) if p and label != chat_template.IGNORED
    )


@contextmanager
def largest_tensor() -> Iterator[list[int]]:
    """The number of elements of the largest tensor that is computed inside."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    seen = [0]

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            for tensor in out if isinstance(out, tuple | list) else [out]:
                # A view of the weights, their transpose, is not a tensor that was made.
                if isinstance(tensor, torch.Tensor) and not tensor._is_view():
                    seen[0] = max(seen[0], tensor.numel())
            return out

    with Watch():
        yield seen


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Qwen2", {}),
        ("Llama", {}),
        ("Gemma2", {"final_logit_softcapping": 5.0, "head_dim": 16}),
        ("Cohere", {"logit_scale": 0.25}),
        ("Granite", {"logits_scaling": 4.0}),
    ],
)
def test_the_nll_is_that_of_whole_logits(kind: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = rows((9, 3), (40, 40), (12, 1), (25, 20), (12, 11))
    model = small(kind, **more)
    expected = [plain(model, row) for row in asked]
    assert inference.negative_log_likelihoods(model, asked) == pytest.approx(expected, rel=1e-5)
    monkeypatch.setattr(inference, "TOKENS_AT_ONCE", 60)
    monkeypatch.setattr(inference, "LOGITS_AT_ONCE", 7 * 300)
    assert inference.negative_log_likelihoods(model, asked) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("targets", [("q_proj", "down_proj"), ("v_proj", "lm_head")])
def test_an_adapter_counts_wherever_it_lies(targets: tuple[str, ...]) -> None:
    asked = rows((9, 3), (14, 6))
    bare = inference.negative_log_likelihoods(small(), asked)
    model = adapted(small(), *targets)
    found = inference.negative_log_likelihoods(model, asked)
    assert found == pytest.approx([plain(model, row) for row in asked], rel=1e-5)
    assert abs(found[0] - bare[0]) > 0.1


def test_a_family_whose_logits_are_not_understood_is_refused() -> None:
    model = small()
    forward = model.forward

    def own_way(*args: Any, **kwargs: Any) -> Any:
        out = forward(*args, **kwargs)
        out.logits = out.logits * 0.5
        return out

    model.forward = own_way
    with pytest.raises(LineageError, match="Qwen2ForCausalLM changes its logits after the head"):
        inference.negative_log_likelihoods(model, rows((9, 3)))


def test_a_large_vocabulary_meets_only_the_supervised_tokens() -> None:
    model = small(vocabulary=VOCABULARY)
    asked = rows(*[(200, 12)] * 6, (300, 300), vocabulary=VOCABULARY)
    inference.negative_log_likelihoods(model, rows((4, 2)))
    with largest_tensor() as seen:
        inference.negative_log_likelihoods(model, asked)
    assert seen[0] <= inference.LOGITS_AT_ONCE  # whole logits of the shorter rows alone would be 182 million
    with largest_tensor() as seen:
        plain(model, asked[0])
    assert seen[0] >= 200 * VOCABULARY  # the watch does see whole logits


def test_an_adapter_that_was_changed_is_not_asked(lineage_copy: Path) -> None:
    file = Path("models/v2/adapter_model.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(LineageError, match=r"models/v2/adapter_model.*it was changed; bring it back: dvc checkout"):
        inference.load("v2", tiny.curriculum().active)
