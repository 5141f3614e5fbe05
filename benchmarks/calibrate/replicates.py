"""Versions that differ by their seed alone, or by a planted effect: trained and measured in a clone of this checkout.

A short chain, v1 → v4, and no source but theirs. v4 is trained again and again, each time with another seed (the order
of its rows, and what else a training draws); its base, its parent and its rows are the same. The planted effect is a
longer training: so much more of the budget.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lineage.core.errors import LineageError

PARENT, TRIAL = "v1", "v4"
HELDOUT_ROWS = 96  # of a set: comparisons are made on random halves of its groups


@dataclass(frozen=True, slots=True)
class Replicate:
    """A version of the clone. scale: its budget in shares of the trial's, 1.0 for those that differ by seed alone."""

    name: str
    scale: float
    seed: int


def replicates(unchanged: int, planted: dict[float, int]) -> list[Replicate]:
    """The versions to train.

    unchanged: how many differ by their seed alone. planted: budget → how many.
    """
    asked = {1.0: unchanged} | planted
    return [
        Replicate(f"trial_{at}_{number:02d}", scale, 1_000 * at + number)
        for at, (scale, many) in enumerate(asked.items())
        for number in range(many)
    ]


def prepare(place: Path, wanted: list[Replicate], tokens: int) -> None:
    """Clone this checkout and let DVC make what the replicates share: base, parent, mix and held-out sets.

    Args:
        place: where the clone lies; one that is there already is gone on with.
        wanted: the replicates.
        tokens: the budget of a training.
    """
    if not (place / "dvc.yaml").is_file():
        subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(place)], check=True)
    os.chdir(place)
    file = Path("params.yaml")
    tree: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    if missing := {PARENT, TRIAL} - set(tree["versions"]) or {"cpu"} - set(tree["profiles"]):
        raise LineageError(
            f"params.yaml: {', '.join(sorted(missing))} missing; the short chain is {PARENT} → {TRIAL}, cpu"
        )
    trial = tree["versions"][TRIAL]
    trial = {**trial, "parent": PARENT, "train": {"lr_scale": 1.0, "budget_scale": 1.0}}
    used = {*tree["versions"][PARENT]["mix"], *trial["mix"]}
    tree |= {"sources": {name: one for name, one in tree["sources"].items() if name in used}}
    tree |= {"papers": {}, "generated": {}, "data": "sample", "profile": "cpu"}
    tree.pop("goal", None)  # it may name other sources; the caller has it
    tree["versions"] = {PARENT: tree["versions"][PARENT], TRIAL: trial} | {
        one.name: {**trial, "train": {"lr_scale": 1.0, "budget_scale": one.scale}} for one in wanted
    }
    tree["profiles"][tree["profile"]]["budget"] = {"tokens": tokens}
    tree["evaluation"] |= {"rows": HELDOUT_ROWS, "answers": 0}
    file.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    asked = ["baseline", f"train@{PARENT}", f"mix@{TRIAL}", "superseded"]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([sys.executable, "-m", "dvc", "repro", *asked], check=True, env=environment)


def made(wanted: list[Replicate]) -> Iterator[Replicate]:
    """Train and measure those that are not there yet, in this process; yields each when it is measured."""
    from lineage.config.load import load_curriculum
    from lineage.core import paths
    from lineage.core.files import appearing
    from lineage.evaluation.evaluate import evaluate
    from lineage.evaluation.heldout import heldout_sets
    from lineage.training.train import train

    os.environ["OMP_NUM_THREADS"] = "1"
    c = load_curriculum()
    sets = heldout_sets(c.evaluation.rows)
    for one in wanted:
        v = c.version(one.name)
        if not v.mix.is_dir():
            v.mix.symlink_to(Path(TRIAL), target_is_directory=True)
        if not paths.training_record(one.name).is_file():
            with appearing(v.adapter) as (out,):
                trained = train(c.model_copy(update={"seed": one.seed}), v, out)
            shutil.rmtree(trained.checkpoints, ignore_errors=True)
        if not v.metrics.is_dir():
            with appearing(v.metrics) as (out,):
                evaluate(c, one.name, sets, out)
        yield one
