"""Unsloth: the production trainer, Qwen2-7B-Instruct in 4-bit on one GPU (`pip install -e '.[gpu]'`).

Import this module before transformers, TRL and PEFT: unsloth patches them. Not run on a machine without a GPU; what a
CPU can check is that each argument below is one that the installed unsloth knows (`tests/stages/trainers`).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage.errors import LineageError
from lineage.files import write_json
from stages.trainers import Job


def load(job: Job) -> Any:
    """The base with one trainable adapter; given an adapter, unsloth loads its base first."""
    unsloth = _unsloth()
    import torch

    with _naming_its_base(job) as name:
        model, _ = unsloth.FastLanguageModel.from_pretrained(
            model_name=name,
            max_seq_length=job.profile.max_length,
            dtype=getattr(torch, job.profile.compute_dtype),
            load_in_4bit=job.profile.load_in_4bit,
            use_exact_model_name=True,
            trust_remote_code=False,
        )
    if job.parent:
        return model  # `get_peft_model` on a loaded adapter raises, or ignores what it is asked
    return unsloth.FastLanguageModel.get_peft_model(
        model,
        r=job.lora.r,
        lora_alpha=job.lora.alpha,
        lora_dropout=job.lora.dropout,
        target_modules=list(job.lora.targets),
        use_gradient_checkpointing="unsloth",
        random_state=job.seed,
    )


@contextmanager
def _naming_its_base(job: Job) -> Iterator[str]:
    """What unsloth is to load: the base's folder, or a view of the parent's adapter that names this folder.

    Given an adapter, unsloth loads the base that `adapter_config.json` names, from the hub's newest commit. Ours names
    a repository without its commit, or `base:` and a hash, so the view names the pinned weights instead.
    """
    if not job.parent:
        yield job.weights
        return
    with TemporaryDirectory() as folder:
        view, parent = Path(folder), job.parent.resolve()
        for file in sorted(parent.iterdir()):
            (view / file.name).symlink_to(file)
        config = json.loads((parent / "adapter_config.json").read_text(encoding="utf-8"))
        (view / "adapter_config.json").unlink()
        write_json(view / "adapter_config.json", config | {"base_model_name_or_path": job.weights})
        yield folder


def settings(job: Job) -> dict[str, Any]:
    """Unsloth brings its own gradient checkpointing."""
    return {}


def _unsloth() -> Any:
    try:
        import unsloth
    except ImportError as error:
        raise LineageError(
            "the trainer 'unsloth' is not installed; run: pip install -e '.[gpu]', or set trainer: hf in the profile"
        ) from error
    return unsloth
