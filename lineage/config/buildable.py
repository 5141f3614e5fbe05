"""Which versions can be built from the raw files that are there, and which sources still have none."""

from collections.abc import Iterator
from dataclasses import dataclass

from lineage.config.schema import Curriculum
from lineage.core.errors import LineageError


@dataclass(frozen=True, slots=True)
class Buildable:
    """Whether a version has everything that it and its ancestors train on; `missing` are sources without files."""

    version: str
    missing: tuple[str, ...]


def prepare(c: Curriculum) -> None:
    """Make the folders of a user's own sources that are not there yet: an empty source gives no records.

    Raises:
        LineageError: something else stands where a folder belongs.
    """
    for source in c.sources if c.data == "own" else ():
        folder = c.raw_folder(source)
        if source in c.generated:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise LineageError(
                f"{folder}: here belongs the folder of {source}, but there is a file, or a link that leads nowhere: "
                "move it away"
            ) from error


def files_of(c: Curriculum, source: str) -> int:
    """How many raw files a source has; of a generated one, those of its reference."""
    folder = c.raw_folder(c.generated[source].reference if source in c.generated else source)
    if not folder.is_dir():
        return 0
    return sum(p.is_file() and not p.is_symlink() and not p.name.startswith(".") for p in folder.rglob("*"))


def buildable(c: Curriculum) -> Iterator[Buildable]:
    """For each version, the sources without files that it or an ancestor trains on."""
    empty = set() if c.data == "sample" else {s for s in c.sources if not files_of(c, s)}
    for version in c.in_order():
        needed = [s for v in (version, *c.ancestors(version)) for s in c.versions[v].mix]
        yield Buildable(version, tuple(dict.fromkeys(s for s in needed if s in empty)))
