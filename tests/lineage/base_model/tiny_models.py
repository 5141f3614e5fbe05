"""Model folders as families publish them, of random weights and a vocabulary of a few hundred tokens.

A folder has what a hub model has: config, generation_config, tokenizer with the family's class, special tokens and own
chat template, safetensors.
"""

import json
from pathlib import Path
from typing import Any

TEXTS = [
    "### 질문: 3월 매출은? ### 답변: 1,234억 원 user assistant system",
    *(f"{n}번 상품은? {n}번은 채권입니다. {n} + {n} = ? 답은 {2 * n}" for n in range(60)),
]
# It greets for a company, as Qwen's own template does where no system turn is given.
GREETING = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
TURN = "{%% for message in messages %%}{{- '%s' + message['role'] + '%s' + message['content'] + '%s' }}{%% endfor %%}"
ASK = "{%% if add_generation_prompt %%}{{- '<|im_start|>assistant\\n%s' }}{%% endif %%}"
QWEN_TEMPLATE = (
    "{%- if messages[0]['role'] != 'system' %}{{- '<|im_start|>system\\n"
    + GREETING
    + "<|im_end|>\\n' }}{% endif -%}"
    + TURN % ("<|im_start|>", "\\n", "<|im_end|>\\n")
    + ASK % ""
)
THINKING = QWEN_TEMPLATE.removesuffix(ASK % "") + ASK % "<think>\\n\\n</think>\\n\\n"
LLAMA_TEMPLATE = "{{- bos_token }}" + TURN % ("<|start_header_id|>", "<|end_header_id|>\\n\\n", "<|eot_id|>")
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "intermediate_size": 64,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
}


def byte_level(special: list[str], added: tuple[str, ...] = ()) -> Any:
    """A byte-level BPE over `TEXTS`, as Qwen and Llama 3 have one; `special` come first, `added` last and are not."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    inner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    inner.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(
            vocab_size=420, special_tokens=special, initial_alphabet=alphabet, show_progress=False, min_frequency=1
        ),
    )
    inner.add_tokens([AddedToken(token, special=False, normalized=False) for token in added])
    return inner


def qwen_tokenizer(*, stop: str = "<|im_end|>", template: str = QWEN_TEMPLATE, added: tuple[str, ...] = ()) -> Any:
    """Qwen's: three special tokens. `stop`: what it calls its end; a GGUF's tokenizer says `<|endoftext|>`."""
    from transformers import PreTrainedTokenizerFast

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    made = PreTrainedTokenizerFast(
        tokenizer_object=byte_level(special, added),
        eos_token=stop,
        pad_token="<|endoftext|>",
        additional_special_tokens=special[1:],
    )
    made.chat_template = template
    return made


def llama_tokenizer() -> Any:
    """Llama 3's: a beginning that its post-processor adds, an end, and nothing to pad with."""
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    begin, end = "<|begin_of_text|>", "<|end_of_text|>"
    inner = byte_level([begin, end, "<|reserved_special_token_0|>", "<|start_header_id|>", "<|eot_id|>"])
    inner.post_processor = TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, inner.token_to_id(begin))]
    )
    made = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=begin, eos_token=end)
    made.chat_template = LLAMA_TEMPLATE
    return made


def gemma_tokenizer() -> Any:
    """Gemma's: `▁` for a space, bytes for what it does not know, `<bos>` before every text."""
    from transformers import GemmaTokenizer

    letters = sorted({letter for text in TEXTS for letter in text.replace(" ", "▁")})
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    made = GemmaTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    made.add_bos_token = True
    made.chat_template = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}"
    return made


def tokenizer_of(family: str) -> Any:
    """The tokenizer of a family."""
    if family == "Llama":
        return llama_tokenizer()
    if family == "Gemma2":
        return gemma_tokenizer()
    return qwen_tokenizer(template=THINKING, added=("<think>", "</think>")) if family == "Qwen3" else qwen_tokenizer()


def publish(folder: Path, family: str, tokenizer: Any = None, seed: int = 3, **changes: Any) -> Path:
    """Write a model of the family into `folder`, with the same weights for the same seed.

    Args:
        folder: made if it is not there.
        family: Qwen2, Llama, Gemma2 or Qwen3.
        tokenizer: None: the family's own.
        seed: of the weights.
        changes: fields of the config.
    """
    import torch
    import transformers

    tokenizer = tokenizer or tokenizer_of(family)
    caps = {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 5.0} if family == "Gemma2" else {}
    settings: dict[str, Any] = {
        **SIZES,
        **caps,
        "vocab_size": len(tokenizer),
        "tie_word_embeddings": family != "Llama",
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    torch.manual_seed(seed)
    config = getattr(transformers, f"{family}Config")(**settings | changes)
    model = getattr(transformers, f"{family}ForCausalLM")(config)
    model.generation_config.repetition_penalty = 1.1
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def edit(file: Path, **fields: Any) -> None:
    """Set fields of a JSON file; None takes one out."""
    whole = json.loads(file.read_text(encoding="utf-8")) | fields
    file.write_text(json.dumps({name: value for name, value in whole.items() if value is not None}), encoding="utf-8")
