"""What a room is given: a curriculum, mixes and held-out rows of random words, and a base of random weights."""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lineage.core import paths
from lineage.records.record import Record, qa

ROOT = Path(__file__).parent.parent.parent
SOURCE = "words"
VERSIONS = ("v1", "v2", "v3")  # each continues the one before
HELDOUT_ROWS = 16
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
        if self.base:  # what its folder is called may tell of more than the model
            file = self.base / "config.json"
            config = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
            shape = f"hidden size {config.get('hidden_size', '?')}, {config.get('num_hidden_layers', '?')} layers"
            return f"weights of one's own, {', '.join(config.get('architectures') or ['unknown'])}, {shape}"
        return f"random weights of Qwen2's {self.shape} shape: mechanics, speed and memory are real, losses mean little"


def curriculum(setup: Setup, changes: dict[str, Any]) -> dict[str, Any]:
    """The project's own `params.yaml` cut down to what is verified: its chain, its gpu profile, three versions."""
    shipped = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    profile = {
        **shipped["profiles"]["gpu"],
        "trainer": setup.trainer,
        "base": {"path": str(setup.base or made(setup))},
        "budget": {"epochs": 1},
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
        "versions": {
            name: {"parent": parent, **version} for name, parent in zip(VERSIONS, ("base", *VERSIONS), strict=False)
        },
        "evaluation": shipped["evaluation"],
    }


def write_mix(folder: Path, rows: int, max_length: int, seed: int) -> None:
    """Questions and answers of random words, as many as a version takes."""
    folder.mkdir(parents=True)
    _write(folder / "own.jsonl", _records(rows, max_length, seed))
    (folder / "replay.jsonl").write_text("", encoding="utf-8")


def write_heldout(root: Path, max_length: int) -> None:
    """The same, of other words, held out: what models are compared on."""
    asked, overtaken = root / paths.HELDOUT / SOURCE / "prompt_answer.jsonl", root / paths.SUPERSEDED_ROWS
    for file, records in ((asked, _records(HELDOUT_ROWS, max_length, len(VERSIONS))), (overtaken, [])):
        file.parent.mkdir(parents=True)
        _write(file, records)


def _records(rows: int, max_length: int, seed: int) -> list[Record]:
    """A syllable is three tokens at most, so that every row fits."""
    draw = random.Random(seed)

    def words(syllables: int) -> str:
        return " ".join("".join(draw.choices(SYLLABLES, k=draw.randint(1, 4))) for _ in range(max(1, syllables // 3)))

    return [
        qa(
            f"{words(9)}?",
            f"{words(draw.randint(6, max_length // 5))}.",
            group=f"{seed}-{number}",
            origin={"file": "made.jsonl", "row": number},
        ).placed(SOURCE, "own")
        for number in range(rows)
    ]


def _write(file: Path, records: list[Record]) -> None:
    file.write_text("".join(record.to_json() + "\n" for record in records), encoding="utf-8")


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
