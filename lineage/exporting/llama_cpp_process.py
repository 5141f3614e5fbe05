"""What llama.cpp itself says, in a process of its own: a library in C that finds a fault ends the process.

    python -m lineage.exporting.llama_cpp_process job.json

job.json has `model` and `adapter` (or null), `prompts`: tokens, `texts`, `threads` and `out`. Into `out`, a file of
numpy, go the chances of every next token after each prompt (`chances`: prompts × vocabulary, natural logarithms in
float32) and the tokens that llama.cpp makes of each text (`tokens0` and so on).

It is llama.cpp's server, inside this process and on the loopback. Keys and values are kept in float32, and attention is
computed unfused: by itself llama.cpp keeps them in 16 bits.
"""

import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np


def main() -> None:
    """Ask the model that the job names."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    server = _server(job)
    found = {f"tokens{n}": np.array(_tokens(server, text), np.int64) for n, text in enumerate(job["texts"])}
    letter = _tokens(server, "a")[0]
    found["chances"] = np.stack([_chances(server, prompt, job["vocabulary"], letter) for prompt in job["prompts"]])
    with Path(job["out"]).open("wb") as file:
        np.savez(file, **found)  # type: ignore[arg-type]


def _server(job: dict[str, Any]) -> Any:
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = job["model"]
    if job["adapter"]:
        settings.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(job["adapter"], 1.0)]
    room = -(-(max(map(len, job["prompts"])) + 1) // 256) * 256
    settings.n_ctx = settings.n_batch = settings.n_ubatch = room
    settings.n_parallel = 1
    settings.n_gpu_layers = 0
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = job["threads"]
    settings.cache_type_k = settings.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    settings.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    settings.cache_ram_mib, settings.fit_params, settings.warmup, settings.verbosity = 0, False, False, 1
    return xllamacpp.Server(settings)


def _chances(server: Any, prompt: list[int], vocabulary: int, letter: int) -> np.ndarray:
    # The chances are told beside a token that is text: not beside a stop, nor beside a part of a letter's bytes. So one
    # that is text is said whatever the chances are; what is told is the model's own, from before that.
    how = {"n_predict": 1, "temperature": 0, "cache_prompt": False, "logit_bias": [[letter, 1e6]]}
    said = server.handle_completions({"prompt": prompt, "n_probs": vocabulary, **how})
    if not said.get("choices") or not said["choices"][0].get("logprobs"):
        raise SystemExit(f"llama.cpp told no chances: {json.dumps(said)[:400]}")
    chances = np.full(vocabulary, np.nan, np.float32)
    for token in said["choices"][0]["logprobs"]["content"][0]["top_logprobs"]:
        chances[token["id"]] = token["logprob"]
    return chances


def _tokens(server: Any, text: str) -> list[int]:
    asked = json.dumps({"content": text, "add_special": False, "parse_special": True}).encode()
    request = urllib.request.Request(
        f"{server.listening_address}/tokenize", asked, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        tokens: list[int] = json.load(answer)["tokens"]
    return tokens


if __name__ == "__main__":
    main()
