"""Runs llama.cpp's converters, in a process of its own: they are scripts, which end the process and change its modules.

    python -m lineage.exporting.convert_process '{"converter": "…/llama.cpp", "split": "qwen2", "runs": [["…", …]]}'

converter: the folder of the scripts. split: how the tokenizer splits a text before it looks for its tokens, where the
scripts cannot know it: they know published tokenizers by a hash of what they say. runs: a script's name and its
arguments, each.
"""

import json
import runpy
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run each script as a command line would."""
    job = json.loads(sys.argv[1])
    converter = Path(job["converter"])
    sys.path[:0] = [str(converter), str(converter / "gguf-py")]
    if job["split"]:
        model = import_module("conversion.base").TextModel
        model.get_vocab_base_pre = lambda self, tokenizer: job["split"]
    for script, *words in job["runs"]:
        sys.argv = [script, *words]
        runpy.run_path(str(converter / script), run_name="__main__")


if __name__ == "__main__":
    main()
