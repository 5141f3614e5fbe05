"""What can be built from what is here, and what it will cost."""

import argparse

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lineage.config.buildable import files_of, prepare
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.ingest.unread_columns import unread_columns
from lineage.planning.cost import here
from lineage.planning.cost import table as costs
from lineage.planning.long_rows import rows_too_long
from lineage.planning.readiness import drifted_packages, leftovers, readiness
from lineage.readers import check_readers

GROUP = "before a rebuild"


def run(options: argparse.Namespace) -> None:
    """Check the curriculum of this workspace."""
    check(load_curriculum())


def check(c: Curriculum) -> None:
    """Print what can be built and what it costs, and where the installed packages differ from a record's.

    Raises:
        LineageError: if nothing can be built, or a version needs more than this machine has.
    """
    check_readers(c)
    prepare(c)
    console = Console()
    console.print(f"params.yaml is sound: profile {c.profile}, data {c.data}, {len(c.versions)} versions")
    if c.data == "own":
        console.print(_own_files(c))
    versions = list(readiness(c))
    for one in versions:
        if one.obstacle:
            console.print(f"[yellow]{one.version}[/] {one.obstacle}")
        else:
            console.print(f"[green]{one.version}[/] can be built: dvc repro train@{one.version}")
    for line in rows_too_long(c):
        console.print(f"[yellow]{line}[/]")
    for folder in leftovers(c):
        console.print(f"[yellow]{folder} is of nothing in params.yaml any more, and still counted; delete it[/]")
    for line in unread_columns(c):
        console.print(f"[yellow]{escape(line)}[/]", soft_wrap=True)
    for line in drifted_packages():
        console.print(f"[yellow]{line}[/]")
    shown, careful, refused = costs(c)
    console.print(here(), highlight=False)
    console.print(shown)
    for line in careful:
        console.print(f"[yellow]{line}[/]")
    if all(one.obstacle for one in versions):
        raise LineageError(f"nothing can be built yet; put files into {paths.RAW / c.data}/<source>/ (see the README)")
    if refused:
        raise LineageError("\n".join(refused))


def _own_files(c: Curriculum) -> Table:
    table = Table("source", "files", "folder", "reader")
    for name, source in c.sources.items():
        made = c.generated.get(name)
        where = f"made from {made.reference}" if made else c.raw_folder(name).as_posix()
        table.add_row(name, str(files_of(c, name)), where, source.reader)
    return table
