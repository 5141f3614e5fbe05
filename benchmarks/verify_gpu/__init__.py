"""Everything about training that only a GPU can show, in one command with a written report: `make verify-gpu`.

    python -m benchmarks.verify_gpu                        # a random Qwen2 of the 0.5B shape, made on the spot
    python -m benchmarks.verify_gpu --base ~/Qwen2-7B-Instruct   # a folder with config, tokenizer and safetensors
    python -m benchmarks.verify_gpu --shape 7b             # random weights again, the production model's size
    python -m benchmarks.verify_gpu --cpu                  # a rehearsal: shows that this script works, not the GPU

It writes `gpu-report.md`, one file to send, and `gpu-report.json` into `.state/gpu`, or where `--out` says; a rehearsal
`cpu-rehearsal.md` and `.json`. They name no path, user, machine or token. Exit code 0: every check that could run has
passed; 1: one failed; 2: there is no NVIDIA GPU, and nothing was verified.

The settings are those of `params.yaml`: the chain, and `profiles.gpu` but for its base and its budget. Rows are random
Korean words, so losses say whether two ways of training agree, and nothing about the quality of a model.
"""
