"""One version from its parent and its mix: adapter, tokenizer, `lineage.json`, `history.csv`.

1. Open the parent and refuse it if it is not what its manifest says.
2. Tokenise the mix; rows and supervised tokens are counted by source.
3. Train: weights from the parent, fresh optimizer and schedule. A crashed run of the *same* version resumes.
4. Check the adapter, write its manifest, and publish the folder by a rename.

`lineage.json` says what is inside an adapter without any server. It holds no clock, host or path, so that the same
inputs give the same bytes.
"""

import csv
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lineage.artifacts.manifest import AdapterManifest, PreferencePhase, write_manifest
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core import journal, machine
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256, write_json
from lineage.core.paths import WEIGHTS
from lineage.training.finished_adapter import sound
from lineage.training.job import HISTORY, PREFERENCE_HISTORY, Job, Outcome, Progress, Trainer
from lineage.training.plan import Plan, packages, planned
from lineage.training.resource_errors import explained
from lineage.training.stop_signals import answered, stop_between_phases


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it: the adapter's SHA-256, its last logged loss, and the folder of its checkpoints.

    Nobody needs the checkpoints once the adapter is in its place.
    """

    adapter: str
    loss: float
    checkpoints: Path


def train(c: Curriculum, v: ResolvedVersion, out: Path) -> Trained:
    """Train a version into the folder `out`: adapter, tokenizer, loss curves and manifest.

    Raises:
        LineageError: from the parent, the mix, a guard or a shortage, with its remedy.
        Preempted: stopped from outside; the same call goes on from its checkpoint.
    """
    machine.return_freed_memory()
    if c.active.trainer == "unsloth":
        from lineage.training.backends import unsloth as trainer

        trainer.import_first()  # it patches transformers, PEFT and TRL
    else:
        from lineage.base_model.fast_import import import_lean
        from lineage.training.backends import hf as trainer  # type: ignore[no-redef]

        import_lean(c.active)
    import torch

    plan = planned(c, v)
    print(plan.announcement())
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    begun, anew = time.monotonic(), not any(plan.job.checkpoints.rglob("checkpoint-*"))
    progress, preferred = Progress(), None
    done = supervised(plan, trainer, progress, out)
    if plan.pairs:
        stop_between_phases(plan.job, progress)
        preferred = preference(plan, trainer, progress, out)
    if anew:  # the time of a run that was resumed says nothing of its speed
        journal.note(**plan.amount(), training_seconds=round(time.monotonic() - begun, 1))
    with answered(plan.job, progress, "publishing"), explained(plan.job, progress, "publishing"):
        publish(plan, done, preferred, out)
    return Trained(sha256(out / WEIGHTS), done.history[-1]["loss"], plan.job.checkpoints)


def supervised(plan: Plan, trainer: Trainer, progress: Progress, out: Path) -> Outcome:
    """Train the first phase, on the mix. Before a second one its adapter is kept in the scratch folder.

    Args:
        plan: of the version.
        trainer: how the model is loaded.
        progress: of this training, through both phases.
        out: the folder for the adapter, if there is no second phase.
    """
    job, kept = plan.job, plan.job.checkpoints / "supervised"
    if not plan.pairs:
        return computed(job, trainer, progress, out)
    if not (kept / "outcome.json").is_file():
        with appearing(kept) as (folder,):
            outcome = computed(job, trainer, progress, folder)
            write_json(folder / "outcome.json", asdict(outcome) | {"adapter": sound(folder, job)})
    try:
        found = json.loads((kept / "outcome.json").read_text(encoding="utf-8"))
        whole = found.pop("adapter") == sha256(kept / WEIGHTS)
        outcome = Outcome(**found)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        shutil.rmtree(kept)
        raise LineageError(f"{job.version}: {kept} was changed; it is deleted now, run the same command again")
    return outcome


def preference(plan: Plan, trainer: Trainer, progress: Progress, out: Path) -> Outcome:
    """Train the second phase: direct preference optimisation, from the adapter of the first.

    Args:
        plan: of the version; it has pairs.
        trainer: how the model is loaded.
        progress: of this training, through both phases.
        out: the folder for the adapter.
    """
    job, pairs = plan.job, plan.pairs
    assert pairs
    second = replace(
        job,
        parent=job.checkpoints / "supervised",
        checkpoints=job.checkpoints / "preference",
        dataset=pairs.dataset,
        lengths=pairs.lengths,
        steps=pairs.inputs.steps,
        learning_rate=pairs.inputs.learning_rate,
        beta=pairs.inputs.beta,
    )
    outcome = computed(second, trainer, progress, out)
    sound(out, second)  # not the adapter of the first phase, byte for byte
    return outcome


def computed(job: Job, trainer: Trainer, progress: Progress, out: Path) -> Outcome:
    """Train one phase, in this process or on several.

    Args:
        job: the phase.
        trainer: how the model is loaded.
        progress: of the training that the phase is a part of.
        out: the folder where the adapter's two files lie afterwards.
    """
    from lineage.training import dpo, launch, sft
    from lineage.training.adapter_saving import save_adapter

    with answered(job, progress), explained(job, progress):
        if job.profile.launch.processes > 1:
            return launch.fit(job, out)
        model, outcome = (sft if job.beta is None else dpo).fit(job, trainer, progress)
        save_adapter(model, job.base_name, out, job.base_revision)
    return outcome


def publish(plan: Plan, done: Outcome, preferred: Outcome | None, out: Path) -> None:
    """Check the adapter in `out` and write tokenizer, loss curves and the manifest beside it.

    Args:
        plan: what was to be trained.
        done: what came of the first phase.
        preferred: what came of the second, if there is one.
        out: the folder with the adapter.
    """
    adapter = sound(out, plan.job)
    plan.job.tokenizer.save_pretrained(out)
    write_history(out / "history.csv", done, HISTORY)
    inputs = {name: getattr(plan.inputs, name) for name in plan.inputs.model_fields_set}
    if preferred:
        write_history(out / "preference.csv", preferred, PREFERENCE_HISTORY)
        inputs["preference"] = PreferencePhase(
            **dict(inputs["preference"]), requested=preferred.requested, effective=preferred.effective
        )
    manifest = AdapterManifest(
        **inputs,
        adapter=adapter,
        requested=done.requested,
        effective=done.effective,
        trainable_parameters=done.trainable_parameters,
        eight_bit_share=done.eight_bit_share,
        packages=packages(plan.job.profile.trainer),
        fingerprint=plan.fingerprint,
        code=plan.code,
    )
    write_manifest(out, manifest)


def write_history(path: Path, outcome: Outcome, columns: Sequence[str]) -> None:
    """The loss curve, one line a logged step."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, lineterminator="\n")
        table.writeheader()
        table.writerows(outcome.history)
