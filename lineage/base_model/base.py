"""Makes `models/base`: a tiny Qwen2 pretrained here, or a checked pointer to a model that lies elsewhere."""

import hashlib
import os
import random
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import BaseManifest, BaseOrigin, TemplateName
from lineage.base_model import chat_template, tiny_corpus
from lineage.base_model.loading import BASE_FOLDER
from lineage.config.schema import Build, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256


def build(spec: Build, c: Curriculum, out: Path) -> BaseManifest:
    """Train the tokenizer and the tiny model into `out`; return the manifest of the base."""
    threads = c.active.threads or os.cpu_count() or 1
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM, set_seed

    torch.set_num_threads(threads)
    set_seed(c.seed)
    tokenizer = train_tokenizer(spec.vocab_size, c.seed, c.chain.template)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=spec.hidden_size,
        num_hidden_layers=spec.layers,
        num_attention_heads=spec.heads,
        num_key_value_heads=spec.kv_heads,
        intermediate_size=spec.intermediate_size,
        max_position_embeddings=c.active.max_length * 2,
        tie_word_embeddings=True,
        initializer_range=0.1,  # 0.02 is for wide models: here logits would stay too flat for an adapter to sharpen
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    # Words that the corpus uses alike must stay apart: adapters cannot change embeddings, and an adapter learns sums
    # only if digits differ.
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.3)
    pretrain(model, tokenizer, spec, c.seed)
    model.save_pretrained(out)
    tokenizer.backend_tokenizer.no_truncation()  # pretraining's, which would be saved with it
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(out)
    return BaseManifest(
        origin=BaseOrigin(build=spec.model_dump()),
        weights=BASE_FOLDER.as_posix(),
        identity=_identity(out, tokenizer),
        template=_template(c.chain.template),
        parameters=sum(p.numel() for p in model.parameters()),
        vocab_size=len(tokenizer),
    )


def train_tokenizer(vocab_size: int, seed: int, template: str) -> Any:
    """A byte-level BPE tokenizer (Qwen2's scheme) with its special tokens and the project's template."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.normalizer = normalizers.NFC()
    # Qwen2's own, which transformers puts in place when it loads a Qwen2 model's tokenizer, whatever the file says.
    # Digits one by one: figures of any length are made of the same ten tokens.
    split = Regex(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(split, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[chat_template.PAD, chat_template.START, chat_template.STOP],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Without the special tokens the roles are words like others, and become tokens of their own.
    texts = (
        re.sub(r"<\|\w+\|>", "\n", _text(row, chat_template.template(template)))
        for row in tiny_corpus.rows(20_000, seed)
    )
    inner.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=chat_template.STOP, pad_token=chat_template.PAD
    )
    tokenizer.add_special_tokens({"additional_special_tokens": [chat_template.START]})
    chat_template.equip(tokenizer, template, paths.BASE_MODEL.as_posix())
    return tokenizer


def pretrain(model: Any, tokenizer: Any, spec: Build, seed: int) -> None:
    """A plain AdamW loop with warm-up and cosine: passages are supervised whole, of a question only its answer.

    Args:
        model: a new causal language model; trained in place, left in evaluation mode.
        tokenizer: as `train_tokenizer` makes it.
        spec: steps, rows of a step and the highest learning rate; a twentieth of the steps warm up.
        seed: of the rows and their order.
    """
    import torch
    from transformers import get_cosine_schedule_with_warmup

    optimizer = torch.optim.AdamW(model.parameters(), lr=spec.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = get_cosine_schedule_with_warmup(optimizer, spec.steps // 20, spec.steps)
    batches = _batches(tokenizer, spec, seed)
    model.train()
    for step in range(1, spec.steps + 1):
        rows = next(batches)
        width = max(len(row.ids) for row in rows)
        ids = torch.tensor([row.ids + [0] * (width - len(row.ids)) for row in rows])
        labels = torch.tensor([row.labels + [chat_template.IGNORED] * (width - len(row.ids)) for row in rows])
        # Padding stands on the right, where causal attention never sees it.
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 100 == 0 or step == spec.steps:
            print(f"base: step {step}/{spec.steps}, loss {loss.item():.3f}")
    model.eval()


def _batches(tokenizer: Any, spec: Build, seed: int) -> Iterator[list[chat_template.Tokens]]:
    """Rows of about the same length together, so that little is padding; the batches in random order."""
    rng, window = random.Random(seed), 16 * spec.batch_size
    stream = tiny_corpus.rows(spec.steps * spec.batch_size + window, seed + 1)
    while True:
        rows = [_tokens(tokenizer, row) for row in islice(stream, window)]
        rows.sort(key=lambda row: len(row.ids))
        batches = [rows[i : i + spec.batch_size] for i in range(0, len(rows), spec.batch_size)]
        rng.shuffle(batches)
        yield from batches


def _tokens(tokenizer: Any, row: str | tiny_corpus.Turns) -> chat_template.Tokens:
    if isinstance(row, str):
        ids = tokenizer(row)["input_ids"]
        return chat_template.Tokens(ids, ids)
    return chat_template.tokenize(tokenizer, list(row[:-1]), row[-1]["content"])


def _text(row: str | tiny_corpus.Turns, template: str) -> str:
    return row if isinstance(row, str) else chat_template.render(template, list(row))


def point_at(folder: Path, origin: BaseOrigin, template: str, out: Path) -> BaseManifest:
    """Check a causal LM on disk, copy its configuration and tokenizer into `out`, and return the manifest of the base.

    Args:
        folder: where its files lie.
        origin: how params.yaml names it.
        template: a file of `lineage/base_model/templates`, without its ending.
        out: the folder of the base.

    Raises:
        LineageError: if the folder lacks a config, a tokenizer or safetensors weights.
    """
    weights = sorted(folder.glob("*.safetensors"))
    for what, found in (
        ("config.json", (folder / "config.json").is_file()),
        ("tokenizer.json", (folder / "tokenizer.json").is_file()),
        ("*.safetensors (weights as pickle are refused)", bool(weights)),
    ):
        if not found:
            raise LineageError(
                f"base model {folder}: no {what}; point profiles.<profile>.base.path at a complete model folder"
            )
    from transformers import AutoConfig, AutoTokenizer

    config = AutoConfig.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    chat_template.equip(tokenizer, template, folder.as_posix())
    tokenizer.save_pretrained(out)
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    return BaseManifest(
        origin=origin,
        weights=origin.repo or folder.as_posix(),
        files={file.name: sha256(file) for file in weights},
        identity=_identity(folder, tokenizer),
        template=_template(template),
        parameters=sum(_elements(file) for file in weights),
        vocab_size=config.vocab_size,
    )


def _template(name: str) -> TemplateName:
    return TemplateName(name=name, sha256=chat_template.template_hash(chat_template.template(name)))


def _identity(folder: Path, tokenizer: Any) -> str:
    """Weights, shape and tokenizer, and the stop token, which stands in none of these files."""
    files = sorted([*folder.glob("*.safetensors"), folder / "config.json", folder / "tokenizer.json"])
    lines = [*(f"{f.name} {sha256(f)}" for f in files), f"stop {tokenizer.eos_token}"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _elements(file: Path) -> int:
    from safetensors import safe_open

    with safe_open(file, framework="np") as tensors:
        return sum(prod(tensors.get_slice(key).get_shape()) for key in tensors.keys())  # noqa: SIM118
