"""Questions that are answered in a fresh process, as one line of JSON.

python -m benchmarks.verify_gpu.inspected continued v2     # what the trainer loads is the parent's file
python -m benchmarks.verify_gpu.inspected accepted v2      # stock transformers and PEFT take the adapter
python -m benchmarks.verify_gpu.inspected heard v2         # `lineage serve` says over HTTP what PEFT says
python -m benchmarks.verify_gpu.inspected served v2        # the same where vLLM makes the answers
"""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.loading import weights_of
from lineage.config.load import load_curriculum
from lineage.core.stage import prepare_environment
from lineage.serving import vllm_program

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
    """What `lineage serve --engine vllm` says over HTTP, beside PEFT on the same base as the profile loads it."""
    from lineage.evaluation import inference
    from lineage.exporting.logits import BOUNDS, probes
    from lineage.exporting.served_answers import answers_at, served_difference

    c, program = load_curriculum(), vllm_program.installed()
    assert program
    rows = probes(c, inference.tokenizer_of_base(), read_base().vocab_size)
    words = [sys.executable, "-m", "lineage.cli", "serve", version, "--engine", "vllm", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            found = (re.match(r"(http://\S+)/v1  ", line) for line in server.stdout)
            address = next((one[1] for one in found if one), None)
            if address is None:
                raise SystemExit("lineage serve --engine vllm ended before it answered; what it said stands above")
            answers = answers_at(address, c, version, rows)
        finally:
            server.send_signal(signal.SIGINT)
    model, _ = inference.load(version, c.active)  # once vLLM has given its memory back
    compared = served_difference(model, answers, BOUNDS[c.active.compute_dtype])
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return {**compared.as_json(), "equal": compared.equal, "vllm": told.stdout.strip()[-20:]}


def _weights() -> str:
    return weights_of(read_base(), load_curriculum().active.base)


if __name__ == "__main__":
    prepare_environment()
    question, of = sys.argv[1:]
    asked = {"continued": continued, "accepted": accepted, "heard": heard, "served": served}
    print(json.dumps(asked[question](of)))
