"""What no version needs any more: `lineage tidy` lists it, and removes it with `--yes`.

Folders of sources and versions that params.yaml no longer names, entries of `dvc.lock` of stages that no longer exist,
and what killed runs left in `.state`. Raw files, adapters that came from elsewhere, folders that no stage has made and
DVC's cache are never touched: what is removed here, DVC can bring back as long as a commit's `dvc.lock` names it.
"""

import re
import shutil
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lineage.artifacts.manifest import find_manifest
from lineage.config.reserved import BASE
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.paths import DVC_LOCK, STATE
from lineage.planning.dvc_graph import DvcView

COLLECT = "dvc gc --workspace --dry"  # what it would take out of DVC's cache, before anybody says --force


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder, a file, or (without a path) an entry of the lock. why: who does not need it any more."""

    path: Path | None
    name: str
    why: str
    bytes: int


def leftover_rows(c: Curriculum) -> list[Leftover]:
    """Rows of sources and versions that params.yaml no longer names: what reads all rows would still meet them."""
    rooms = [(paths.RECORDS, c.sources, "source"), (paths.HELDOUT, c.sources, "source")]
    return _unnamed([*rooms, (paths.MIXES, c.versions, "version")])


def leftover_folders(c: Curriculum) -> list[Leftover]:
    """These, and documents, adapters and measures of what params.yaml no longer names."""
    rooms = [(paths.DOCUMENTS / data, c.papers, "source") for data in ("sample", "own")]
    others = [(room, {*c.versions, BASE}, "version") for room in (paths.MODELS, paths.METRICS)]
    return [*leftover_rows(c), *_unnamed([*rooms, *others])]


def _unnamed(rooms: Iterable[tuple[Path, Container[str], str]]) -> list[Leftover]:
    return [
        Leftover(folder, folder.as_posix(), f"no {kind} {folder.name} in {paths.PARAMS}", size_of(folder))
        for room, known, kind in rooms
        for folder in sorted(room.glob("*"))
        if folder.name not in known and not folder.name.startswith(".") and _is_ours(folder)
    ]


def leftovers(c: Curriculum, view: DvcView | None, *, unfinished: bool) -> list[Leftover]:
    """Everything that no version needs any more.

    Args:
        c: the curriculum of this workspace.
        view: what DVC says; None: there is no DVC, and nothing is said of its lock.
        unfinished: whether some version waits to be trained, for which a checkpoint, or an entry of the lock under
            another name, may be gone on from.
    """
    found = leftover_folders(c)
    gone = [stage for stage in (view.lock if view else {}) if view and stage not in view.graph]
    if unfinished:  # a version that was given another name finds its adapter by the entries of the old one
        gone = [stage for stage in gone if stage.partition("@")[0] not in ("mix", "train")]
    found += [Leftover(None, stage, f"no such stage; an entry of {DVC_LOCK}", 0) for stage in gone]
    found += [
        Leftover(place, place.as_posix(), why, size_of(place))
        for place, why in _of_state(c, unfinished=unfinished)
        if place.is_dir() and any(place.iterdir())
    ]
    return found


def remove(found: list[Leftover]) -> None:
    """Remove it all; nothing of it is in use, which the caller has seen to.

    Raises:
        LineageError: naming what could not be removed.
    """
    stages = {one.name for one in found if one.path is None}
    if stages:
        text = DVC_LOCK.read_text(encoding="utf-8")
        fresh = DVC_LOCK.with_name(f".{DVC_LOCK.name}.new")
        fresh.write_text(without_stages(text, stages), encoding="utf-8")
        fresh.replace(DVC_LOCK)
    for one in found:
        if one.path is not None:
            try:
                if one.path.is_symlink() or one.path.is_file():
                    one.path.unlink()
                else:
                    shutil.rmtree(one.path)
            except OSError as error:
                raise LineageError(f"{one.name} could not be removed: {error.strerror or error}") from error


def without_stages(lock: str, stages: set[str]) -> str:
    """The text of `dvc.lock` without the entries of some stages; every other byte stays."""
    kept, dropping = [], False
    for line in lock.splitlines(keepends=True):
        if entry := re.match(r"(?:  (\S.*):\s*|\S.*)$", line):
            dropping = (entry[1] or "").strip("'\"") in stages
        if not dropping:
            kept.append(line)
    return "".join(kept)


def size_of(place: Path) -> int:
    """Bytes of a file, or of all files below a folder; links count as nothing."""
    if place.is_symlink():
        return 0
    files = [place] if place.is_file() else place.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def _is_ours(folder: Path) -> bool:
    """Whether a stage made it, and it can be made or fetched again."""
    if not folder.is_dir() or folder.with_name(f"{folder.name}.dvc").exists():
        return False
    if folder.parent != paths.MODELS:
        return True
    made = None if folder.is_symlink() else find_manifest(folder.name)
    noted = paths.not_built(folder).is_file()
    return noted or (made is not None and made.adopted is None)


def _of_state(c: Curriculum, *, unfinished: bool) -> Iterator[tuple[Path, str]]:
    """What runs that were killed left behind."""
    yield STATE / "scratch", "half of what a killed stage wrote"
    for folder in sorted((STATE / "launch").glob("*/")):
        if folder.name not in c.versions:
            yield folder, f"no version {folder.name} in {paths.PARAMS}"
    if not unfinished:
        yield STATE / "checkpoints", "every version is trained"
