"""A model that is asked instead of trained: likelihoods of given answers, and greedy answers of its own."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from lineage.curriculum import BASE, Profile
from lineage.errors import LineageError
from stages import chat
from stages.weights import BASE_FOLDER, weights_of

LOGITS_AT_ONCE = 16_000_000  # 64 MB of float32: tokens per batch shrink as the vocabulary grows


def built(version: str) -> Path:
    """The folder of the base or a version.

    Raises:
        LineageError: if it was not built, with the command that builds it.
    """
    folder = Path("models", version)
    if version == BASE and not (folder / "base.json").is_file():
        raise LineageError(f"{folder} is not there; build it with: dvc repro base")
    if version != BASE and not (folder / "lineage.json").is_file():
        raise LineageError(
            f"{folder} is not there; build it with: dvc repro train@{version} (or bring it back: dvc checkout {folder})"
        )
    return folder


def load(version: str, profile: Profile) -> tuple[Any, Any]:
    """The base, or a version's adapter on it, and the tokenizer, for asking."""
    folder = built(version)
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    dtype = getattr(torch, profile.compute_dtype)
    quantization = None
    if profile.load_in_4bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    base = json.loads((BASE_FOLDER / "base.json").read_text(encoding="utf-8"))
    model: Any = AutoModelForCausalLM.from_pretrained(
        weights_of(base),
        dtype=dtype,
        quantization_config=quantization,
        trust_remote_code=False,
        use_safetensors=True,
    )
    if version != BASE:
        model = PeftModel.from_pretrained(model, folder)
    return model.eval(), AutoTokenizer.from_pretrained(BASE_FOLDER)


def negative_log_likelihoods(model: Any, rows: Sequence[chat.Tokens]) -> list[float]:
    """The summed NLL, in nats, of each row's supervised tokens."""
    import torch

    sums = [0.0] * len(rows)
    order = sorted(range(len(rows)), key=lambda i: (len(rows[i].ids), i))
    for batch in _batches(order, [len(row.ids) for row in rows], LOGITS_AT_ONCE // model.config.vocab_size):
        width = max(len(rows[i].ids) for i in batch)
        ids = torch.tensor([rows[i].ids + [0] * (width - len(rows[i].ids)) for i in batch], device=model.device)
        mask = torch.tensor(
            [[1] * len(rows[i].ids) + [0] * (width - len(rows[i].ids)) for i in batch], device=model.device
        )
        labels = torch.tensor(
            [rows[i].labels + [chat.IGNORED] * (width - len(rows[i].ids)) for i in batch], device=model.device
        )
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1].float()
        losses = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), labels[:, 1:], ignore_index=chat.IGNORED, reduction="none"
        )
        for i, loss in zip(batch, losses.double().sum(1).tolist(), strict=True):
            sums[i] = loss
    return sums


def answers(model: Any, tokenizer: Any, prompts: Sequence[list[dict[str, str]]], max_new_tokens: int) -> list[str]:
    """The model's greedy answers to prompts, given as turns."""
    import torch

    stop, pad = (tokenizer.convert_tokens_to_ids(token) for token in (chat.STOP, chat.PAD))
    asked = [tokenizer(chat.render(turns, ask=True), add_special_tokens=False)["input_ids"] for turns in prompts]
    texts = [""] * len(prompts)
    order = sorted(range(len(asked)), key=lambda i: (len(asked[i]), i))
    for batch in _batches(order, [len(ids) + max_new_tokens for ids in asked], 32_000):
        width = max(len(asked[i]) for i in batch)
        ids = torch.tensor([[pad] * (width - len(asked[i])) + asked[i] for i in batch], device=model.device)
        mask = torch.tensor([[0] * (width - len(asked[i])) + [1] * len(asked[i]) for i in batch], device=model.device)
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max_new_tokens,
                do_sample=False,
                eos_token_id=stop,
                pad_token_id=pad,
            )
        for i, text in zip(batch, tokenizer.batch_decode(out[:, width:], skip_special_tokens=True), strict=True):
            texts[i] = text.strip()
    return texts


def _batches(order: Sequence[int], lengths: Sequence[int], tokens: int) -> Iterable[list[int]]:
    """Consecutive rows whose padded size stays within a number of tokens; a longer row stands alone."""
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * max(lengths[i], *(lengths[j] for j in batch)) > tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
