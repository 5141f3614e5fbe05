"""Bring this workspace to the program that is installed.

A stage refuses to run with another program than the one that the workspace's program/ names. This writes dvc.yaml and
program/ anew. What computes the same as before stays up to date.
"""

import argparse

from lineage.workspaces.upgrade import upgrade

GROUP = "in and out of the lineage"


def run(options: argparse.Namespace) -> None:
    """Write the files of the installed program."""
    changed = upgrade()
    for line in changed:
        print(line)
    if changed:
        print("\nSee what that makes stale: lineage diff. To go back: git checkout dvc.yaml program")
    else:
        print("this workspace is of the installed program already")
