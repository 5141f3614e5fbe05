import json
from pathlib import Path

import pytest

from lineage.adapters.rank_growth import padded
from lineage.config.schema import Lora
from lineage.core.errors import LineageError
from lineage.core.files import sha256

TARGETS = ("q_proj", "v_proj", "down_proj")
SHAPES = {"plain": {}, "rslora": {"rslora": True}, "dora": {"dora": True}, "both": {"rslora": True, "dora": True}}


def tiny_base():
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "vocab_size": 64}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "tie_word_embeddings": False}
    return Qwen2ForCausalLM(Qwen2Config(**sizes, **heads)).eval()


def trained(folder: Path, lora: Lora, targets=TARGETS) -> Path:
    """An adapter with values in every tensor, as PEFT saves it."""
    import torch
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        target_modules=list(targets),
        use_rslora=lora.rslora,
        use_dora=lora.dora,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(tiny_base(), config)
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_" in name and "magnitude" not in name:
            parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator)
        elif "magnitude" in name:
            parameter.data *= 1.1
    model.save_pretrained(folder, save_embedding_layers=False)
    return folder


def loaded(folder: Path, trainable: bool = False):
    from peft import PeftModel

    return PeftModel.from_pretrained(tiny_base(), folder, is_trainable=trainable)


def logits(model):
    import torch

    with torch.no_grad():
        return model(torch.arange(24).reshape(2, 12)).logits


@pytest.mark.parametrize("kind", SHAPES)
def test_the_function_is_unchanged(kind: str, tmp_path: Path) -> None:
    import torch

    small = Lora(r=4, alpha=6, dropout=0.0, targets=TARGETS, **SHAPES[kind])
    parent = trained(tmp_path / "parent", small)
    folder = padded(parent, small.with_rank(10), 7, tmp_path / "padded")
    before, after = loaded(parent), loaded(folder)
    assert after.peft_config["default"].r == 10
    assert not torch.allclose(logits(before), logits(tiny_base()), atol=1e-2), "the adapter does something"
    assert torch.allclose(logits(before), logits(after), atol=1e-6)


def test_the_new_rank_is_trained(tmp_path: Path) -> None:
    import torch

    small = Lora(r=4, alpha=8, dropout=0.0, targets=TARGETS)
    folder = padded(trained(tmp_path / "parent", small), small.with_rank(6), 7, tmp_path / "padded")
    model = loaded(folder, trainable=True)
    parameters = {n: p for n, p in model.named_parameters() if p.requires_grad}
    new = {n: (p[4:] if "lora_A" in n else p[:, 4:]).clone() for n, p in parameters.items()}
    assert all(t.any() if "lora_A" in n else not t.any() for n, t in new.items())
    optimizer = torch.optim.SGD(parameters.values(), lr=0.5)
    ids = torch.arange(24).reshape(2, 12)
    for _ in range(2):  # the columns of B move first, then the rows of A
        model(ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    for name, p in parameters.items():
        now = p[4:] if "lora_A" in name else p[:, 4:]
        assert not torch.equal(now, new[name]), name


def test_the_bytes_follow_from_parent_rank_and_seed(tmp_path: Path) -> None:
    small = Lora(r=4, alpha=8, dropout=0.0, targets=TARGETS)
    parent = trained(tmp_path / "parent", small)
    first, again = (padded(parent, small.with_rank(8), 7, tmp_path / name) for name in ("first", "again"))
    other = padded(parent, small.with_rank(8), 8, tmp_path / "other")
    assert sha256(first) == sha256(again)
    assert sha256(first / "adapter_model.safetensors") != sha256(other / "adapter_model.safetensors")
    assert json.loads((first / "adapter_config.json").read_text())["lora_alpha"] == 16


def test_embedding_and_head_grow_too(tmp_path: Path) -> None:
    import torch

    small = Lora(r=4, alpha=8, dropout=0.0, targets=("embed_tokens", "lm_head"))
    parent = trained(tmp_path / "parent", small, small.targets)
    folder = padded(parent, small.with_rank(9), 7, tmp_path / "padded")
    assert torch.allclose(logits(loaded(parent)), logits(loaded(folder)), atol=1e-6)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Lora(r=2, alpha=4, dropout=0.0, targets=TARGETS), "r only grows: set train.r to 4"),
        (Lora(r=8, alpha=8, dropout=0.0, targets=TARGETS), r"its scaling is 2 .* 1 is asked for"),
        (Lora(r=8, alpha=16, dropout=0.0, targets=TARGETS, rslora=True), "rslora True"),
    ],
    ids=["smaller", "another scaling", "another kind of scaling"],
)
def test_any_other_change_is_refused(wanted: Lora, why: str, tmp_path: Path) -> None:
    parent = trained(tmp_path / "parent", Lora(r=4, alpha=8, dropout=0.0, targets=TARGETS))
    with pytest.raises(LineageError, match=why):
        padded(parent, wanted, 7, tmp_path / "padded")
    assert not (tmp_path / "padded").exists()
