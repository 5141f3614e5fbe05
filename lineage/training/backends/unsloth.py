"""Unsloth: the production trainer, Qwen2-7B-Instruct in 4-bit on one GPU (`pip install -e '.[gpu]'`).

- It patches transformers, PEFT and TRL, so `import_first` comes before them, in the process that trains.
- What it cannot do, or would do differently without a word, is refused before anything is loaded: `_refuse`.
- Without a GPU, 2026.10.9 and newer train through a backend of their own: stock transformers and PEFT, with another
  optimizer. It shows that this module is right, and nothing about the GPU's kernels: those are for `make verify-gpu`.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.training.job import Job

PATCHED = ("transformers", "peft", "trl")  # what it changes while it is imported
WHOLE_MATRICES = ("lm_head", "embed_tokens")  # it trains these in full, whatever rank is asked for


def import_first() -> Any:
    """Import unsloth, before the libraries that it patches.

    Raises:
        LineageError: it is not installed, it does not run on this machine, or it comes too late.
    """
    if "unsloth" not in sys.modules:
        if importlib.util.find_spec("unsloth") is None:
            raise _not_installed()
        if early := [name for name in PATCHED if name in sys.modules]:
            raise LineageError(
                f"unsloth must be imported before {' and '.join(early)}, which it patches; run this in a process of "
                f"its own: python -m stages.train <version>"
            )
    try:
        import unsloth
    except ModuleNotFoundError as error:
        raise _not_installed() if error.name == "unsloth" else _does_not_run(error) from error
    except Exception as error:  # it refuses a machine, a driver or a neighbour's version with many types
        raise _does_not_run(error) from error
    return unsloth


def load(job: Job) -> Any:
    """The base with one trainable adapter; given an adapter, unsloth loads its base first.

    Raises:
        LineageError: the job asks for what unsloth does not do.
    """
    _refuse(job)
    unsloth = import_first()
    import torch

    checkpointing = "unsloth" if job.profile.gradient_checkpointing else False
    with _naming_its_base(job) as name:
        model, _ = unsloth.FastLanguageModel.from_pretrained(
            model_name=name,
            max_seq_length=job.profile.max_length,
            dtype=getattr(torch, job.profile.compute_dtype),
            load_in_4bit=job.profile.load_in_4bit,
            use_exact_model_name=True,  # otherwise load_in_4bit takes another repository
            use_gradient_checkpointing=checkpointing,
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
        use_rslora=job.lora.rslora,
        use_gradient_checkpointing=checkpointing,
        random_state=job.seed,
        **({"use_dora": True} if job.lora.dora else {}),  # handed on to PEFT's LoraConfig
    )


def settings(job: Job) -> dict[str, Any]:
    """What differs from TRL's own: unsloth's fused loss is used with `nll` only, and pads where it is told to."""
    return {"loss_type": "nll", "padding_free": False} if job.beta is None else {}


def _refuse(job: Job) -> None:
    """What unsloth would change in silence, or cannot do.

    Raises:
        LineageError: naming the field, what would happen and what to set instead.
    """
    profile = job.profile
    refused = {
        f"chain.lora.targets: unsloth trains {' and '.join(WHOLE_MATRICES)} as whole matrices, not as LoRA; "
        "take them out": set(WHOLE_MATRICES) & set(job.lora.targets),
        "double_quant: false: unsloth always quantises the scales of 4-bit weights too; set double_quant: true": (
            profile.load_in_4bit and not profile.double_quant
        ),
        f"packing with batch_size: {profile.batch_size}: unsloth keeps packed rows apart only where a batch is one "
        "sequence; set batch_size: 1 (global_batch_size keeps the rows of a step)": (
            profile.packing and profile.batch_size > 1
        ),
        f"launch.processes: {profile.launch.processes}: unsloth trains on one GPU; set processes: 1": (
            profile.launch.processes > 1
        ),
    }
    if reasons := [reason for reason, holds in refused.items() if holds]:
        raise LineageError(f"{job.version}: {'; '.join(reasons)}; or set trainer: hf")


@contextmanager
def _naming_its_base(job: Job) -> Iterator[str]:
    """What unsloth is to load: the base's folder, or a view of the parent's adapter that names this folder.

    Given an adapter, unsloth loads the base that `adapter_config.json` names, from the hub's newest commit whatever it
    says of a revision; so the view names the folder of the pinned weights instead.
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
        pinned = {"base_model_name_or_path": job.weights, "revision": None}
        write_json(view / "adapter_config.json", config | pinned)
        yield folder


def _not_installed() -> LineageError:
    return LineageError(
        "the trainer 'unsloth' is not installed; run: pip install -e '.[gpu]', or set trainer: hf in the profile"
    )


def _does_not_run(error: Exception) -> LineageError:
    return LineageError(
        f"the trainer 'unsloth' is installed but does not run here ({type(error).__name__}: {error}); "
        f"mend what it names, or set trainer: hf in the profile"
    )
