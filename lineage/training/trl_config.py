"""What both phases tell TRL's trainers, where they resume from, and what their optimizer really keeps."""

from pathlib import Path
from typing import Any

from lineage.base_model.loading import text_config
from lineage.training import checkpoints
from lineage.training.distributed import process_group
from lineage.training.job import Job, Trainer
from lineage.training.settings import passed_on


def arguments(job: Job, trainer_module: Trainer) -> dict[str, Any]:
    """Named arguments of an `SFTConfig` or a `DPOConfig`: all that does not depend on what a row is."""
    import torch

    profile, accelerator = job.profile, torch.cuda.is_available()
    deepspeed = process_group.deepspeed_file(profile)
    others = {
        "output_dir": str(job.checkpoints),
        "train_sampling_strategy": "sequential",
        "save_steps": profile.checkpoint_steps,
        "save_total_limit": 2,
        "logging_steps": 1,  # kept in checkpoints, step by step; a curve's means are taken in averaged_log.py
        "seed": job.seed,
        "data_seed": job.seed,
        "logging_nan_inf_filter": False,  # it would log an average in the place of NaN
        "report_to": "none",
        "disable_tqdm": True,
        "bf16": profile.compute_dtype == "bfloat16",
        "fp16": profile.compute_dtype == "float16",
        "use_cpu": not accelerator and not deepspeed,  # accelerate: a CPU, so no DeepSpeed
        "deepspeed": deepspeed,
        "ddp_find_unused_parameters": False,
        "dataloader_pin_memory": accelerator,
    }
    return passed_on(job) | others | trainer_module.settings(job)


def whole_logits(job: Job) -> bool:
    """Whether logits must be computed whole: TRL's way to spare memory reads the head's bare weights.

    An adapter on the head would be left out, and so would the scaling that some models do there (Granite, Falcon-H1).
    """
    config = text_config(job.weights)
    return "lm_head" in job.lora.targets or "logits_scaling" in config or "lm_head_multiplier" in config


def resume_from(folder: Path) -> str | None:
    """The newest sound checkpoint; the first process looks, and deletes what is broken, the others follow."""
    if process_group.rank() == 0:
        checkpoints.newest_sound(folder)
    process_group.wait()
    found = checkpoints.in_order(folder)
    return str(found[-1]) if found else None


def eight_bit_share(optimizer: Any) -> float:
    """The share of optimizer-state elements kept in 8 bits: bitsandbytes leaves small tensors at 32."""
    import torch

    inner = getattr(optimizer, "optimizer", optimizer)
    states = [
        t for s in inner.state.values() for k, t in s.items() if k in ("state1", "state2", "exp_avg", "exp_avg_sq")
    ]
    total = sum(t.numel() for t in states)
    return round(sum(t.numel() for t in states if t.dtype == torch.uint8) / total, 4) if total else 0.0
