"""Train a version: `python -m stages.train v3` → `models/v3`: adapter, tokenizer, `lineage.json`, `history.csv`.

1. Open the parent and refuse it if it is not what its record says.
2. Tokenise the mix; rows and supervised tokens are counted by source.
3. Train: weights from the parent, fresh optimizer and schedule. A crashed run of the *same* version resumes.
4. Check the adapter, write the record, and publish the folder by a rename.

`lineage.json` says what is inside an adapter without any server. It holds no clock, host or path, so that the same
inputs give the same bytes.
"""

import csv
import json
import os
import shutil
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from lineage.curriculum import BASE, Curriculum, load_curriculum
from lineage.errors import LineageError
from lineage.files import STATE, appearing, sha256, sha256_of, write_json
from lineage.stage import argument, run_stage
from stages import chat
from stages.rows import MixTokens, steps_for, tokenize_mix, training_order
from stages.trainers import Job, Outcome
from stages.weights import BASE_FOLDER, weights_of

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "bitsandbytes", "tokenizers", "safetensors")
HERE = Path(__file__).parent


def main() -> None:
    """Train the version that the command line names."""
    c = load_curriculum()
    version = argument(f"a version, one of {', '.join(c.versions)}")
    if version not in c.versions:
        raise LineageError(f"unknown version {version!r}; params.yaml has {', '.join(c.versions)}")
    # Read once by the first library that computes.
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)
    with appearing(Path("models", version)) as (out,):
        train(c, version, out)


def train(c: Curriculum, version: str, out: Path) -> None:
    """Train `version` into the folder `out`."""
    if c.active.trainer == "unsloth":
        from stages.trainers import unsloth as trainer  # first: it patches transformers, PEFT and TRL
    else:
        from stages.trainers import hf as trainer  # type: ignore[no-redef]
    import torch
    from transformers import AutoTokenizer

    from stages.trainers.adapter import save_adapter
    from stages.trainers.guards import sound
    from stages.trainers.sft import fit

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    profile, spec = c.active, c.versions[version]
    base = json.loads((BASE_FOLDER / "base.json").read_text(encoding="utf-8"))
    parent = open_parent(c, spec.parent, base)
    tokenizer = AutoTokenizer.from_pretrained(BASE_FOLDER)
    tokens = tokenize_mix(
        Path("data/mixes", version), tokenizer, sha256(BASE_FOLDER / "tokenizer.json"), profile.max_length
    )
    rows_per_step = profile.global_batch_size
    steps = steps_for(profile.budget, spec.train.budget_scale, tokens.lengths, rows_per_step)
    order = training_order(tokens.lengths, profile.batch_size, steps * rows_per_step // profile.batch_size, c.seed)
    shape = {
        "version": version,
        "parent": spec.parent,
        "parent_adapter": parent["adapter"] if parent else None,
        "base": {
            "identity": base["identity"],
            "origin": base["origin"],
            "load": "4bit" if profile.load_in_4bit else profile.compute_dtype,
        },
        "mix": tokens.summary(),
        "template": chat.template_hash(),
        "lora": c.chain.lora.model_dump(),
        "seed": c.seed,
        "steps": steps,
        "trained_tokens": sum(tokens.lengths[i] for i in order),
    }
    fingerprint = sha256_of(
        [shape, profile.model_dump(exclude={"checkpoint_steps", "base"}), spec.train.model_dump(), code_hash()]
    )
    scratch = STATE / "checkpoints" / fingerprint
    announce(version, spec.parent, tokens, shape)

    job = Job(
        version=version,
        weights=weights_of(base),
        base_name=base["origin"].get("repo") or f"base:{base['identity'][:12]}",
        parent=Path("models", spec.parent) if parent else None,
        lora=c.chain.lora,
        profile=profile,
        learning_rate=profile.learning_rate * spec.train.lr_scale,
        steps=steps,
        seed=c.seed,
        tokenizer=tokenizer,
        dataset=tokens.dataset.select(order),
        checkpoints=scratch,
    )
    model, outcome = fit(job, trainer)
    save_adapter(model, job.base_name, out)
    adapter = sound(out, job, layers=model.config.num_hidden_layers)
    tokenizer.save_pretrained(out)
    write_history(out / "history.csv", outcome)
    record = shape | {
        "adapter": adapter,
        "requested": outcome.requested,
        "effective": outcome.effective,
        "trainable_parameters": outcome.trainable_parameters,
        "eight_bit_share": outcome.eight_bit_share,
        "packages": {name: installed(name).partition("+")[0] for name in PACKAGES},
        "fingerprint": fingerprint,
    }
    write_json(out / "lineage.json", record)  # last: its existence means "complete"
    shutil.rmtree(scratch, ignore_errors=True)
    print(f"{version}: adapter {adapter[:12]}, final loss {outcome.history[-1]['loss']:.3f}")


def open_parent(c: Curriculum, parent: str, base: dict[str, Any]) -> dict[str, Any] | None:
    """The parent's record, once its adapter, base and template are found to be what they should; None for the base.

    Raises:
        LineageError: naming the parent, what differs and the command that mends it.
    """
    if parent == BASE:
        return None
    folder = Path("models", parent)
    remedy = f"rebuild it: dvc repro -f train@{parent}"
    try:
        record: dict[str, Any] = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))
        record["adapter"], record["template"], record["base"]["identity"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LineageError(f"{folder}/lineage.json: the parent has no readable record ({error!r}); {remedy}") from error
    file = folder / "adapter_model.safetensors"
    found = sha256(file) if file.is_file() else "no file"
    if found != record["adapter"]:
        raise LineageError(
            f"{file}: its SHA-256 is {found[:12]}, its record says {record['adapter'][:12]}; it was changed; {remedy}"
        )
    was, now = record["base"]["identity"][:12], base["identity"][:12]
    if was != now:
        raise LineageError(f"{folder}: it was trained on another base ({was}, now {now}); {remedy}")
    if record["template"] != chat.template_hash():
        raise LineageError(f"{folder}: it was trained with another chat template; {remedy}")
    return record


def code_hash() -> str:
    """A hash of the modules that shape an adapter, those that `dvc.yaml` lists under `train`."""
    files = [
        HERE / "train.py",
        HERE / "rows.py",
        HERE / "chat.py",
        HERE / "weights.py",
        *sorted((HERE / "trainers").glob("*.py")),
    ]
    return sha256_of([[file.name, sha256(file)] for file in files])


def announce(version: str, parent: str, tokens: MixTokens, shape: dict[str, Any]) -> None:
    """Say what is about to be trained, source by source."""
    mix = shape["mix"]
    cost = f"{shape['steps']:,} steps, {shape['trained_tokens']:,} tokens"
    print(f"{version}: continues {parent}, {mix['rows']:,} rows, {cost}")
    for source, n in tokens.sources.items():
        dropped = "".join(f", {count:,} dropped ({why})" for why, count in n["dropped"].items())
        share = n["supervised_tokens"] / max(n["tokens"], 1)
        print(f"  {source}: {n['rows']:,} rows, {n['tokens']:,} tokens, {share:.0%} supervised{dropped}")


def write_history(path: Path, outcome: Outcome) -> None:
    """The loss curve, one line a logged step."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["step", "loss", "learning_rate", "grad_norm", "tokens"], lineterminator="\n")
        table.writeheader()
        table.writerows(outcome.history)


if __name__ == "__main__":
    run_stage(main)
