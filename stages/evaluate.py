"""A version on every held-out set: `python -m stages.evaluate v3` → `metrics/v3`.

Every version, and the base, answers the same rows of the same sets, whatever it was trained on:

- `measures.json`: per set the NLL per supervised token, the task's own score, and their intervals;
- `rows.jsonl`: NLL and score row by row, so that two versions can be compared in pairs;
- `answers.jsonl`: a few answers in full, the same questions for every version;
- `not_built.json` in their place, where the version is not built.

A set is measured once for the same weights: results are cached in `.state/evaluations` by content.
"""

import os

from lineage.artifacts.not_built import NotBuilt, find_not_built, write_not_built
from lineage.config.excerpts import must_be_checked
from lineage.config.load import load_curriculum
from lineage.config.schema import BASE
from lineage.core import paths
from lineage.core.inputs import NOTHING, Inputs, publishing
from lineage.core.stage import argument, run_stage
from lineage.evaluation.evaluate import evaluate
from lineage.evaluation.heldout import heldout_sets


def main(inputs: Inputs = NOTHING) -> None:
    """Evaluate the version that the command line names, or the base."""
    c = load_curriculum()
    must_be_checked(c, paths.EVALUATE_EXCERPT)
    version = argument(f"base or a version, one of {', '.join(c.versions)}")
    if version != BASE:
        c.version(version)
    if find_not_built(paths.adapter(version)):
        with publishing(inputs, paths.metrics(version)) as (out,):
            write_not_built(out, NotBuilt(version=version))
        print(f"{version}: NOT BUILT, so there is nothing to measure")
        return
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)
    with publishing(inputs, paths.metrics(version)) as (out,):
        evaluate(c, version, heldout_sets(c.evaluation.rows, c.evaluation.rows_of), out)


if __name__ == "__main__":
    run_stage(main)
