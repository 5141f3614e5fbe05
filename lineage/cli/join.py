"""Train a version together with the node that leads its training.

lineage join v3     on each node but the first, in a checkout of the same commit; the first runs: dvc repro train@v3

The profile says how many nodes there are, and where the first one listens: launch: {processes, nodes, rendezvous}.
Before the first step all nodes show that they have the same code, packages, settings and data.
"""

import argparse
import sys

from lineage.config.load import load_curriculum
from lineage.core.errors import Preempted
from lineage.core.stage import only_writer
from lineage.nodes.several_nodes import join_training

GROUP = "before a rebuild"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version."""
    parser.add_argument("version")


def run(options: argparse.Namespace) -> None:
    """Join, with nothing else writing in this workspace; a stop exits as a stage's does."""
    c = load_curriculum()
    v = c.version(options.version)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        with only_writer(f"lineage join {v.name}"):
            join_training(c, v)
    except Preempted as stopped:
        print(f"\n✗ {stopped}\n", file=sys.stderr)
        sys.exit(stopped.exit_code)
