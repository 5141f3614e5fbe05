"""A new workspace: a folder with a lineage of its own.

    lineage init my-lineage                    the KRX lineage, v1 → v6, on its sample data
    lineage init my-lineage --system empty     one version on rows of your own
    lineage init my-loans --system kor_llama   the grades of loans, after a public system

A workspace is a repository of git and DVC of its own; the program stays installed where it is.
"""

import argparse
from pathlib import Path

from lineage.workspaces.create import create, systems

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and what it begins with."""
    parser.add_argument("folder", type=Path, help="made if it is not there; files of your own in it stay")
    parser.add_argument(
        "--system", default="krx", choices=systems(), help="the lineage that it begins with (default: krx)"
    )


def run(options: argparse.Namespace) -> None:
    """Make it, and say what comes next."""
    create(options.folder, options.system)
    print(
        f"{options.folder} is a workspace: params.yaml says what is trained on what\n\n"
        f"  cd {options.folder}\n"
        f"  lineage check        what can be built, and what it costs\n"
        f"  dvc repro            build it\n"
        f"  lineage results      what each version learnt"
    )
