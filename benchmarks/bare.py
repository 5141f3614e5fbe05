"""The same adapter from a bare script, by TRL or by unsloth: what our trainer is measured against, and nothing of ours.

The rows are tokenised, labelled and in order already; base, LoRA, optimizer, batch, steps and seed are those of the
version.
"""

import json
from pathlib import Path
from typing import Any


def train(room: Path, unsloth: bool = False) -> list[float]:
    """Train as `room/settings.json` says on the rows in `room/rows`; the losses that were logged."""
    asked: dict[str, Any] = json.loads((room / "settings.json").read_text(encoding="utf-8"))
    model = _by_unsloth(asked) if unsloth else _by_peft(asked)
    from datasets import load_from_disk
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir=str(room / "checkpoints"),
            save_strategy="no",
            report_to="none",
            packing=False,
            train_sampling_strategy="sequential",
            shuffle_dataset=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            disable_tqdm=True,
            **asked["arguments"],
        ),
        train_dataset=load_from_disk(room / "rows"),
        processing_class=AutoTokenizer.from_pretrained(asked["tokenizer"]),
    )
    trainer.train()
    trainer.save_model(str(room / "adapter"))
    return [float(row["loss"]) for row in trainer.state.log_history if "loss" in row]


def _by_peft(asked: dict[str, Any]) -> Any:
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig, set_seed

    set_seed(asked["arguments"]["seed"])
    quantised: dict[str, Any] = {}
    if four := asked["four_bit"]:
        quantised["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=four["double_quant"],
            bnb_4bit_compute_dtype=asked["dtype"],
        )
    base = AutoModelForCausalLM.from_pretrained(asked["weights"], dtype=asked["dtype"], **quantised)
    if asked["parent"]:
        model = PeftModel.from_pretrained(base, asked["parent"], is_trainable=True)
        model.peft_config["default"].base_model_name_or_path = asked["weights"]  # saving would ask the hub for its name
        return model
    return get_peft_model(base, LoraConfig(**asked["lora"], task_type="CAUSAL_LM"))


def _by_unsloth(asked: dict[str, Any]) -> Any:
    """A first version: unsloth finds the base of a parent by the name in its config, and that is another matter."""
    from unsloth import FastLanguageModel  # before the libraries that it patches

    checkpointing = "unsloth" if asked["arguments"]["gradient_checkpointing"] else False
    model, _ = FastLanguageModel.from_pretrained(
        model_name=asked["weights"],
        max_seq_length=asked["arguments"]["max_length"],
        load_in_4bit=asked["four_bit"] is not None,
        use_exact_model_name=True,
        use_gradient_checkpointing=checkpointing,
    )
    return FastLanguageModel.get_peft_model(
        model,
        **asked["lora"],
        use_gradient_checkpointing=checkpointing,
        random_state=asked["arguments"]["seed"],
    )
