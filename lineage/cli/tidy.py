"""What no version needs any more, with its size; --yes removes it.

Raw files, adapters that came from elsewhere and DVC's cache are never touched.
"""

import argparse

from rich.console import Console
from rich.table import Table

from lineage.config.load import load_curriculum
from lineage.core.machine import size
from lineage.core.stage import only_writer
from lineage.planning.dvc_graph import look, undisturbed
from lineage.planning.state import DVC_FOLDER, states
from lineage.planning.tidy import COLLECT, leftovers, remove

GROUP = "in and out of the lineage"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to remove, or only to list."""
    parser.add_argument("--yes", action="store_true", help="remove what is listed; without it nothing is changed")


def run(options: argparse.Namespace) -> None:
    """List what is left of what params.yaml no longer names, and remove it if that is wished."""
    c = load_curriculum()
    with only_writer("lineage tidy"):
        view = undisturbed(look(c)) if DVC_FOLDER.is_dir() else None
        unfinished = any(state.word != "built" for state in states(c, view).values())
        found = leftovers(c, view, unfinished=unfinished)
        console = Console()
        if not found:
            console.print("nothing is left of what params.yaml no longer names")
            return
        table = Table("what", "size", "why")
        for one in found:
            table.add_row(one.name, size(one.bytes) if one.bytes else "", one.why)
        console.print(table)
        if not options.yes:
            console.print("nothing was changed; to remove it: lineage tidy --yes")
            return
        remove(found)
    console.print(
        f"removed: {size(sum(one.bytes for one in found))}. What stands on all sources is made again: dvc repro"
    )
    console.print(
        f"DVC's cache still holds it. `{COLLECT}` lists what no file here needs; with --force in place of --dry it is "
        "gone for good, also what only other commits and branches name (add --all-commits to keep those)",
        soft_wrap=True,
    )
