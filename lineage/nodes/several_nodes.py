"""A version trained on several nodes: what the stage does on the first, and `lineage join` on each other.

The first node plans, waits for the others, trains its share, and alone writes adapter, checkpoints and journal. The
others plan the same from their own files, prove to be alike, and compute. The number of processes shapes what a step
is, not the number of nodes: a version has the same fingerprint on both.
"""

import os
import shutil
import time
from pathlib import Path

from lineage.base_model.fast_import import import_lean
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core import journal, machine, paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256
from lineage.core.paths import WEIGHTS
from lineage.nodes.local_processes import trained
from lineage.nodes.meeting import gathered, joined, opened
from lineage.nodes.rendezvous import rendezvous
from lineage.nodes.sameness import facts
from lineage.records.record import PARTS
from lineage.training.job import Progress
from lineage.training.plan import Plan, planned
from lineage.training.resource_errors import explained
from lineage.training.stop_signals import answered
from lineage.training.train import Trained, publish

FOR_A_PLAN = ("transformers.generation.utils",)  # what a tokenizer imports; the processes import the rest


def train_on_nodes(c: Curriculum, v: ResolvedVersion, out: Path) -> Trained:
    """As `train`, with other nodes; this is the first, and publishes.

    Raises:
        LineageError: as `train`, or nodes that did not come, or one that is gone.
        Preempted: stopped from outside; the same call goes on from its checkpoint.
    """
    launch, plan = c.active.launch, _planned(c, v)
    print(plan.announcement())
    anew = not any(plan.job.checkpoints.rglob("checkpoint-*"))
    progress = Progress()
    with answered(plan.job, progress, "waiting for the other nodes"), explained(plan.job, progress):
        meeting = opened(rendezvous(launch.rendezvous))
        print(
            f"{v.name}: waits at {meeting.at} for {launch.nodes - 1} other node(s), {launch.patience:g} s at most; "
            f"there: lineage join {v.name}"
        )
        gathered(meeting, facts(c, plan), launch.nodes, launch.patience)
        begun = time.monotonic()
        done = trained(plan.job, out, meeting)
        assert done, "the first node knows what happened"
    if anew:  # the time of a run that was resumed says nothing of its speed
        journal.note(**plan.amount(), nodes=launch.nodes, training_seconds=round(time.monotonic() - begun, 1))
    with answered(plan.job, progress, "publishing"), explained(plan.job, progress, "publishing"):
        publish(plan, done, None, out)
    return Trained(sha256(out / WEIGHTS), done.history[-1]["loss"], plan.job.checkpoints)


def join_training(c: Curriculum, v: ResolvedVersion) -> None:
    """Take part in a training that another node leads; nothing of it stays here.

    Raises:
        LineageError: there is nothing to join, this node lacks or has something else, or what ended the training.
        Preempted: it was stopped, here or elsewhere.
    """
    launch = c.active.launch
    if launch.nodes == 1:
        raise LineageError(
            f"profiles.{c.profile}.launch.nodes is 1: there is nothing to join. Set nodes, processes and rendezvous, "
            f"the same on every node"
        )
    _must_be_here(v)
    plan = _planned(c, v)
    progress = Progress()
    with answered(plan.job, progress, "waiting for the other nodes"), explained(plan.job, progress):
        at = rendezvous(launch.rendezvous)
        print(f"{v.name}: looks for the first node at {at}, {launch.patience:g} s at most")
        meeting = joined(at, facts(c, plan), launch.patience)
        print(f"{v.name}: all {launch.nodes} nodes are there, this is node {meeting.node + 1}")
        trained(plan.job, paths.STATE / "scratch" / v.name, meeting)
    shutil.rmtree(plan.job.checkpoints, ignore_errors=True)
    print(f"{v.name}: trained; the first node publishes it")


def _planned(c: Curriculum, v: ResolvedVersion) -> Plan:
    """The plan, once this machine is seen to have what its processes need."""
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # before torch: it warns of each try to connect
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)
    machine.return_freed_memory()
    import_lean(c.active, FOR_A_PLAN)
    import torch

    each = c.active.launch.each
    if torch.cuda.is_available() and torch.cuda.device_count() < each:
        raise LineageError(
            f"profiles.{c.profile}.launch: {each} processes on each node, but this one has "
            f"{torch.cuda.device_count()} GPU(s); one process needs one GPU"
        )
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    return planned(c, v)


def _must_be_here(v: ResolvedVersion) -> None:
    """Refuse a node without the files that training reads, with the command that brings them."""
    needed = {
        v.mix: [v.mix / f"{part}.jsonl" for part in PARTS],
        paths.BASE_MODEL: [paths.BASE_RECORD, paths.BASE_TOKENIZER],
    }
    if v.parent_adapter:
        needed[v.parent_adapter] = [v.parent_adapter / WEIGHTS]
    if lacking := [folder.as_posix() for folder, files in needed.items() if not all(f.is_file() for f in files)]:
        raise LineageError(
            f"{v.name}: this node lacks {', '.join(lacking)}. Bring them, with the first node's dvc.lock, from the DVC "
            f"remote that it pushed to: dvc pull {' '.join(lacking)}"
        )
