"""Runs llama.cpp's converters, in a process of its own: they are scripts, which end the process and change its modules.

    python -m lineage.exporting.convert_process '{"converter": "…/llama.cpp", "split": "qwen2", "runs": [["…", …]]}'

converter: the folder of the scripts. split: how the tokenizer splits a text before it looks for its tokens, or null;
for tokenizers that the scripts do not know: they know published ones by a hash of what they say. runs: a script's name
and its arguments, each.
"""

import json
import runpy
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Run each script as a command line would."""
    job = json.loads(sys.argv[1])
    converter = Path(job["converter"])
    sys.path[:0] = [str(converter), str(converter / "gguf-py")]
    if job["split"]:
        _teach(import_module("conversion.base").TextModel, job["split"])
    for script, *words in job["runs"]:
        sys.argv = [script, *words]
        runpy.run_path(str(converter / script), run_name="__main__")


def _teach(model: Any, split: str) -> None:
    known = model.get_vocab_base_pre

    def known_or_said(self: Any, tokenizer: Any) -> str:
        try:
            return str(known(self, tokenizer))
        except NotImplementedError:
            return split

    model.get_vocab_base_pre = known_or_said


if __name__ == "__main__":
    main()
