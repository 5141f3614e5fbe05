"""What a stage on a CPU does not need is not imported: DVC starts a process for each, and each would import it again.

- scikit-learn, SciPy and h2 are here for MLflow and Prefect; transformers and httpx import them if they find them.
- bitsandbytes decorates four functions with `torch.compile` as it is imported, which brings in torch's whole compiler.
  They are kernels for GPUs that have no own, and NF4's on a CPU: nothing of a whole-precision CPU run calls them.
- transformers and TRL each read the metadata of every installed package.
- Importing makes half a million objects that stay: looking through them for garbage takes a fifth of the time.

All of it is undone once the imports are; nothing that computes is touched, so an adapter has the same bytes.
"""

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata

from lineage.config.schema import Profile

FOR_OTHERS = ("sklearn", "scipy", "h2")
TRAINING = ("transformers.trainer", "transformers.loss.loss_utils", "peft", "trl.trainer.sft_trainer")
ASKING = ("transformers.generation.utils", "transformers.loss.loss_utils", "peft")


def import_lean(profile: Profile, libraries: tuple[str, ...] = TRAINING) -> None:
    """Import `libraries` without what they bring along; does nothing on a GPU, with unsloth, or with 4-bit weights."""
    if profile.trainer != "hf" or profile.load_in_4bit or "transformers" in sys.modules:
        return
    with _without_garbage_collection():
        import torch

        if torch.cuda.is_available():
            return
        with _nothing_for_others():
            for name in libraries:
                importlib.import_module(name)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # modules are no garbage: never looked at again
        gc.enable()


@contextmanager
def _nothing_for_others() -> Iterator[None]:
    hidden = [name for name in FOR_OTHERS if name not in sys.modules]
    dynamo, distributions = os.environ.get("TORCHDYNAMO_DISABLE"), metadata.packages_distributions
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: "not installed"
    os.environ["TORCHDYNAMO_DISABLE"] = "1"
    metadata.packages_distributions = cache(distributions)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
        metadata.packages_distributions = distributions
        del os.environ["TORCHDYNAMO_DISABLE"]
        if dynamo is not None:
            os.environ["TORCHDYNAMO_DISABLE"] = dynamo
