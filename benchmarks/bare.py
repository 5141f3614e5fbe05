"""The same adapter from a bare TRL script: what our trainer is measured against, and nothing of ours in it.

The rows are tokenised, labelled and in order already; base, LoRA, optimizer, batch, steps and seed are those of the
version.
"""

import json
from pathlib import Path
from typing import Any


def train(room: Path) -> float:
    """Train as `room/settings.json` says on the rows in `room/rows`; the last loss that was logged."""
    from datasets import load_from_disk
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
    from trl import SFTConfig, SFTTrainer

    asked: dict[str, Any] = json.loads((room / "settings.json").read_text(encoding="utf-8"))
    set_seed(asked["arguments"]["seed"])
    base = AutoModelForCausalLM.from_pretrained(asked["weights"], dtype=asked["dtype"])
    if asked["parent"]:
        model = PeftModel.from_pretrained(base, asked["parent"], is_trainable=True)
        model.peft_config["default"].base_model_name_or_path = asked["weights"]  # saving would ask the hub for its name
    else:
        model = get_peft_model(base, LoraConfig(**asked["lora"], task_type="CAUSAL_LM"))
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(room / "checkpoints"),
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            packing=False,
            train_sampling_strategy="sequential",
            shuffle_dataset=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            disable_tqdm=True,
            dataloader_pin_memory=False,
            **asked["arguments"],
        ),
        train_dataset=load_from_disk(room / "rows"),
        processing_class=AutoTokenizer.from_pretrained(asked["tokenizer"]),
    )
    trainer.train()
    trainer.save_model(str(room / "adapter"))
    return float([row["loss"] for row in trainer.state.log_history if "loss" in row][-1])
