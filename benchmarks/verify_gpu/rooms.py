"""Where the checks train: a base model, and workspaces with a curriculum of two versions, v1 and v2 after it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lineage.records.record import qa

ROOT = Path(__file__).parent.parent.parent
SOURCE = "words"
SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저고노도로모보소오조구누두루무부수우주"
# Qwen2's own shapes: hidden size, intermediate size, layers, heads, key and value heads, whether embeddings are tied.
SHAPES = {
    "tiny": (64, 128, 2, 2, 1, True),
    "0.5b": (896, 4864, 24, 14, 2, True),
    "1.5b": (1536, 8960, 28, 12, 2, True),
    "7b": (3584, 18944, 28, 28, 4, False),
}
VOCABULARY = 151_936  # of Qwen2's embeddings; random weights have it too, for the memory that it takes


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a CPU takes instead of the production profile: no 4-bit, fp32, short rows, few of them."""

    profile: dict[str, Any] = field(
        default_factory=lambda: {
            "load_in_4bit": False,
            "compute_dtype": "float32",
            "batch_size": 2,
            "global_batch_size": 4,
            "max_length": 256,
            "learning_rate": 1e-2,
            "threads": 1,
            "may_differ": ["optimizer"],  # unsloth's CPU backend has no 8-bit AdamW
        }
    )


@dataclass(frozen=True, slots=True)
class Setup:
    """What is verified: a trainer on a base, in a folder for throw-away work."""

    work: Path
    trainer: str
    base: Path | None
    shape: str
    steps: int
    rehearsal: Rehearsal | None

    @property
    def base_said(self) -> str:
        """The base in words, for the report."""
        if self.base:
            return f"the weights in {self.base.name}"
        return f"random weights of Qwen2's {self.shape} shape: mechanics, speed and memory are real, losses mean little"


@dataclass(frozen=True, slots=True)
class Room:
    """A workspace: `params.yaml`, the mixes of v1 and v2, the base, and what was trained there."""

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
        process = self.start("benchmarks.verify_gpu.measured", version)
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            if list((self.root / ".state/checkpoints").glob("*/checkpoint-*/complete")):
                break
            time.sleep(0.01)
        alive = process.poll() is None
        if alive:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return alive and not (self.root / "models" / version / "lineage.json").exists()

    def adapter(self, version: str) -> Path:
        """The file of a trained adapter."""
        return self.root / "models" / version / "adapter_model.safetensors"

    def record(self, version: str) -> dict[str, Any]:
        """A version's `lineage.json`."""
        text = (self.root / "models" / version / "lineage.json").read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text)
        return record


def room(setup: Setup, name: str, like: Room | None = None, **changes: Any) -> Room:
    """A fresh workspace; `like` hands on its base, and the v1 it has. `changes` are fields of the profile."""
    new = Room(setup.work / name)
    new.root.mkdir(parents=True)
    tree = curriculum(setup, changes)
    (new.root / "params.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    rows = setup.steps * tree["profiles"]["gpu"]["global_batch_size"]
    for seed, version in enumerate(("v1", "v2")):
        write_mix(new.root / "data/mixes" / version, rows, tree["profiles"]["gpu"]["max_length"], seed)
    if like:
        shutil.copytree(like.root / "models", new.root / "models", symlinks=True)  # a base is not copied
    else:
        new.run("stages.base")
    return new


def curriculum(setup: Setup, changes: dict[str, Any]) -> dict[str, Any]:
    """The project's own `params.yaml` cut down to what is verified: its chain, its gpu profile, two versions."""
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    profile = {
        **shipped["profiles"]["gpu"],
        "trainer": setup.trainer,
        "base": {"path": str(setup.base or made(setup))},
        "budget": {"epochs": 1},
        "checkpoint_steps": max(2, setup.steps // 5),
        **(setup.rehearsal.profile if setup.rehearsal else {}),
        **changes,
    }
    version = {
        "because": "to be verified",
        "mix": {SOURCE: {"form": "prompt_answer", "weight": 1}},
        "replay": 0.0,
        "exclude": [],
        "exclude_scope": "mix",
        "train": {"lr_scale": 1.0, "budget_scale": 1.0},
    }
    source = {
        "title": "random words",
        "input": "raw",
        "reader": "prompt_response",
        "forms": ["prompt_answer"],
        "heldout": 0.0,
        "licence": "none",
    }
    return {
        "profile": "gpu",
        "data": "own",
        "seed": shipped["seed"],
        "chain": shipped["chain"],
        "profiles": {"gpu": profile},
        "papers": {},
        "licences": {"none": {"title": "made here", "redistribution": "allowed", "commercial": "allowed"}},
        "generated": {},
        "sources": {SOURCE: source},
        "versions": {"v1": {"parent": "base", **version}, "v2": {"parent": "v1", **version}},
        "evaluation": shipped["evaluation"],
    }


def write_mix(folder: Path, rows: int, max_length: int, seed: int) -> None:
    """Questions and answers of random words; a syllable is three tokens at most, so that every row fits."""
    draw = random.Random(seed)

    def words(syllables: int) -> str:
        return " ".join("".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(max(1, syllables // 3)))

    folder.mkdir(parents=True)
    with (folder / "own.jsonl").open("w", encoding="utf-8") as file:
        for number in range(rows):
            record = qa(
                f"{words(9)}?",
                f"{words(draw.randint(6, max_length // 5))}.",
                group=f"{seed}-{number}",
                origin={"file": "made.jsonl", "row": number},
            )
            file.write(record.placed(SOURCE, "own").to_json() + "\n")
    (folder / "replay.jsonl").write_text("", encoding="utf-8")


def made(setup: Setup) -> Path:
    """A Qwen2 of random weights with a tokenizer of the project's own, made once a run."""
    folder = setup.work / "base"
    if (folder / "config.json").is_file():
        return folder
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM, set_seed

    from lineage.base_model.base import train_tokenizer

    hidden, intermediate, layers, heads, kv_heads, tied = SHAPES[setup.shape]
    tokenizer = train_tokenizer(1200, 0, "chatml")
    config = Qwen2Config(
        vocab_size=len(tokenizer) if setup.shape == "tiny" else VOCABULARY,
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        tie_word_embeddings=tied,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    set_seed(0)
    torch.set_default_dtype(torch.float32 if setup.shape == "tiny" else torch.bfloat16)
    Qwen2ForCausalLM(config).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    tokenizer.save_pretrained(folder)
    return folder
