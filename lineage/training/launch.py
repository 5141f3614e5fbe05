"""One version on several processes of this machine: torchrun starts them, each trains as `rank_process.py`.

- The stage has opened the parent and tokenised the mix. It hands the job over in a folder, waits, and gets the adapter
  and what happened back; checking and publishing stay with the stage.
- The processes meet through files and the loopback interface: nothing listens on a network.
- They live as long as the stage: it holds a lock that they wait for, so that its end, however it ends, is theirs.
- Asked to stop (SIGTERM, Ctrl-C), the stage tells them by a file; they finish the step, write a checkpoint and leave.
  Signals would reach them at different steps, and torchrun kills what takes longer than 30 seconds.
"""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from lineage.core.errors import LineageError, Preempted
from lineage.core.files import write_json
from lineage.core.paths import STATE
from lineage.training.job import Job, Outcome

APART = {"tokenizer", "dataset"}  # too big for JSON, saved in their own formats


def fit(job: Job, out: Path) -> Outcome:
    """Train `job` on `profile.launch.processes` processes; the adapter's two files lie in `out` afterwards.

    Raises:
        LineageError: what stopped a process, as one message.
        Preempted: after SIGTERM or Ctrl-C, once a checkpoint is written.
    """
    launch = job.profile.launch
    layout = f"{launch.strategy}-{launch.processes}"  # a checkpoint fits no other
    folder = (STATE / "launch" / job.version).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _check(job)
    with _passing_on_stop(folder), _alive(folder), (folder / "log").open("wb") as log:
        hand_over(replace(job, checkpoints=job.checkpoints / layout), out, folder)
        process = subprocess.Popen(
            _command(launch.processes, folder),
            env=os.environ | _environment(job),
            stderr=log,
            start_new_session=True,  # Ctrl-C reaches the stage alone
        )
        code = process.wait()
    if (folder / "stopped").exists():
        raise Preempted((folder / "stopped").read_text(encoding="utf-8"))
    if code or not (folder / "outcome.json").is_file():
        raise _what_went_wrong(job, folder)
    outcome = Outcome(**json.loads((folder / "outcome.json").read_text(encoding="utf-8")))
    shutil.rmtree(folder)
    return outcome


def hand_over(job: Job, out: Path, folder: Path) -> None:
    """Write down what a process needs to train the job: `take_over` reads it."""
    plain = TypeAdapter(Job).dump_python(job, mode="json", exclude=APART)
    write_json(folder / "job.json", {"job": plain, "out": str(out.absolute())})
    job.tokenizer.save_pretrained(folder / "tokenizer")
    job.dataset.save_to_disk(str(folder / "rows"))


def take_over(folder: Path) -> tuple[Job, Path]:
    """The job that `hand_over` wrote down, and the folder for its adapter."""
    from datasets import load_from_disk
    from transformers import AutoTokenizer

    found: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    whole = {
        "tokenizer": AutoTokenizer.from_pretrained(folder / "tokenizer"),
        "dataset": load_from_disk(str(folder / "rows")),
    }
    return TypeAdapter(Job).validate_python(found["job"] | whole), Path(found["out"])


def _check(job: Job) -> None:
    """What only this machine knows; `lineage.config.validation` has refused what no machine can do."""
    import importlib.util

    import torch

    launch = job.profile.launch
    if torch.cuda.is_available() and torch.cuda.device_count() < launch.processes:
        raise LineageError(
            f"profiles.<profile>.launch.processes: {launch.processes}, but this machine has "
            f"{torch.cuda.device_count()} GPU(s); one process needs one GPU"
        )
    if launch.strategy == "zero3" and not importlib.util.find_spec("deepspeed"):
        raise LineageError(
            "profiles.<profile>.launch.strategy: zero3 needs DeepSpeed; run: pip install -e '.[distributed]', "
            "or set strategy: fsdp2"
        )


def _command(processes: int, folder: Path) -> list[str]:
    """Torchrun for one machine. Its own `--standalone` would listen on every interface; a file does not."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes=1", f"--nproc-per-node={processes}"]
    meeting = ["--rdzv-backend=c10d", f"--rdzv-endpoint={folder / 'meeting'}", "--rdzv-conf=store_type=file"]
    local = [f"--rdzv-id={folder.name}", "--local-addr=127.0.0.1", "--max-restarts=0"]
    return [*torchrun, *meeting, *local, "-m", "lineage.training.rank_process", str(folder)]


def _environment(job: Job) -> dict[str, str]:
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    cores = max(1, (os.cpu_count() or 1) // job.profile.launch.processes)
    return {
        "OMP_NUM_THREADS": str(job.profile.threads or cores),
        "GLOO_SOCKET_IFNAME": loopback,
        "NCCL_SOCKET_IFNAME": loopback,
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
    }


@contextmanager
def _alive(folder: Path) -> Iterator[None]:
    """Hold the lock that every process waits for: it is free as soon as this process is gone."""
    with (folder / "alive").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _passing_on_stop(folder: Path) -> Iterator[None]:
    """SIGTERM and Ctrl-C ask the processes to stop after a checkpoint; a second Ctrl-C ends them at once."""

    def ask(number: int, _: object) -> None:
        if number == signal.SIGINT and (folder / "stop").exists():
            raise KeyboardInterrupt
        (folder / "stop").touch()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _what_went_wrong(job: Job, folder: Path) -> LineageError:
    """The first error of a process, of ours if there is one: the others fail because it did."""
    errors = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("error-*.json"), key=_written)]
    for error in errors:
        if error["ours"]:
            return LineageError(error["text"])
    log = folder / "log"
    of = job.profile.launch.processes
    if errors:
        rank, text = errors[0]["rank"], errors[0]["text"]
        return LineageError(f"{job.version}: process {rank + 1} of {of} failed: {text}; its traceback is in {log}")
    codes = set(re.findall(r"exitcode\s*: (-?\d+)", log.read_text(encoding="utf-8", errors="replace")))
    why = "killed from outside, often for lack of memory" if "-9" in codes else "without a word"
    return LineageError(
        f"{job.version}: one of {of} processes ended {why} (exit codes {', '.join(sorted(codes)) or 'unknown'}); "
        f"run the same command to go on from the newest checkpoint; torchrun's log is {log}"
    )


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns
