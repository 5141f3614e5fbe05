"""Train a version: `python -m stages.train v3` → `models/v3`: adapter, tokenizer, `lineage.json`, `history.csv`.

A version continues its parent's weights with a fresh optimizer and schedule; a run of the *same* version that crashed
goes on from its checkpoint. A version that was trained elsewhere is checked and published instead, and one that was
trained here already, from the same and perhaps under another name, is taken up. Without a mix or a parent it is not
built: `models/v3/not_built.json` stands in its place, and the stage has ended well.
"""

import os
import shutil

from lineage.adoption.adopted_version import publish_adopted
from lineage.artifacts.not_built import what_training_lacks, why_not_built, write_not_built
from lineage.config.excerpts import must_be_checked
from lineage.config.load import load_curriculum
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.nodes.several_nodes import train_on_nodes
from lineage.planning.cost import refuse_what_cannot_fit
from lineage.prefetch.prefetch import prefetching
from lineage.training.taken_up import take_up
from lineage.training.train import train

KEPT = (
    "Nothing of the training is lost: its checkpoint is kept. If the change is taken back, or has no part in the "
    "result, the same command goes on from there at once."
)


def main(inputs: Inputs = NOTHING) -> None:
    """Train the version that the command line names."""
    c = load_curriculum()
    v = c.version(argument(f"a version, one of {', '.join(c.versions)}"))
    must_be_checked(c, paths.TRAIN_EXCERPT)
    if lacking := what_training_lacks(v.name, v.parent):
        with publishing(inputs, v.adapter) as (out,):
            write_not_built(out, lacking)
        print(f"{v.name}: NOT BUILT, {why_not_built(v.name)}")
        return
    # Read once by the first library that computes.
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)
    with publishing(inputs, v.adapter, note="" if v.spec.train.adopted else KEPT) as (out,):
        if v.spec.train.adopted:
            print(publish_adopted(c, v, out))
            return
        if said := take_up(c, v, out):
            print(said)
            return
        refuse_what_cannot_fit(c, v)
        with prefetching(c, v.name):
            trained = train(c, v, out) if c.active.launch.nodes == 1 else train_on_nodes(c, v, out)
    # Not before: a run that is killed while its folder appears goes on from there.
    shutil.rmtree(trained.checkpoints, ignore_errors=True)
    print(f"{v.name}: adapter {trained.adapter[:12]}, final loss {trained.loss:.3f}")


if __name__ == "__main__":
    run_stage(main)
