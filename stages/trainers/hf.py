"""Transformers + PEFT: any causal LM on any machine, from the tiny Qwen2 on a laptop to 4-bit on a GPU."""

from typing import Any

from stages.trainers import Job


def load(job: Job) -> Any:
    """The base with one trainable adapter: the parent's weights, or a new one after the seed was set."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig, set_seed

    # TRL does not seed the adapter's initialisation.
    set_seed(job.seed)
    dtype = getattr(torch, job.profile.compute_dtype)
    quantization = None
    if job.profile.load_in_4bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
    model = AutoModelForCausalLM.from_pretrained(
        job.weights,
        dtype=dtype,
        quantization_config=quantization,
        trust_remote_code=False,
        use_safetensors=True,
    )
    model.config.use_cache = False
    if job.parent:
        continued = PeftModel.from_pretrained(model, job.parent, is_trainable=True)
        # The parent's config names the base by its hash; saving would look for a model of that name, on the hub too.
        continued.peft_config["default"].base_model_name_or_path = job.weights
        return continued
    lora = LoraConfig(
        r=job.lora.r,
        lora_alpha=job.lora.alpha,
        lora_dropout=job.lora.dropout,
        target_modules=list(job.lora.targets),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, lora)


def settings(job: Job) -> dict[str, Any]:
    """Nothing beyond the profile; recomputing activations pays only where memory is short."""
    return {"gradient_checkpointing": job.profile.load_in_4bit}
