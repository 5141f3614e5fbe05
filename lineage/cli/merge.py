"""Another clone's or branch's lock, merged into dvc.lock by stages.

    lineage merge ../other-clone          what was trained there, offline
    lineage merge origin/v5               what was trained on a branch
    lineage merge ../other-clone --again report

A stage that both sides made in two ways is refused, with both sides named. As git's own merge of dvc.lock:
docs/several-machines.md.
"""

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from lineage.core.declaration import declarations, waits_for
from lineage.core.ordering import parents_first
from lineage.core.paths import DVC_LOCK
from lineage.core.stage import only_writer
from lineage.planning.lock_merge import merge_locks, must_fit, stale_after
from lineage.planning.lock_sides import sides_of

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The other lock, and what git says when it calls this."""
    parser.add_argument("other", metavar="OTHER", help="a dvc.lock, a folder that holds one, or a commit or branch")
    parser.add_argument("--base", metavar="LOCK", help="what both began with, where git does not know it")
    parser.add_argument("--into", metavar="LOCK", type=Path, help="merge into this file, and look at no dvc.yaml (git)")
    parser.add_argument(
        "--again", metavar="STAGE", action="append", default=[], help="a stage to be made again instead"
    )


def run(options: argparse.Namespace) -> None:
    """Merge, write the lock, and say what was taken and what is to be made again."""
    into = options.into or DVC_LOCK
    with nullcontext() if options.into else only_writer("lineage merge"):
        sides = sides_of(options.other, into, options.base)
        graph = {} if options.into else declarations()
        merged = merge_locks(sides.ours, sides.theirs, sides.base, parents_first(waits_for(graph)), options.again)
        if graph:
            must_fit(sides.theirs.name, merged.lock, merged.taken, graph)
        if merged.taken or merged.again:
            fresh = into.with_name(f".{into.name}.new")
            fresh.write_text(merged.lock.text(), encoding="utf-8")
            fresh.replace(into)
    if options.into:
        return
    kept = [stage for stage in merged.taken if stage in merged.lock.entries]
    gone = [stage for stage in merged.taken if stage not in merged.lock.entries]
    again = dict.fromkeys([*merged.again, *(one for one in stale_after(merged.lock) if one not in merged.again)])
    print(f"taken from {sides.theirs.name}: {', '.join(kept) or 'nothing'}")
    if gone:
        print(f"taken out, as there: {', '.join(gone)}")
    if again:
        print(f"made by no side from what is here now, so to be made again: {', '.join(again)}")
    if kept:
        print("their files: dvc pull (from a remote); `dvc repro` makes again what no cache has")
    sys.stdout.flush()
