"""The base model: `python -m stages.base` → `models/base`.

Three origins, one folder (`profiles.<profile>.base` in `params.yaml`):

- `build`: a byte-level BPE tokenizer with Qwen2's special tokens and a tiny `Qwen2ForCausalLM`, pretrained for about
  a minute on `stages/corpus.py`;
- `path`: a causal LM on disk; its tokenizer is copied, its weights stay where they are, named and hashed;
- `repo` + `revision`: a pinned hub model; names, hashes and tokenizer here, the weights in the hub's cache.

`base.json` says which, for everything downstream. Its `identity` is a hash of weights, tokenizer and stop token.
"""

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

from lineage.curriculum import Build, Curriculum, load_curriculum
from lineage.errors import LineageError
from lineage.files import appearing, sha256, write_json
from lineage.stage import run_stage
from stages import chat, corpus
from stages.weights import BASE_FOLDER, hub_folder


def main() -> None:
    """Make or check the base of the active profile."""
    c = load_curriculum()
    spec = c.active.base
    with appearing(BASE_FOLDER) as (out,):
        if spec.build:
            record = build(spec.build, c, out)
        elif spec.path:
            record = point_at(Path(spec.path), {"path": Path(spec.path).name}, c.chain.template, out)
        else:
            record = point_at(
                hub_folder(str(spec.repo), str(spec.revision)),
                {"repo": spec.repo, "revision": spec.revision},
                c.chain.template,
                out,
            )
        write_json(out / "base.json", record)
    print(f"base: {record['parameters'] / 1e6:.2f} M parameters, vocabulary {record['vocab_size']:,}")


def build(spec: Build, c: Curriculum, out: Path) -> dict[str, Any]:
    """Train the tokenizer and the tiny model into `out`; return what `base.json` records."""
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
    return {
        "origin": {"build": spec.model_dump()},
        "weights": BASE_FOLDER.as_posix(),
        "identity": _identity(out, tokenizer),
        "template": _template(c.chain.template),
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocab_size": len(tokenizer),
    }


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
        special_tokens=[chat.PAD, chat.START, chat.STOP],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Without the special tokens the roles are words like others, and become tokens of their own.
    texts = (re.sub(r"<\|\w+\|>", "\n", _text(row, chat.template(template))) for row in corpus.rows(20_000, seed))
    inner.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=chat.STOP, pad_token=chat.PAD)
    tokenizer.add_special_tokens({"additional_special_tokens": [chat.START]})
    chat.equip(tokenizer, template, "models/base")
    return tokenizer


def pretrain(model: Any, tokenizer: Any, spec: Build, seed: int) -> None:
    """A plain AdamW loop with warm-up and cosine: passages are supervised whole, of a question only its answer."""
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
        labels = torch.tensor([row.labels + [chat.IGNORED] * (width - len(row.ids)) for row in rows])
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


def _batches(tokenizer: Any, spec: Build, seed: int) -> Iterator[list[chat.Tokens]]:
    """Rows of about the same length together, so that little is padding; the batches in random order."""
    rng, window = random.Random(seed), 16 * spec.batch_size
    stream = corpus.rows(spec.steps * spec.batch_size + window, seed + 1)
    while True:
        rows = [_tokens(tokenizer, row) for row in islice(stream, window)]
        rows.sort(key=lambda row: len(row.ids))
        batches = [rows[i : i + spec.batch_size] for i in range(0, len(rows), spec.batch_size)]
        rng.shuffle(batches)
        yield from batches


def _tokens(tokenizer: Any, row: str | corpus.Turns) -> chat.Tokens:
    if isinstance(row, str):
        ids = tokenizer(row)["input_ids"]
        return chat.Tokens(ids, ids)
    return chat.tokenize(tokenizer, list(row[:-1]), row[-1]["content"])


def _text(row: str | corpus.Turns, template: str) -> str:
    return row if isinstance(row, str) else chat.render(template, list(row))


def point_at(folder: Path, origin: dict[str, Any], template: str, out: Path) -> dict[str, Any]:
    """Check a causal LM on disk and copy its configuration and tokenizer into `out`.

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
    chat.equip(tokenizer, template, folder.as_posix())
    tokenizer.save_pretrained(out)
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    return {
        "origin": origin,
        "weights": folder.as_posix() if "path" in origin else origin["repo"],
        "files": {file.name: sha256(file) for file in weights},
        "identity": _identity(folder, tokenizer),
        "template": _template(template),
        "parameters": sum(_elements(file) for file in weights),
        "vocab_size": config.vocab_size,
    }


def _template(name: str) -> dict[str, str]:
    return {"name": name, "sha256": chat.template_hash(chat.template(name))}


def _identity(folder: Path, tokenizer: Any) -> str:
    """Weights, shape and tokenizer, and the stop token, which stands in none of these files."""
    files = sorted([*folder.glob("*.safetensors"), folder / "config.json", folder / "tokenizer.json"])
    lines = [*(f"{f.name} {sha256(f)}" for f in files), f"stop {tokenizer.eos_token}"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _elements(file: Path) -> int:
    from safetensors import safe_open

    with safe_open(file, framework="np") as tensors:
        return sum(prod(tensors.get_slice(key).get_shape()) for key in tensors.keys())  # noqa: SIM118


if __name__ == "__main__":
    run_stage(main)
