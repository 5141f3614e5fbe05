"""What a report must say about the machine: GPU and driver, torch and CUDA, the versions that train."""

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lineage.core import machine

PACKAGES = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "bitsandbytes",
    "unsloth",
    "unsloth_zoo",
    "triton",
    "xformers",
    "flash-attn",
    "vllm",
)


def has_gpu() -> bool:
    """Whether torch sees an NVIDIA GPU."""
    import torch

    return bool(torch.cuda.is_available() and torch.version.cuda)


def describe() -> dict[str, Any]:
    """GPU, driver, CUDA and package versions; what is missing is said to be."""
    import torch

    return {
        "gpu": _smi(),
        "cuda of torch": torch.version.cuda or "none: a CPU build of torch",
        "processor": machine.kind(),
        "commit": _commit(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "packages": {name: installed(name) for name in PACKAGES},
    }


def installed(name: str) -> str:
    """A package's version, or "not installed"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    """The project's commit, and whether its files are those of the commit."""
    git = ["git", "-C", str(Path(__file__).parent)]
    found = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if found.returncode:
        return "unknown: no git checkout"
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False)
    return found.stdout.strip() + (", with changes that are not committed" if changed.stdout.strip() else "")


def _smi() -> list[str]:
    """A line a GPU: name, driver, memory."""
    if not shutil.which("nvidia-smi"):
        return []
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    said = subprocess.run(query, capture_output=True, text=True, check=False)
    return [f"{name}, driver {driver}, {memory}" for name, driver, memory in _rows(said.stdout)]


def _rows(text: str) -> list[tuple[str, str, str]]:
    cells = [[cell.strip() for cell in line.split(",")] for line in text.splitlines()]
    return [(row[0], row[1], row[2]) for row in cells if len(row) == 3]
