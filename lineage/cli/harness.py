"""What lm-evaluation-harness measures of a version, beside ours.

Writes the held-out sets as its task files, lets it ask the version (offline, one row at a time), and prints both
figures. With --tasks-only it stops after the files, for `lm_eval --include_path`; see docs/harness.md.
"""

import argparse
import os

from lineage.config.load import load_curriculum
from lineage.config.schema import BASE
from lineage.core import paths
from lineage.core.errors import LineageError

GROUP = "what a rebuild made"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, on what."""
    parser.add_argument("version", help="base or a version of params.yaml")
    parser.add_argument("sets", nargs="*", metavar="SET", help="held-out sets, or krx_style.market (default: all)")
    parser.add_argument("--rows", type=int, help="of a set at most (default: evaluation.rows)")
    parser.add_argument("--answers", action="store_true", help="let the harness ask for answers in words, too: slow")
    parser.add_argument("--tasks-only", action="store_true", help="write the task files and stop")


def run(options: argparse.Namespace) -> None:
    """Write the tasks, run the harness on them, and print a line for each."""
    c = load_curriculum()
    if options.version not in (BASE, *c.versions):
        raise LineageError(f"unknown version {options.version!r}; params.yaml has base, {', '.join(c.versions)}")
    os.environ["OMP_NUM_THREADS"] = str(c.active.threads or os.cpu_count() or 1)  # before torch, which reads it once
    from lineage.evaluation import inference
    from lineage.harness.agreement import agreements
    from lineage.harness.task_files import SPOKEN, chosen_sets, tasks_of, write_tasks

    sets = chosen_sets(c, options.sets, options.rows)
    tokenizer, spoken = inference.tokenizer_of_base(), options.answers or options.tasks_only
    tasks = [task for s in sets for task in tasks_of(c, tokenizer, s) if spoken or task.kind not in SPOKEN]
    folder = paths.HARNESS_TASKS
    write_tasks(tasks, folder)
    print(f"{len(tasks)} tasks in {folder}, of {sum(len(s.records) for s in sets):,} rows in {len(sets)} sets")
    if options.tasks_only:
        return
    found = agreements(c, options.version, sets, tasks, folder)
    print(f"{'task':48}{'rows':>6}{'harness':>10}{'ours':>10}{'apart':>10}{'newline':>9}  ")
    for one in found:
        ours = f"{one.ours:.4f}" if one.ours is not None else "–"
        apart = f"{one.apart:.1e}" if one.compared else "–"
        note = f"{one.otherwise} of {one.otherwise + one.compared} tokenised otherwise" if one.otherwise else ""
        print(f"{one.task:48}{one.rows:>6}{one.theirs:>10.4f}{ours:>10}{apart:>10}{one.newline:>9.3f}  {note}".rstrip())
