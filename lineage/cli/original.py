"""What a public system published, beside ours and beside a version.

    lineage original kor_llama        its settings, ours, and why they differ where they do
    lineage original kor_llama v1     and what was in force when v1 was trained and measured here

A table of Markdown. Ours are those of the profile gpu.
"""

import argparse

from lineage.workspaces.original_settings import markdown, originals, settings_beside

GROUP = "what a rebuild made"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The system, and a version."""
    parser.add_argument("system", choices=originals())
    parser.add_argument("version", nargs="?", help="a version of this workspace, which was begun with that system")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    print(markdown(settings_beside(options.system, options.version), options.version), end="")
