"""What shows that an object is of a subject where nothing in the object says so, kept for a withdrawal that is killed.

.state/withdrawal/<subject>     {"objects": ["<MD5>", …], "ids": ["site_reports.document.5f0c…", …], "adapters": […]}
"""

import json
from pathlib import Path
from typing import Any

from lineage.config.load import load_curriculum
from lineage.core.files import write_json
from lineage.core.paths import STATE
from lineage.withdrawal.dvc_objects import caches
from lineage.withdrawal.git_history import once_tracked
from lineage.withdrawal.markers import Noted, Subject
from lineage.withdrawal.reach import Reach

NOTED = STATE / "withdrawal"  # a file for each withdrawal that has begun: the objects to remove


def note(reach: Reach) -> Noted:
    """What shows that an object is of the subject where nothing in the object says so.

    Raw files, those of every commit of the source's `.dvc` file too, documents made from them, and ids of records: once
    these are gone, answers to them show nothing. Noted in `.state/withdrawal` before anything goes, so that a
    withdrawal that was killed still knows it.
    """
    from dvc_data.hashfile.hash import file_md5
    from dvc_objects.fs import localfs

    what, file = reach.subject, NOTED / reach.subject.name
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"objects": [], "ids": []}
    files = (*reach.raw, *reach.documents) if reach.raw else ()  # the sample world's are made again by code
    objects = {file_md5(str(one), localfs) for one in files if one.is_file()} | _raw_of_all_commits(what)
    noted = Noted(
        frozenset(objects | set(before["objects"])),
        frozenset({*before["ids"], *(one for ids in reach.records.values() for one in ids)}),
        frozenset(before.get("adapters", ())),
    )
    write_down(what, noted)
    return noted


def write_down(what: Subject, noted: Noted) -> None:
    """Keep it for a withdrawal that is killed, or finds something that only a person can take out."""
    NOTED.mkdir(parents=True, exist_ok=True)
    lists = {"objects": noted.objects, "ids": noted.ids, "adapters": noted.adapters}
    write_json(NOTED / what.name, {name: sorted(found) for name, found in lists.items()})


def _raw_of_all_commits(what: Subject) -> set[str]:
    """The objects of every version of a source's raw files, but for those that another source has now."""
    c = load_curriculum()
    if c.data != "own" or what.is_document:  # a document's file is known by its SHA-256 wherever it lies
        return set()
    places, remotes = caches()

    def members(folder: Path, *, now: bool) -> set[str]:
        found: set[str] = set()
        for oid, part in once_tracked(folder, now=now).items():
            found |= {one for cache in places.values() for one in cache.members(oid, part)}
            found |= {one for odb in remotes.values() for one in _listed(odb, oid, part)}
        return found

    gone = [members(c.raw_folder(source), now=False) for source in what.sources]
    kept = [members(c.raw_folder(source), now=True) for source in c.sources if source not in what.sources]
    return set().union(*gone) - set().union(*kept)


def _listed(odb: Any, oid: str, part: str) -> set[str]:
    """The objects of a folder that a remote lists."""
    if not oid.endswith(".dir") or not odb.exists(oid):
        return set()
    with odb.fs.open(odb.oid_to_path(oid)) as stream:
        return {entry["md5"] for entry in json.load(stream) if entry["relpath"].startswith(part)}
