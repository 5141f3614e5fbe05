"""Train a version: `python -m stages.train v3` → `models/v3`: adapter, tokenizer, `lineage.json`, `history.csv`.

1. Open the parent and refuse it if it is not what its record says.
2. Tokenise the mix; rows and supervised tokens are counted by source.
3. Train: weights from the parent, fresh optimizer and schedule. A crashed run of the *same* version resumes.
4. Check the adapter, write the record, and publish the folder by a rename.

`lineage.json` says what is inside an adapter without any server. It holds no clock, host or path, so that the same
inputs give the same bytes.
"""

import csv
import os
import shutil
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from lineage.curriculum import Curriculum, load_curriculum
from lineage.errors import LineageError
from lineage.files import STATE, appearing, sha256, sha256_of, write_json
from lineage.stage import argument, run_stage
from stages.order import sequences_in_a_pass, steps_for, training_order
from stages.parent import continued, open_parent
from stages.rows import MixTokens, tokenize_mix
from stages.trainers import Job, Outcome
from stages.weights import BASE_FOLDER, base_record, weights_of

SHARED = ("torch", "transformers", "trl", "peft", "accelerate", "bitsandbytes", "tokenizers", "safetensors")
PACKAGES = {"hf": SHARED, "unsloth": (*SHARED, "unsloth", "unsloth_zoo")}
# What says how a version is computed, and not what comes out: a run may go on with other values of these.
NO_PART_IN_THE_RESULT = {"checkpoint_steps", "launch", "base", "may_differ"}
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
    """Train `version` into the folder `out`, or take it over from where it was trained."""
    if c.versions[version].train.adopted:
        adopt(c, version, out)
        return
    if c.active.trainer == "unsloth":
        from stages.trainers import unsloth as trainer

        trainer.import_first()  # it patches transformers, PEFT and TRL
    else:
        from stages.trainers import hf as trainer  # type: ignore[no-redef]
    import torch

    from stages.trainers.adapter import save_adapter
    from stages.trainers.guards import sound
    from stages.trainers.sft import fit

    plan = planned(c, version)
    print(plan.announcement())
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model, outcome = fit(plan.job, trainer)
    save_adapter(model, plan.job.base_name, out)
    adapter = sound(out, plan.job, layers=model.config.num_hidden_layers)
    plan.job.tokenizer.save_pretrained(out)
    write_history(out / "history.csv", outcome)
    record = plan.identity | {
        "adapter": adapter,
        "requested": outcome.requested,
        "effective": outcome.effective,
        "trainable_parameters": outcome.trainable_parameters,
        "eight_bit_share": outcome.eight_bit_share,
        "packages": {name: installed(name).partition("+")[0] for name in PACKAGES[c.active.trainer]},
        "fingerprint": plan.fingerprint,
    }
    write_json(out / "lineage.json", record)  # last: its existence means "complete"
    shutil.rmtree(plan.job.checkpoints, ignore_errors=True)
    print(f"{version}: adapter {adapter[:12]}, final loss {outcome.history[-1]['loss']:.3f}")


def adopt(c: Curriculum, version: str, out: Path) -> None:
    """Take over an adapter that was trained elsewhere, once it is found to fit its parent, the base and the chain."""
    from transformers import AutoTokenizer

    from stages.adopted import publish_adopted

    base = base_record()
    open_parent(c.versions[version].parent, base)
    publish_adopted(c, version, AutoTokenizer.from_pretrained(BASE_FOLDER), base, out)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before a model is loaded: the job, what the record will say of it, and its fingerprint."""

    job: Job
    tokens: MixTokens
    identity: dict[str, Any]
    fingerprint: str

    def announcement(self) -> str:
        """What is about to be trained, source by source."""
        version, parent, mix = (self.identity[name] for name in ("version", "parent", "mix"))
        cost = f"{self.identity['steps']:,} steps, {self.identity['trained_tokens']:,} tokens"
        lines = [f"{version}: continues {parent}, {mix['rows']:,} rows, {cost}"]
        for source, n in self.tokens.sources.items():
            dropped = "".join(f", {count:,} dropped ({why})" for why, count in n["dropped"].items())
            share = n["supervised_tokens"] / max(n["tokens"], 1)
            lines.append(f"  {source}: {n['rows']:,} rows, {n['tokens']:,} tokens, {share:.0%} supervised{dropped}")
        return "\n".join(lines)


def planned(c: Curriculum, version: str) -> Plan:
    """Open the parent, tokenise the mix, and lay out the whole run; the same in every process that trains it.

    Raises:
        LineageError: from the parent, the base or the mix.
    """
    from transformers import AutoTokenizer

    profile, spec, lora = c.active, c.versions[version], c.lora_of(version)
    base = base_record()
    parent = open_parent(spec.parent, base)
    tokenizer = AutoTokenizer.from_pretrained(BASE_FOLDER)
    tokens = tokenize_mix(
        Path("data/mixes", version),
        tokenizer,
        sha256(BASE_FOLDER / "tokenizer.json"),
        profile.max_length,
        full=profile.loss == "full",
    )
    lengths, pack_to = tokens.lengths, profile.max_length if profile.packing else None
    sequences = sequences_in_a_pass(lengths, profile.batch_size, c.seed, pack_to)
    steps = steps_for(profile.budget, spec.train.budget_scale, sum(lengths), sequences, profile.global_batch_size)
    batches = steps * profile.global_batch_size // profile.batch_size
    order = training_order(lengths, profile.batch_size, batches, c.seed, pack_to)
    identity = {
        "version": version,
        "parent": spec.parent,
        "parent_adapter": parent["adapter"] if parent else None,
        "base": {
            "identity": base["identity"],
            "origin": base["origin"],
            "load": "4bit" if profile.load_in_4bit else profile.compute_dtype,
        },
        "mix": tokens.summary(),
        "template": base["template"]["sha256"],
        "lora": lora.model_dump(),
        "seed": c.seed,
        "steps": steps,
        "trained_tokens": sum(lengths[row] for sequence in order for row in sequence),
    }
    fingerprint = sha256_of(
        [identity, profile.model_dump(exclude=NO_PART_IN_THE_RESULT), spec.train.model_dump(), code_hash()]
    )
    scratch = STATE / "checkpoints" / fingerprint
    job = Job(
        version=version,
        weights=weights_of(base),
        base_name=base["origin"].get("repo") or f"base:{base['identity'][:12]}",
        parent=continued(spec.parent, parent, lora, c.seed, scratch),
        lora=lora,
        profile=profile,
        learning_rate=profile.learning_rate * spec.train.lr_scale,
        steps=steps,
        seed=c.seed,
        tokenizer=tokenizer,
        dataset=tokens.in_order(order),
        lengths=[sum(lengths[row] for row in sequence) for sequence in order],
        checkpoints=scratch,
    )
    return Plan(job, tokens, identity, fingerprint)


def code_hash() -> str:
    """A hash of the modules that shape an adapter, those that `dvc.yaml` lists under `train`."""
    names = ("train.py", "parent.py", "rows.py", "order.py", "chat.py", "weights.py")
    files = [*(HERE / name for name in names), *sorted((HERE / "trainers").glob("*.py"))]
    return sha256_of([[file.name, sha256(file)] for file in files])


def write_history(path: Path, outcome: Outcome) -> None:
    """The loss curve, one line a logged step."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["step", "loss", "learning_rate", "grad_norm", "tokens"], lineterminator="\n")
        table.writeheader()
        table.writerows(outcome.history)


if __name__ == "__main__":
    run_stage(main)
