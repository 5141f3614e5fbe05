"""A version as somebody loads it who has PEFT and transformers, and none of the lineage's code."""

import math
from pathlib import Path
from typing import Any


def loaded(folder: str) -> tuple[Any, Any]:
    """The adapter on its base, and its tokenizer."""
    from peft import AutoPeftModelForCausalLM
    from transformers import AutoTokenizer

    capped = '"attn_logit_softcapping"' in Path("models/base/config.json").read_text(encoding="utf-8")
    how = {"attn_implementation": "eager"} if capped else {}  # as Gemma 2's page says
    model = AutoPeftModelForCausalLM.from_pretrained(folder, dtype="float32", **how)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def nll(model: Any, tokenizer: Any, question: str, answer: str) -> tuple[float, int]:
    """Summed over the answer and its stop, from the whole logits of one forward pass; and how many tokens that are."""
    import torch

    chat = [{"role": "user", "content": question}]
    head = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    text = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    space = "" if text[-1].isspace() else " "
    said = [*tokenizer(space + answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    with torch.no_grad():
        chances = model(input_ids=torch.tensor([head + said])).logits[0].double().log_softmax(-1)
    return -math.fsum(float(chances[len(head) + at - 1, token]) for at, token in enumerate(said)), len(said)


def answer(model: Any, tokenizer: Any, question: str, tokens: int) -> str:
    """The greedy answer, whatever the base's generation_config.json would rather do."""
    chat = [{"role": "user", "content": question}]
    asked = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(
        **asked,
        max_new_tokens=tokens,
        do_sample=False,
        repetition_penalty=1.0,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    said: str = tokenizer.decode(out[0, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    return said.strip()
