"""Transformers + PEFT: any causal LM on any machine, from the tiny Qwen2 on a laptop to 4-bit on a GPU."""

from typing import Any

from lineage.base_model.loading import load_base
from lineage.training.job import Job


def load(job: Job) -> Any:
    """The base with one trainable adapter: the parent's weights, or a new one after the seed was set."""
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import set_seed

    # TRL does not seed the adapter's initialisation.
    set_seed(job.seed)
    model = load_base(job.weights, job.profile)
    model.config.use_cache = False
    if job.parent:
        continued = PeftModel.from_pretrained(model, job.parent, is_trainable=True)
        # The parent's config names the base by a link; saving would look for a model of that name, on the hub too.
        continued.peft_config["default"].base_model_name_or_path = job.weights
        return continued
    lora = LoraConfig(
        r=job.lora.r,
        lora_alpha=job.lora.alpha,  # type: ignore[arg-type]  # PEFT computes with a float as well
        lora_dropout=job.lora.dropout,
        target_modules=list(job.lora.targets),
        use_rslora=job.lora.rslora,
        use_dora=job.lora.dora,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, lora)


def settings(job: Job) -> dict[str, Any]:
    """Nothing: TRL's own are what is asked for."""
    return {}
