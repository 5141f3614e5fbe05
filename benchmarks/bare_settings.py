"""What a bare script is handed: the rows of a version, tokenised and in order, and its settings, as files."""

import json
from pathlib import Path
from typing import Any

from lineage.base_model.loading import BASE_FOLDER


def write_bare(job: Any, rows: int, room: Path) -> None:
    """Write `room/rows` and `room/settings.json`, which `benchmarks/bare.py` reads.

    Args:
        job: of `lineage.training.plan.planned`.
        rows: how many of its sequences are trained on.
        room: a folder.
    """
    import torch

    profile, on_gpu = job.profile, torch.cuda.is_available()
    job.dataset.select(range(rows)).select_columns(["input_ids", "labels"]).save_to_disk(room / "rows")
    settings = {
        "weights": job.weights,
        "tokenizer": BASE_FOLDER.as_posix(),
        "dtype": profile.compute_dtype,
        "four_bit": {"double_quant": profile.double_quant} if profile.load_in_4bit else None,
        "parent": job.parent.as_posix() if job.parent else None,
        "lora": {
            "r": job.lora.r,
            "lora_alpha": job.lora.alpha,
            "lora_dropout": job.lora.dropout,
            "target_modules": list(job.lora.targets),
        },
        "arguments": {
            "max_steps": job.steps,
            "per_device_train_batch_size": profile.batch_size,
            "gradient_accumulation_steps": profile.accumulation,
            "learning_rate": job.learning_rate,
            "lr_scheduler_type": profile.schedule,
            "warmup_steps": round(profile.warmup_ratio * job.steps),
            "weight_decay": profile.weight_decay,
            "optim": profile.optimizer,
            "max_length": profile.max_length,
            "logging_steps": max(1, job.steps // 100),
            "seed": job.seed,
            "gradient_checkpointing": profile.gradient_checkpointing,
            "use_cpu": not on_gpu,
            "bf16": profile.compute_dtype == "bfloat16",
            "fp16": profile.compute_dtype == "float16",
            "dataloader_pin_memory": on_gpu,
        },
    }
    (room / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
