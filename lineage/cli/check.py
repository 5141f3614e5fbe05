"""`lineage check`: what can be built from what is here, what it costs, and where packages differ from a record's."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lineage.artifacts.manifest import manifests
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.planning.cost import here
from lineage.planning.cost import table as costs


def check(c: Curriculum) -> None:
    """Print what can be built and what it costs, and where the installed packages differ from a record's.

    Raises:
        LineageError: if nothing can be built, or a version needs more than this machine has.
    """
    from lineage.config.buildable import buildable, files_of, prepare

    prepare(c)
    console = Console()
    console.print(f"params.yaml is sound: profile {c.profile}, data {c.data}, {len(c.versions)} versions")
    if c.data == "own":
        table = Table("source", "files", "folder", "reader")
        for name, source in c.sources.items():
            made = c.generated.get(name)
            where = f"made from {made.reference}" if made else c.raw_folder(name).as_posix()
            table.add_row(name, str(files_of(c, name)), where, source.reader)
        console.print(table)
    ready, away = [], set()
    for version in buildable(c):
        adopted = paths.ADOPTED / version.version
        if c.versions[version.version].train.adopted and not adopted.is_dir():
            back = f"bring it back with `dvc checkout {adopted}.dvc`, or adopt it again"
            console.print(f"[yellow]{version.version}[/] cannot be built: {adopted} is not here; {back}")
            if not paths.training_record(version.version).is_file():
                away.add(version.version)
        elif above := [parent for parent in c.ancestors(version.version) if parent in away]:
            console.print(f"[yellow]{version.version}[/] cannot be built before {above[-1]}")
        elif version.missing:
            console.print(f"[yellow]{version.version}[/] cannot be built: no files for {', '.join(version.missing)}")
        else:
            ready.append(version.version)
            console.print(f"[green]{version.version}[/] can be built: dvc repro train@{version.version}")
    for folder in leftovers(c):
        console.print(f"[yellow]{folder} is of nothing in params.yaml any more, and still counted; delete it[/]")
    for line in drifted_packages():
        console.print(f"[yellow]{line}[/]")
    shown, careful, refused = costs(c)
    console.print(here(), highlight=False)
    console.print(shown)
    for line in careful:
        console.print(f"[yellow]{line}[/]")
    if not ready:
        raise LineageError(f"nothing can be built yet; put files into {paths.RAW / c.data}/<source>/ (see the README)")
    if refused:
        raise LineageError("\n".join(refused))


def drifted_packages() -> list[str]:
    """Adapters whose manifest names other package versions than those installed: rebuilding may give other bytes."""
    lines = []
    for version, manifest in manifests():
        for package, recorded in manifest.packages.items():
            try:
                here = installed(package).partition("+")[0]
            except PackageNotFoundError:
                here = "missing"
            if here != recorded:
                lines.append(f"{version} was trained with {package} {recorded}, here is {here}")
    return lines


def leftovers(c: Curriculum) -> list[str]:
    """Folders of sources and versions that params.yaml no longer names: what reads all records still meets them."""
    rooms = {paths.RECORDS: set(c.sources), paths.HELDOUT: set(c.sources), paths.MIXES: set(c.versions)}
    return [
        folder.as_posix()
        for room, known in rooms.items()
        for folder in sorted(Path(room).glob("*/"))
        if folder.name not in known
    ]
