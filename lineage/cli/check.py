"""What can be built from what is here, and what it will cost."""

import argparse

from rich.console import Console
from rich.table import Table

from lineage.config.buildable import files_of, prepare
from lineage.config.load import load_curriculum
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.plain_text import for_markup
from lineage.ingest.unread_columns import unread_columns
from lineage.planning.cost import here
from lineage.planning.cost import table as costs
from lineage.planning.long_rows import rows_too_long
from lineage.planning.readiness import Readiness, drifted_packages, readiness
from lineage.planning.tidy import leftover_folders
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

    def say(line: str, colour: str = "yellow") -> None:
        console.print(f"[{colour}]{for_markup(line)}[/]", soft_wrap=True, highlight=False)

    console.print(f"params.yaml is sound: profile {c.profile}, data {c.data}, {len(c.versions)} versions")
    if c.data == "own":
        console.print(_own_files(c))
        if empty := [name for name in c.sources if not files_of(c, name) and name not in c.generated]:
            say(f"no files yet in {paths.RAW / c.data}: {', '.join(empty)}")
    versions = list(readiness(c))
    for one in versions:
        if one.lacked:
            mended = f"once that is mended: dvc repro train@{one.version}"
            say(f"{one.version} was not built at the last rebuild: {one.lacked}; {mended}")
        elif not one.obstacle:
            console.print(f"[green]{one.version}[/] can be built: dvc repro train@{one.version}")
    for why, names in _by_obstacle(versions).items():
        say(f"{', '.join(names)} {why}")
    careful = [*rows_too_long(c)]
    careful += [
        f"{one.name}: {one.why} any more; `lineage tidy` removes what nobody needs" for one in leftover_folders(c)
    ]
    careful += [*unread_columns(c), *drifted_packages(c)]
    for line in careful:
        say(line)
    shown, cautious, refused = costs(c, {one.version for one in versions if one.obstacle})
    console.print(here(), highlight=False)
    console.print(shown)
    for line in cautious:
        say(line)
    if all(one.obstacle for one in versions):
        raise LineageError(f"nothing can be built yet; put files into {paths.RAW / c.data}/<source>/ (see the README)")
    if refused:
        raise LineageError("\n".join(refused))


def _by_obstacle(versions: list[Readiness]) -> dict[str, list[str]]:
    """The versions that cannot be built, by what stands in their way."""
    found: dict[str, list[str]] = {}
    for one in versions:
        if one.obstacle:
            found.setdefault(one.obstacle, []).append(one.version)
    return found


def _own_files(c: Curriculum) -> Table:
    """The sources that have files."""
    table = Table("source", "files", "folder", "reader")
    for name, source in c.sources.items():
        if count := files_of(c, name):
            made = c.generated.get(name)
            where = f"made from {made.reference}" if made else c.raw_folder(name).as_posix()
            table.add_row(name, str(count), where, source.reader)
    return table
