"""Raw files that no run has read yet, by source: what lies in the folders beside what DVC says that was read."""

import os
from collections.abc import Collection
from pathlib import Path

from lineage.config.schema import Curriculum
from lineage.core.dvc_cache import CachedObjects, folder_md5, locked_stages
from lineage.core.paths import RAW
from lineage.planning.dvc_graph import DvcView, look

RawFiles = dict[Path, tuple[int, int]]  # path → size, and when it was written in nanoseconds
News = dict[str, list[str]]  # source → names of files that are new or changed
READ_BY = ("convert", "ingest")  # the stages that read raw folders
ALL = "files that changed while nothing watched"  # where nobody knows which


def raw_files(c: Curriculum) -> RawFiles:
    """All files in the raw folders of the sources, without hidden ones."""
    found = {}
    for folder in _folders(c).values():
        for root, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if name[0] != "."]
            for name in names:
                if name[0] != "." and (file := Path(root, name)).is_file():
                    told = file.stat()
                    found[file] = told.st_size, told.st_mtime_ns
    return found


def news(c: Curriculum, files: RawFiles, touched: Collection[Path]) -> News | None:
    """The sources whose folders hold what no stage has read; None while a command is at work on them.

    A folder out of which files were only taken has no news: it may be a disk that is not there.

    Args:
        c: the curriculum.
        files: what lies in the folders.
        touched: files of them that were seen to change.
    """
    view = look(c)
    found = {}
    for source, folder in _folders(c).items():
        stages = {f"{kind}@{source}" for kind in READ_BY}
        if stages & set(view.busy):
            return None
        if (by := _unread(view, stages, folder)) is None:
            continue
        names = {file.relative_to(folder).as_posix() for file in files if file.is_relative_to(folder)}
        if new := _new(view, by, folder, names, {one.relative_to(folder).as_posix() for one in _in(folder, touched)}):
            found[source] = new
    return found


def read_until_now(sources: Collection[str]) -> dict[str, str]:
    """The hash of each raw folder of some sources, as a stage has read it last."""
    locked = locked_stages()
    stages = [locked[name] for name in (f"{kind}@{one}" for one in sources for kind in READ_BY) if name in locked]
    return {path: oid for stage in stages for path, oid in stage.deps.items() if RAW in Path(path).parents}


def _folders(c: Curriculum) -> dict[str, Path]:
    return {source: c.raw_folder(source) for source in c.sources if source not in c.generated}


def _in(folder: Path, files: Collection[Path]) -> list[Path]:
    return [file for file in files if file.is_relative_to(folder)]


def _unread(view: DvcView, stages: set[str], folder: Path) -> str | None:
    """The stage for which the folder is not what it has read, if there is one."""
    for stage in stages:
        for change in view.status.get(stage, []):
            if isinstance(change, dict) and folder.as_posix() in change.get("changed deps", {}):
                return stage
    return None


def _new(view: DvcView, stage: str, folder: Path, names: set[str], touched: set[str]) -> list[str]:
    """The files in a folder that the stage has not read; `names` are all, `touched` those that were seen to change."""
    locked = locked_stages().get(stage)
    oid = locked.deps.get(folder.as_posix()) if locked else None
    if oid is None:
        return sorted(names)
    read = {} if oid == folder_md5({}) else CachedObjects(view.cache).listing(oid)
    if read is None:
        return sorted(touched) or ([ALL] if names else [])
    known = {name for name in read if not any(part[0] == "." for part in name.split("/"))}
    if found := (names - known) | touched:
        return sorted(found)
    return [] if known - names else [ALL]
