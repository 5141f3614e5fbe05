"""Makes `models/base`: a tiny Qwen2 pretrained here, or a checked pointer to a model that lies elsewhere."""

import json
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
from lineage.base_model import chat_template, shaping_files, shipped_templates, tiny_corpus
from lineage.config.schema import Build, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError

EMBEDDINGS = ("embed_tokens", "wte", "word_embeddings", "embed_in")  # what families call the input embedding

QWEN2 = (shipped_templates.PAD, shipped_templates.START, shipped_templates.STOP)  # its special tokens, in its order

SHOWN_STEPS = 100  # between two lines of progress


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
        tie_word_embeddings=spec.tied,
        initializer_range=0.1,  # 0.02 is for wide models: here logits would stay too flat for an adapter to sharpen
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    # Words that the corpus uses alike must stay apart: adapters cannot change embeddings, and an adapter learns sums
    # only if digits differ.
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.3)
    if not spec.tied:  # it begins as the embedding, which a few hundred steps do not find anew
        model.lm_head.weight.data.copy_(model.model.embed_tokens.weight.data)
    pretrain(model, tokenizer, spec, c.seed)
    model.save_pretrained(out)
    tokenizer.backend_tokenizer.no_truncation()  # pretraining's, which would be saved with it
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(out)
    return _manifest(BaseOrigin(build=spec.model_dump()), shaping_files.hashes(out), tokenizer, c.chain.template, out)


def train_tokenizer(vocab_size: int, seed: int, template: str) -> Any:
    """A byte-level BPE tokenizer (Qwen2's scheme) with its special tokens, the template and the tokens it needs."""
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
        special_tokens=list(dict.fromkeys((*QWEN2, *shipped_templates.TOKENS.get(template, ())))),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Without the special tokens the roles are words like others, and become tokens of their own.
    texts = (
        re.sub(r"<\|\w+\|>", "\n", _text(row, shipped_templates.template(template)))
        for row in tiny_corpus.rows(20_000, seed)
    )
    inner.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=shipped_templates.STOP, pad_token=shipped_templates.PAD
    )
    tokenizer.add_special_tokens({"additional_special_tokens": [shipped_templates.START]})
    shipped_templates.equip(tokenizer, template, paths.BASE_MODEL.as_posix())
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
    losses: list[float] = []
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
        losses.append(loss.item())
        if step % SHOWN_STEPS == 0 or step == spec.steps:
            # Of one step it would jump up and down: a batch is all long passages, or all short answers.
            mean = sum(losses) / len(losses)
            print(f"base: step {step}/{spec.steps}, mean loss of the last {len(losses)} steps {mean:.3f}")
            losses.clear()
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


def point_at(folder: Path, origin: BaseOrigin | None, template: str, out: Path) -> BaseManifest:
    """Check a causal LM on disk, copy its configuration and tokenizer into `out`, and return the manifest of the base.

    Args:
        folder: where its files lie.
        origin: its repository and commit; None: it is known by what lies in the folder, wherever that is.
        template: a file of `lineage/base_model/templates`, without its ending.
        out: the folder of the base.

    Raises:
        LineageError: if the folder lacks a config, a tokenizer or safetensors weights, or its tokenizer has ids that
            its embedding has no row for.
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
    files = shaping_files.hashes(folder)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    shipped_templates.equip(tokenizer, template, folder.name)
    _every_id_has_a_row(tokenizer, weights, folder)
    tokenizer.name_or_path = ""  # else the folder would be noted in its config
    tokenizer.save_pretrained(out)
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    return _manifest(origin, files, tokenizer, template, folder)


def _manifest(
    origin: BaseOrigin | None, files: dict[str, str], tokenizer: Any, template: str, folder: Path
) -> BaseManifest:
    """What the base in `folder` is.

    Args:
        origin: where it comes from; None: it is named by its kind and size.
        files: the hashes of its files.
        tokenizer: its own, with the chain's template.
        template: the template's name.
        folder: where its config and weights lie.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    text, weights = config.get("text_config", config), sorted(folder.glob("*.safetensors"))
    parameters = sum(prod(shape) for shape in _shapes(weights).values())
    kind = (config.get("architectures") or [f"a {config['model_type']}"])[0]
    return BaseManifest(
        origin=origin or BaseOrigin(model=f"{kind} of {parameters:,} parameters"),
        files=files,
        identity=shaping_files.identity(files, tokenizer.eos_token),
        earlier_identity=shaping_files.earlier_identity(files, tokenizer.eos_token),
        template=TemplateName(name=template, sha256=chat_template.template_hash(tokenizer.chat_template)),
        begins=shipped_templates.beginning(tokenizer),
        tied=not any(name.endswith("lm_head.weight") for name in _shapes(weights)),
        parameters=parameters,
        vocab_size=text["vocab_size"],
    )


def _every_id_has_a_row(tokenizer: Any, weights: list[Path], folder: Path) -> None:
    """Refuse a tokenizer whose ids reach beyond the embedding: the first row with such a token would end the training.

    PEFT would even enlarge the embedding by rows that nobody trained, whenever a stranger loads an adapter.
    """
    vocabulary = tokenizer.get_vocab()
    last = max(vocabulary, key=lambda token: vocabulary[token])
    shapes = _shapes(weights)
    rows = next((shape[0] for name, shape in shapes.items() if name.rsplit(".", 2)[-2] in EMBEDDINGS), None)
    if rows is not None and vocabulary[last] >= rows:
        beyond = sum(number >= rows for number in vocabulary.values())
        raise LineageError(
            f"base model {folder}: its tokenizer has the ids 0 to {vocabulary[last]:,}, its embedding {rows:,} rows: "
            f"nothing is known of {beyond:,} tokens, such as {last!r}. Tokenizer and weights are of two models, or "
            f"tokens were added and never trained; take both from one model"
        )


def _shapes(weights: list[Path]) -> dict[str, tuple[int, ...]]:
    """Tensor → shape, from the headers."""
    from safetensors import safe_open

    found = dict[str, tuple[int, ...]]()
    for file in weights:
        with safe_open(file, framework="np") as tensors:
            found |= {key: tuple(tensors.get_slice(key).get_shape()) for key in tensors.keys()}  # noqa: SIM118
    return found
