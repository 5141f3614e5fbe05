"""The note in place of what could not be built, `not_built.json` in the folder of a version's mix, adapter, measures.

data/mixes/v2/not_built.json    {"version": "v2", "no_rows": {"accounting": "no rows came in"}}
models/v2/not_built.json        {"version": "v2"}: its mix is not built, and says why
models/v4/not_built.json        {"version": "v4", "parent": "v3"}
metrics/v2/not_built.json       {"version": "v2"}: there is no adapter to measure

A stage that leaves one has ended well: the rest of the lineage is built without it. Each note says only what its stage
depends on, so it is written again when that changes; files that are put in later build the version.
"""

from pathlib import Path

from pydantic import Field

from lineage.artifacts.artifact import Artifact, parsed, write
from lineage.core import paths

NO_ROWS = "no rows came in"


class NotBuilt(Artifact):
    """Why a version could not be built, or nothing where an earlier stage's note says it.

    no_rows: source of its mix → why it gives the mix no row. parent: its parent, which is not built.
    """

    version: str
    no_rows: dict[str, str] = Field(default_factory=dict)
    parent: str | None = None

    @property
    def why(self) -> str:
        """The reason in words; empty where the note of an earlier stage has it."""
        empty = [source for source, why in self.no_rows.items() if why == NO_ROWS]
        others = [f"{source}: {why}" for source, why in self.no_rows.items() if why != NO_ROWS]
        waits = [f"its parent {self.parent} is not built"] if self.parent else []
        return "; ".join([*([f"no rows of {', '.join(empty)}"] if empty else []), *others, *waits])


def write_not_built(folder: Path, note: NotBuilt) -> None:
    """Write the note into the folder of a mix, an adapter or measures."""
    write(paths.not_built(folder), note)


def find_not_built(folder: Path) -> NotBuilt | None:
    """The note in the folder of a mix, an adapter or measures; None where there is none.

    Raises:
        LineageError: the file is damaged; with the command to run.
    """
    file = paths.not_built(folder)
    return parsed(NotBuilt, file.read_bytes(), file, "run `dvc repro` to make it again") if file.is_file() else None


def left_by(stage: str) -> bool:
    """Whether a stage, named as DVC does, left a note in place of what it makes."""
    name, _, version = stage.partition("@")
    folder = {"mix": paths.mix, "train": paths.adapter, "evaluate": paths.metrics}.get(name)
    return bool(folder and find_not_built(folder(version)))


def what_training_lacks(version: str, parent: str) -> NotBuilt | None:
    """What a version's training leaves in place of an adapter; None where it has a mix and a parent."""
    if find_not_built(paths.mix(version)):
        return NotBuilt(version=version)
    if find_not_built(paths.adapter(parent)):
        return NotBuilt(version=version, parent=parent)
    return None


def why_not_built(version: str, root: Path = Path()) -> str:
    """Why the last rebuild could not build a version of the workspace at `root`; empty where nothing says that.

    Raises:
        LineageError: a note is damaged; with the command to run.
    """
    if note := find_not_built(root / paths.mix(version)):
        return note.why
    note = find_not_built(root / paths.adapter(version))
    return note.why if note and note.parent and find_not_built(root / paths.adapter(note.parent)) else ""
