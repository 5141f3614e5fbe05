"""A source or a version more in params.yaml, its comments kept.

lineage add source memos ~/files/memos                  looks which reader reads them, and copies them in
lineage add version v7 --parent v6                      on the sources that no version has yet
lineage add version v7 --parent v6 --mix memos rules=0.5 --because "the memos of 2025"
"""

import argparse
from pathlib import Path

from lineage.config.load import load_curriculum
from lineage.workspaces.additions import add_source, add_version
from lineage.workspaces.proposals_told import told_of

GROUP = "before a rebuild"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is added."""
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="source | version")
    source = kinds.add_parser("source", help="files of your own, a folder or one file")
    source.add_argument("name", help="what params.yaml is to call it")
    source.add_argument("files", type=Path, help="a folder or a file; copied into the workspace")
    source.add_argument("--title", help="what people call it (default: the folder's name)")
    source.add_argument("--licence", help="one of licences: in params.yaml (default: terms not stated)")
    version = kinds.add_parser("version", help="a version that continues another")
    version.add_argument("name")
    version.add_argument("--parent", required=True, help="base, or the version that it continues")
    version.add_argument("--mix", nargs="+", default=[], metavar="SOURCE", help="memos, memos.record, rules=0.5 (half)")
    version.add_argument("--because", help="why there is this version")


def run(options: argparse.Namespace) -> None:
    """Add it, and say what comes next."""
    if options.kind == "source":
        found = add_source(options.name, options.files, options.title, options.licence)
        print("\n".join(told_of(found)))
        if load_curriculum().data != "own":
            print("\nparams.yaml says data: sample, which reads none of it: set data: own")
        print(f"\nNext: lineage add version … --mix {options.name}, then lineage check")
        return
    entry = add_version(options.name, options.parent, options.mix, options.because)
    mix = ", ".join(f"{source} ({one['form']}, {one['weight']:g} ×)" for source, one in entry["mix"].items())
    print(f"{options.name} continues {options.parent} on {mix}, and repeats {entry['replay']:.0%} of what came before")
    print(f"\nNext: lineage check, then dvc repro train@{options.name}")
