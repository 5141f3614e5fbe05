"""Where the checks train: workspaces with a base and a curriculum of three versions, each after the one before."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.verify_gpu.room_inputs import ROOT, VERSIONS, Setup, curriculum, write_heldout, write_mix


@dataclass(frozen=True, slots=True)
class Room:
    """A workspace: `params.yaml`, the mixes of its versions, held-out rows, the base, and what was trained there."""

    root: Path

    def train(self, version: str) -> dict[str, Any]:
        """Train a version in a process of its own; returns its measurements (see `measured.py`).

        Raises:
            RuntimeError: with what it said, if it did not end well.
        """
        self.run("benchmarks.verify_gpu.measured", version)
        measured: dict[str, Any] = json.loads((self.root / f"{version}.json").read_text(encoding="utf-8"))
        return measured

    def ask(self, question: str, version: str) -> dict[str, Any]:
        """What `inspected.py` finds out about a version."""
        said = self.run("benchmarks.verify_gpu.inspected", question, version)
        answer: dict[str, Any] = json.loads(next(line for line in reversed(said.splitlines()) if line.startswith("{")))
        return answer

    def run(self, module: str, *arguments: str) -> str:
        """Run a module of the project here and return what it printed.

        Raises:
            RuntimeError: with the end of it, if it did not end well.
        """
        process = self.start(module, *arguments)
        said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError("\n".join(said.strip().splitlines()[-12:]))
        return said

    def start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        """The same, in a process group of its own that may be killed."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "KRX_TRAIN_AGAIN": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def train_and_kill(self, version: str, seconds: float = 1800) -> bool:
        """Begin to train and kill the process after its first complete checkpoint; whether it was still training."""
        there = set(self._checkpoints())
        process = self.start("benchmarks.verify_gpu.measured", version)
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            if set(self._checkpoints()) - there:
                break
            time.sleep(0.01)
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return alive and not (self.root / "models" / version / "lineage.json").exists()

    def _checkpoints(self) -> Iterator[Path]:
        return (self.root / ".state/checkpoints").glob("*/checkpoint-*/complete")

    def adapter(self, version: str) -> Path:
        """The file of a trained adapter."""
        return self.root / "models" / version / "adapter_model.safetensors"

    def record(self, version: str) -> dict[str, Any]:
        """A version's `lineage.json`."""
        text = (self.root / "models" / version / "lineage.json").read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text)
        return record


def room(setup: Setup, name: str, like: Room | None = None, versions: bool = True, **changes: Any) -> Room:
    """A fresh workspace.

    Args:
        setup: what is verified.
        name: of its folder.
        like: a room that hands on its base, which is made otherwise.
        versions: whether it hands on the versions that were trained there as well.
        changes: fields of the profile.
    """
    new = Room(setup.work / name)
    new.root.mkdir(parents=True)
    tree = curriculum(setup, changes)
    (new.root / "params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    profile = tree["profiles"]["gpu"]
    rows = setup.steps * profile["global_batch_size"]
    for seed, version in enumerate(VERSIONS):
        write_mix(new.root / "data/mixes" / version, rows, profile["max_length"], seed)
    write_heldout(new.root, profile["max_length"])
    if like is None:
        new.run("stages.base")
    else:
        left = shutil.ignore_patterns() if versions else shutil.ignore_patterns(*VERSIONS)
        shutil.copytree(like.root / "models", new.root / "models", symlinks=True, ignore=left)  # a base is not copied
    return new
