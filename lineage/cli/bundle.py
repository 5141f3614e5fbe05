"""This commit and all it needs as one archive, for a closed network.

Written to exports/krx-lineage-<commit>.tar, with the number that its receiver compares.
"""

import argparse
import sys

from lineage.bundle.bundle import bundle
from lineage.config.load import load_curriculum
from lineage.core.machine import size
from lineage.core.stage import only_writer

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which packages beside those of every installation."""
    parser.add_argument("--extra", action="append", default=[], metavar="NAME", help="of pyproject.toml, such as gpu")


def run(options: argparse.Namespace) -> None:
    """Pack, and print what went in and the number to carry."""
    c = load_curriculum()
    with only_writer("lineage bundle"):
        made = bundle(c, tuple(options.extra), lambda line: print(line, file=sys.stderr, flush=True))
    if made.not_made:
        print(f"note: not made yet, so it will be made there: {', '.join(made.not_made)}", file=sys.stderr)
    print(f"{made.archive}  {size(made.archive.stat().st_size)}")
    print(f"commit {made.commit[:12]}: {made.wheels:,} wheels, {made.objects:,} objects and {made.runs:,} runs of DVC")
    print(f"SHA-256, to be carried by another way than the archive:\n{made.number}")
