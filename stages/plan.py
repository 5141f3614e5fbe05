"""The plan of a training run: all that is decided before a model is loaded, the same in every process that trains it.

    planned(curriculum, "v3").announcement()     what would be trained on, in how many steps

Its fingerprint is a hash of everything that shapes the adapter: parent, base, mix, settings and code. Checkpoints lie
under it and the versions of all packages, so that a crashed run goes on and any other run begins anew.
"""

from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from lineage.curriculum import Curriculum
from lineage.files import STATE, sha256, sha256_of
from stages.order import sequences_in_a_pass, steps_for, training_order
from stages.pairs import pairs_of
from stages.parent import continued, open_parent
from stages.rows import MixTokens, tokenize_mix
from stages.trainers import Job
from stages.trainers.dpo import pairs_at_once
from stages.weights import BASE_FOLDER, base_record, weights_of

# What does not change what comes out: a run may go on with other values of these. The base has its identity instead.
NO_PART_IN_THE_RESULT = {"checkpoint_steps", "base", "may_differ"}
SHARED = ("torch", "transformers", "trl", "peft", "accelerate", "bitsandbytes", "tokenizers", "safetensors")
PACKAGES = {"hf": SHARED, "unsloth": (*SHARED, "unsloth", "unsloth_zoo")}
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PreferencePlan:
    """A second phase: its pairs in the order of training, their lengths in tokens, and what is asked of it."""

    dataset: Any
    lengths: list[int]
    steps: int
    learning_rate: float
    beta: float
    identity: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before a model is loaded: the job, what the record will say of it, and its fingerprint."""

    job: Job
    tokens: MixTokens
    pairs: PreferencePlan | None
    identity: dict[str, Any]
    fingerprint: str

    def amount(self) -> dict[str, int]:
        """Steps and tokens of both phases."""
        second = (self.pairs.steps, sum(self.pairs.lengths)) if self.pairs else (0, 0)
        return {"steps": self.job.steps + second[0], "tokens": self.identity["trained_tokens"] + second[1]}

    def announcement(self) -> str:
        """What is about to be trained, source by source."""
        version, parent, mix = (self.identity[name] for name in ("version", "parent", "mix"))
        cost = f"{self.identity['steps']:,} steps, {self.identity['trained_tokens']:,} tokens"
        lines = [f"{version}: continues {parent}, {mix['rows']:,} rows, {cost}"]
        for source, n in self.tokens.sources.items():
            dropped = "".join(f", {count:,} dropped ({why})" for why, count in n["dropped"].items())
            share = n["supervised_tokens"] / max(n["tokens"], 1)
            lines.append(f"  {source}: {n['rows']:,} rows, {n['tokens']:,} tokens, {share:.0%} supervised{dropped}")
        if self.pairs:
            found = self.pairs.identity
            lines.append(f"  then {found['pairs']:,} preference pairs, {found['steps']:,} steps, β {found['beta']:g}")
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
    mix, hashed = Path("data/mixes", version), sha256(BASE_FOLDER / "tokenizer.json")
    tokens = tokenize_mix(mix, tokenizer, hashed, profile.max_length, full=profile.loss == "full")
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
    pairs = planned_pairs(c, version, tokenizer, hashed)
    if pairs:
        identity["preference"] = pairs.identity
    fingerprint = sha256_of(
        [identity, profile.model_dump(exclude=NO_PART_IN_THE_RESULT), spec.train.model_dump(), code_hash()]
    )
    # A checkpoint of other packages is not gone on from: the run would be neither theirs nor these.
    scratch = STATE / "checkpoints" / sha256_of([fingerprint, packages(profile.trainer)])
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
        dataset=tokens.in_order(order, packed=profile.packing),
        lengths=[sum(lengths[row] for row in sequence) for sequence in order],
        checkpoints=scratch,
    )
    return Plan(job, tokens, pairs, identity, fingerprint)


def planned_pairs(c: Curriculum, version: str, tokenizer: Any, hashed: str) -> PreferencePlan | None:
    """The second phase of a version, if it has one.

    Raises:
        LineageError: no row of its mix knows a worse answer.
    """
    profile, spec = c.active, c.versions[version].train.preference
    if spec is None:
        return None
    pairs = pairs_of(Path("data/mixes", version), tokenizer, hashed, profile.max_length, c.seed)
    per_step, at_once = profile.global_batch_size, pairs_at_once(profile)
    steps = steps_for(profile.budget, spec.budget_scale, sum(pairs.lengths), len(pairs.lengths), per_step)
    order = training_order(pairs.lengths, at_once, steps * per_step // at_once, c.seed)
    return PreferencePlan(
        dataset=pairs.in_order(order),
        lengths=[pairs.lengths[pair] for (pair,) in order],
        steps=steps,
        learning_rate=profile.learning_rate * spec.lr_scale,
        beta=spec.beta,
        identity={
            "beta": spec.beta,
            "steps": steps,
            "learning_rate": profile.learning_rate * spec.lr_scale,
            "trained_tokens": sum(pairs.lengths[pair] for (pair,) in order),
            **pairs.summary(),
        },
    )


def packages(trainer: str) -> dict[str, str]:
    """The versions of all that computes."""
    return {name: installed(name).partition("+")[0] for name in PACKAGES[trainer]}


def code_hash() -> str:
    """A hash of the modules that shape an adapter, those that `dvc.yaml` lists under `train`."""
    names = ("train.py", "plan.py", "parent.py", "rows.py", "order.py", "pairs.py", "chat.py", "weights.py")
    files = [*(HERE / name for name in names), *sorted(p for p in (HERE / "trainers").iterdir() if p.is_file())]
    return sha256_of([[file.name, sha256(file)] for file in files])
