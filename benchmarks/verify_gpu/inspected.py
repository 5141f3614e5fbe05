"""Questions that are answered in a fresh process, as one line of JSON.

python -m benchmarks.verify_gpu.inspected continued v2     # what the trainer loads is the parent's file
python -m benchmarks.verify_gpu.inspected accepted v2      # stock transformers and PEFT take the adapter
python -m benchmarks.verify_gpu.inspected heard v2         # `lineage serve` says over HTTP what PEFT says
python -m benchmarks.verify_gpu.inspected served v2        # vLLM takes it, and says what PEFT says
"""

import json
import sys
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.loading import weights_of
from lineage.config.load import load_curriculum
from lineage.core.stage import prepare_environment

PROMPT = "<|im_start|>user\n다음 분기의 전망은?<|im_end|>\n<|im_start|>assistant\n"


def continued(version: str) -> dict[str, Any]:
    """The adapter that the trainer loads for `version`, against the file of its parent, tensor by tensor."""
    c = load_curriculum()
    if c.active.trainer == "unsloth":
        from lineage.training.backends import unsloth as trainer

        trainer.import_first()
    else:
        from lineage.training.backends import hf as trainer  # type: ignore[no-redef]
    import torch
    from peft import get_peft_model_state_dict
    from safetensors.torch import load_file

    from lineage.training.plan import planned

    job = planned(c, c.version(version)).job
    saved = load_file(Path("models", c.versions[version].parent, "adapter_model.safetensors"))
    loaded = get_peft_model_state_dict(trainer.load(job), save_embedding_layers=False)
    both = saved.keys() & loaded.keys()
    other = [name for name in both if not torch.equal(loaded[name].cpu().to(saved[name].dtype), saved[name])]
    return {
        "tensors": len(saved),
        "missing": len(saved.keys() - loaded.keys()),
        "added": len(loaded.keys() - saved.keys()),
        "different": len(other),
    }


def accepted(version: str) -> dict[str, Any]:
    """A stock load on the 16-bit base: an answer, and how far the adapter moves the base's logits."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, weights = Path("models", version), _weights()
    on_gpu = torch.cuda.is_available()
    device, dtype = ("cuda", torch.bfloat16) if on_gpu else ("cpu", torch.float32)
    base: Any = AutoModelForCausalLM.from_pretrained(weights, dtype=dtype)
    base.to(device)
    model, tokenizer = PeftModel.from_pretrained(base, folder).eval(), AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(PROMPT, return_tensors="pt").input_ids.to(device)
    with torch.no_grad():
        with_adapter = model(ids).logits.float()
        with model.disable_adapter():
            without = model(ids).logits.float()
        answer = model.generate(ids, max_new_tokens=8, do_sample=False, attention_mask=torch.ones_like(ids))
    return {
        "finite": bool(with_adapter.isfinite().all()),
        "largest_change_of_a_logit": round(float((with_adapter - without).abs().max()), 4),
        "new_tokens": int(answer.shape[1] - ids.shape[1]),
    }


def heard(version: str) -> dict[str, Any]:
    """What `lineage serve` says over HTTP, beside PEFT on the same base as the profile loads it."""
    from lineage.evaluation import inference
    from lineage.exporting.logits import BOUNDS, probes
    from lineage.exporting.served_answers import served_answers, served_difference

    c = load_curriculum()
    answers = served_answers(c, version, probes(c, inference.tokenizer_of_base(), read_base().vocab_size))
    model, _ = inference.load(version, c.active)
    found = served_difference(model, answers, BOUNDS[c.active.compute_dtype])
    return {**found.as_json(), "equal": found.equal}


def served(version: str) -> dict[str, Any]:
    """VLLM with the adapter and without it, greedily; and its likeliest tokens beside PEFT's on the same weights."""
    from vllm import LLM, SamplingParams
    from vllm.lora.request import LoRARequest

    from lineage.exporting.logits import BOUNDS
    from lineage.exporting.served_answers import LIKELIEST, ServedAnswer, served_difference

    folder, weights = (
        Path("models", version).resolve(),
        _weights(),
    )
    r = json.loads((folder / "adapter_config.json").read_text())["r"]
    model = LLM(
        model=weights,
        tokenizer=str(folder),
        enable_lora=True,
        max_lora_rank=max(8, r),
        max_model_len=512,
        dtype="bfloat16",
        gpu_memory_utilization=0.6,
    )
    greedy = SamplingParams(temperature=0.0, max_tokens=16, logprobs=LIKELIEST)
    plain = list(model.generate([PROMPT], greedy)[0].outputs[0].token_ids)
    said = model.generate([PROMPT], greedy, lora_request=LoRARequest(version, 1, str(folder)))[0]
    ours = list(said.outputs[0].token_ids)
    told = [{token: one.logprob for token, one in place.items()} for place in said.outputs[0].logprobs]
    del model
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    base: Any = AutoModelForCausalLM.from_pretrained(weights, dtype=torch.bfloat16)
    answer = ServedAnswer(list(said.prompt_token_ids), ours, told)
    found = served_difference(PeftModel.from_pretrained(base, folder).eval(), [answer], BOUNDS["bfloat16"])
    return {"new_tokens": len(ours), "same_as_the_base": plain == ours, **found.as_json(), "equal": found.equal}


def _weights() -> str:
    return weights_of(read_base(), load_curriculum().active.base)


if __name__ == "__main__":
    prepare_environment()
    question, of = sys.argv[1:]
    asked = {"continued": continued, "accepted": accepted, "heard": heard, "served": served}
    print(json.dumps(asked[question](of)))
