"""A shortage of memory or disk: what a training says then, and what it leaves."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.training import resource_errors
from lineage.training.job import Progress
from tests import tiny

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _here(lineage_copy: Path) -> Iterator[None]:
    yield


OUT_OF_MEMORY = """
import dataclasses, resource
from datasets import Dataset
from pathlib import Path
from lineage.core.errors import LineageError
from lineage.training.backends import hf
from lineage.training.job import Progress
from lineage.training.resource_errors import explained
from lineage.training.sft import fit
from tests import tiny
at_once = {"profiles.cpu.batch_size": 64, "profiles.cpu.global_batch_size": 64}
c = tiny.curriculum(**at_once, **{"profiles.cpu.loss": "full"})
rows = {"input_ids": [[5] * 4000] * 64, "labels": [[5] * 4000] * 64}
job = dataclasses.replace(tiny.job("v2", c), dataset=Dataset.from_dict(rows), lengths=[4000] * 64, steps=1)
class Limited:
    settings = staticmethod(hf.settings)
    def load(self, job):
        model = hf.load(job)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (400 << 20), resource.RLIM_INFINITY))
        return model
try:
    progress = Progress()
    with explained(job, progress):
        fit(job, Limited(), progress)
except LineageError as error:
    print(error)
"""


@pytest.mark.slow
def test_out_of_memory_says_what_was_asked_what_is_there_and_what_to_lower() -> None:
    """With a true limit on the address space, and rows that do not fit under it."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True, timeout=300, env=env)
    assert done.stdout.count("out of memory at step 1/1: ") == 1, done.stdout + done.stderr
    said = done.stdout[done.stdout.index("v2: out of memory") :]
    assert " more were asked for, " in said and "were free (this process's limit, ulimit -v)" in said
    assert "A batch is batch_size 64 × max_length 128 = 8,192 tokens at most, the longest row has 4,000." in said
    assert "batch_size: 32 (leave global_batch_size: 64 as it is" in said
    assert "gradient_checkpointing: true" in said and "load_in_4bit: true" in said


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(12, "Cannot allocate memory"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_the_kinds_of_out_of_memory(error: Exception) -> None:
    assert resource_errors.of_memory(error) and not resource_errors.of_disk(error)
    with pytest.raises(LineageError, match=r"v2: out of memory while loading: .* a smaller base"), _explained():
        raise error


def _explained() -> Any:
    return resource_errors.explained(tiny.job("v2"), Progress())


def test_a_gpu_that_is_full_is_one_of_them() -> None:
    import torch

    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of …")
    with pytest.raises(LineageError, match=r"2\.50 GiB more were asked for"), _explained():
        raise error


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes"), OSError(2, "No such file"), ValueError("no")])
def test_a_bug_stays_a_bug(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, _explained():
        raise error
    assert raised.value is error


FULL = """
import os, sys
from pathlib import Path
from lineage.core.errors import LineageError
from lineage.training import checkpoints
from tests import tiny
seal = checkpoints.seal
def fill(checkpoint):
    seal(checkpoint)
    with open(".state/other", "ab", buffering=0) as other:
        try:
            while True:
                other.write(bytes(4096))
        except OSError:
            pass
if len(sys.argv) > 1:
    checkpoints.seal = fill
try:
    tiny.train(tiny.curriculum(), "v2")
except LineageError as error:
    print("said:", error)
if len(sys.argv) > 1:
    print("there:", sorted(p.name for p in Path(".state/checkpoints").glob("*/checkpoint-*")))
    os.unlink(".state/other")
    checkpoints.seal = seal
    tiny.train(tiny.curriculum(), "v2")
"""


def on_a_small_disk(mebibytes: float, *arguments: str) -> str:
    """Train v2 with `.state` on a file system of its own; skipped where none can be mounted."""
    Path(".state").mkdir(exist_ok=True)
    Path("train.py").write_text(FULL, encoding="utf-8")
    mounted = f"mount -t tmpfs -o size={int(mebibytes * 1024)}k tmpfs .state"
    script = " ".join([mounted, "&&", "exec", sys.executable, "train.py", *arguments])
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
    except FileNotFoundError:
        pytest.skip("no unshare here")
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    return done.stdout + done.stderr


@pytest.mark.slow
def test_a_disk_too_small_for_the_run_is_refused_before_the_first_step() -> None:
    before = sha256(Path("models/v2"))
    said = on_a_small_disk(0.3)
    assert "said: v2: " in said and "make room first. Nothing was trained" in said, said
    assert sha256(Path("models/v2")) == before


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_the_checkpoint_before_and_the_next_run_goes_on() -> None:
    before = sha256(Path("models/v2"))
    said = on_a_small_disk(4, "fill")
    assert "said: v2: the disk is full at step 8/12 (" in said, said
    assert "it goes on from checkpoint-4, which is kept" in said
    assert "there: ['checkpoint-4']" in said
    assert "v2: resumed at step 4/12" in said
    assert sha256(Path("models/v2")) == before
