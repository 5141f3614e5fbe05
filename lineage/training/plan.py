"""The plan of a training run: all that is decided before a model is loaded, the same in every process that trains it.

    planned(c, c.version("v3")).announcement()     what would be trained on, in how many steps

Its fingerprint is a hash of what the adapter is made from: mix, parent, base and settings. The code has an identity of
its own, and a name has no part in either. Checkpoints lie under both and the versions of all packages, so that a
crashed run goes on and any other run begins anew.
"""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as installed
from typing import Any

from lineage.artifacts.base_manifest import BaseManifest, read_base
from lineage.artifacts.manifest import LoadedBase, PreferenceInputs, TrainedMix, TrainingInputs
from lineage.base_model.loading import BASE_FOLDER, weights_of
from lineage.config.schema import Curriculum, Profile
from lineage.config.version import ResolvedVersion, Training
from lineage.core import paths
from lineage.core.code_identity import code_identity
from lineage.core.files import sha256, sha256_of
from lineage.core.paths import STATE
from lineage.training.batch_order import sequences_in_a_pass, steps_for, training_order
from lineage.training.dpo import pairs_at_once
from lineage.training.job import Job
from lineage.training.parent import continued, open_parent
from lineage.training.preference_data import pairs_of
from lineage.training.tokenized_mix import MixTokens, tokenize_mix

# What does not change what comes out: a run may go on with other values of these. The base has its identity instead.
NO_PART_IN_THE_RESULT = {"checkpoint_steps", "base", "may_differ"}
SHARED = ("torch", "transformers", "trl", "peft", "accelerate", "bitsandbytes", "tokenizers", "safetensors")
PACKAGES = {"hf": SHARED, "unsloth": (*SHARED, "unsloth", "unsloth_zoo")}


@dataclass(frozen=True, slots=True)
class PreferencePlan:
    """A second phase: its pairs in the order of training, their lengths in tokens, and what the manifest says of it."""

    dataset: Any
    lengths: list[int]
    inputs: PreferenceInputs


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided before a model is loaded: the job, and what the manifest will say of it.

    fingerprint: a hash of data, parent, base and settings. code: the identity of the code that trains.
    """

    job: Job
    tokens: MixTokens
    pairs: PreferencePlan | None
    inputs: TrainingInputs
    fingerprint: str
    code: str

    def amount(self) -> dict[str, int]:
        """Steps and tokens of both phases."""
        steps, tokens = (self.pairs.inputs.steps, sum(self.pairs.lengths)) if self.pairs else (0, 0)
        return {"steps": self.job.steps + steps, "tokens": self.inputs.trained_tokens + tokens}

    def announcement(self) -> str:
        """What is about to be trained, source by source."""
        inputs = self.inputs
        cost = f"{inputs.steps:,} steps, {inputs.trained_tokens:,} tokens"
        lines = [f"{inputs.version}: continues {inputs.parent}, {inputs.mix.rows:,} rows, {cost}"]
        for source, n in inputs.mix.sources.items():
            dropped = "".join(f", {count:,} dropped ({why})" for why, count in n.dropped.items())
            share = n.supervised_tokens / max(n.tokens, 1)
            lines.append(f"  {source}: {n.rows:,} rows, {n.tokens:,} tokens, {share:.0%} supervised{dropped}")
        if found := inputs.preference:
            lines.append(f"  then {found.pairs:,} preference pairs, {found.steps:,} steps, β {found.beta:g}")
        return "\n".join(lines)


def planned(c: Curriculum, v: ResolvedVersion) -> Plan:
    """Open the parent, tokenise the mix, and lay out the whole run; the same in every process that trains it.

    Raises:
        LineageError: from the parent, the base or the mix.
    """
    from transformers import AutoTokenizer

    profile, train = c.active, v.spec.train
    base = read_base()
    parent = open_parent(v.parent, base)
    tokenizer = AutoTokenizer.from_pretrained(BASE_FOLDER)
    hashed = sha256(paths.BASE_TOKENIZER)
    tokens = tokenize_mix(v.mix, tokenizer, hashed, profile.max_length, full=profile.loss == "full")
    lengths, pack_to = tokens.lengths, profile.max_length if profile.packing else None
    sequences = sequences_in_a_pass(lengths, profile.batch_size, c.seed, pack_to)
    steps = steps_for(profile.budget, train.budget_scale, sum(lengths), sequences, profile.global_batch_size)
    batches = steps * profile.global_batch_size // profile.batch_size
    order = training_order(lengths, profile.batch_size, batches, c.seed, pack_to)
    inputs = TrainingInputs(
        version=v.name,
        parent=v.parent,
        parent_adapter=parent.adapter if parent else None,
        base=loaded(base, profile),
        mix=TrainedMix.model_validate(tokens.summary()),
        template=base.template.sha256,
        lora=v.lora,
        seed=c.seed,
        steps=steps,
        trained_tokens=sum(lengths[row] for sequence in order for row in sequence),
    )
    pairs = planned_pairs(c, v, tokenizer, hashed)
    if pairs:
        inputs = inputs.model_copy(update={"preference": pairs.inputs})
    fingerprint = fingerprint_of(inputs, profile, train)
    code = code_identity("lineage.training.train")
    # A checkpoint of other code or packages is not gone on from: the run would be neither theirs nor these.
    scratch = STATE / "checkpoints" / sha256_of([fingerprint, code, packages(profile.trainer)])
    job = Job(
        version=v.name,
        weights=weights_of(base, profile.base),
        base_name=base.name,
        base_revision=base.revision,
        parent=continued(parent, v.lora, c.seed, scratch),
        lora=v.lora,
        profile=profile,
        learning_rate=profile.learning_rate * train.lr_scale,
        steps=steps,
        seed=c.seed,
        tokenizer=tokenizer,
        dataset=tokens.in_order(order, packed=profile.packing),
        lengths=[sum(lengths[row] for row in sequence) for sequence in order],
        checkpoints=scratch,
    )
    return Plan(job, tokens, pairs, inputs, fingerprint, code)


def loaded(base: BaseManifest, profile: Profile) -> LoadedBase:
    """What a manifest says of the base that an adapter is trained on."""
    load = "4bit" if profile.load_in_4bit else profile.compute_dtype
    return LoadedBase(identity=base.identity, origin=base.origin, load=load)


def fingerprint_of(inputs: TrainingInputs, profile: Profile, train: Training) -> str:
    """A hash of data, parent, base and settings, as 64 hex digits.

    A parent counts by its tensors, a base in a folder by its files: other names and places give the same.
    """
    named = {name: value for name, value in inputs.to_json().items() if name not in ("version", "parent")}
    if inputs.base.origin.path or inputs.base.origin.model:
        named["base"] = inputs.base.model_dump(mode="json", exclude={"origin"})
    return sha256_of([named, profile.model_dump(exclude=NO_PART_IN_THE_RESULT), train.model_dump()])


def planned_pairs(c: Curriculum, v: ResolvedVersion, tokenizer: Any, hashed: str) -> PreferencePlan | None:
    """The second phase of a version, if it has one.

    Args:
        c: the curriculum.
        v: the version.
        tokenizer: the base's.
        hashed: the SHA-256 of the tokenizer's file.

    Raises:
        LineageError: no row of its mix knows a worse answer.
    """
    profile, spec = c.active, v.spec.train.preference
    if spec is None:
        return None
    pairs = pairs_of(v.mix, tokenizer, hashed, profile.max_length, c.seed)
    per_step, at_once = profile.global_batch_size, pairs_at_once(profile)
    steps = steps_for(profile.budget, spec.budget_scale, sum(pairs.lengths), len(pairs.lengths), per_step)
    order = training_order(pairs.lengths, at_once, steps * per_step // at_once, c.seed)
    inputs = PreferenceInputs.model_validate(
        pairs.summary()
        | {
            "beta": spec.beta,
            "steps": steps,
            "learning_rate": profile.learning_rate * spec.lr_scale,
            "trained_tokens": sum(pairs.lengths[pair] for (pair,) in order),
        }
    )
    return PreferencePlan(pairs.in_order(order), [pairs.lengths[pair] for (pair,) in order], inputs)


@cache
def packages(trainer: str) -> dict[str, str]:
    """The versions of all that computes."""
    return {name: installed(name).partition("+")[0] for name in PACKAGES[trainer]}
